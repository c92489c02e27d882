import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { numberOf, objectOf, stringsOf, textOf, type JsonObject } from '../../core/json.ts';
import type { World } from '../../core/world.ts';
import { runAttempt, terminate, type Readied } from './attempt.ts';
import { prepare } from './ready.ts';
import { runName, runOf, type ExecutionEnd, type ExecutionRecord, type TaskRecord } from './records.ts';

/** Creates an execution of a job and starts it. */
export function startExecution(
  world: World,
  from: { readonly job: JsonObject; readonly template: JsonObject; readonly suffix: string; readonly creator: string },
): ExecutionRecord {
  const jobName = textOf(from.job['name']);
  const id = `${runName(jobName).job}-${from.suffix}`;
  const name = `${jobName}/executions/${id}`;
  const createTime = world.now();
  const count = numberOf(from.template['taskCount']) || 1;
  const tasks = Array.from({ length: count }, (_, index): TaskRecord => {
    return { name: `${name}/tasks/${id}-task${index}`, index, createTime, retried: 0, outcome: 'pending' };
  });
  const execution: ExecutionRecord = {
    name,
    job: jobName,
    uid: randomUUID(),
    creator: from.creator,
    createTime,
    updateTime: createTime,
    labels: { ...stringsOf(from.job['labels']), ...stringsOf(from.template['labels']) },
    annotations: stringsOf(from.template['annotations']),
    parallelism: numberOf(from.template['parallelism']) || count,
    template: objectOf(from.template['template']),
    tasks,
    cancelling: false,
    visibleAt: Date.now() + world.faults.hiddenMs(name),
    settled: Promise.resolve(),
    etag: 1,
  };
  runOf(world).executions.set(name, execution);
  execution.settled = perform(world, execution);
  return execution;
}

async function perform(world: World, execution: ExecutionRecord): Promise<void> {
  const fault = world.faults.takeExecution(runName(execution.job).job);
  // Never in the same turn as the call that starts it.
  await sleep(fault?.startDelayMs ?? 0);
  const end = await runTasks(world, execution, fault).catch((error: unknown): ExecutionEnd => ({
    kind: 'failed',
    reason: 'INTERNAL',
    message: String(error),
  }));
  if (fault?.slowMs !== undefined) await sleep(fault.slowMs);
  if (fault?.untimedEnd === true) execution.untimedEnd = true;
  finish(world, execution, end);
}

async function runTasks(world: World, execution: ExecutionRecord, fault: Readied['fault']): Promise<ExecutionEnd> {
  if (execution.cancelling) return cancelled(execution);
  const prepared = await prepare(world, execution, fault);
  if (prepared.image === undefined) return { kind: 'failed', ...prepared.not };
  execution.startTime = touch(world, execution);
  const waiting = [...execution.tasks];
  const lane = async (): Promise<void> => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift())
      await runTask(world, execution, { task, readied: { ...prepared, fault } });
  };
  await Promise.all(Array.from({ length: Math.min(execution.parallelism, execution.tasks.length) }, lane));
  if (execution.cancelling) return cancelled(execution);
  const failed = execution.tasks.find((task) => task.outcome === 'failed');
  if (failed === undefined) return { kind: 'succeeded' };
  const message = textOf(objectOf(failed.last?.['status'])['message']);
  const { execution: id } = runName(execution.name);
  return {
    kind: 'failed',
    reason: 'NON_ZERO_EXIT_CODE',
    message: `Task ${id}-task${failed.index} failed with message: ${message}`,
  };
}

function cancelled(execution: ExecutionRecord): ExecutionEnd {
  for (const task of execution.tasks) if (task.outcome === 'pending') task.outcome = 'cancelled';
  return { kind: 'cancelled' };
}

/** Makes attempts until one succeeds or the retries are used up. */
async function runTask(
  world: World,
  execution: ExecutionRecord,
  { task, readied }: { readonly task: TaskRecord; readonly readied: Readied },
): Promise<void> {
  const retries = numberOf(execution.template['maxRetries']);
  task.startTime = touch(world, execution);
  for (;;) {
    if (execution.cancelling) {
      task.outcome = 'cancelled';
      break;
    }
    task.outcome = 'running';
    touch(world, execution);
    const { ok, result } = await runAttempt(world, execution, task, readied);
    task.last = result;
    if (ok) task.outcome = 'succeeded';
    else if (execution.cancelling) task.outcome = 'cancelled';
    else if (task.retried < retries) {
      task.retried += 1;
      continue;
    } else task.outcome = 'failed';
    break;
  }
  task.completionTime = touch(world, execution);
}

/** Marks a change; returns its time. */
function touch(world: World, execution: ExecutionRecord): string {
  execution.etag += 1;
  execution.updateTime = world.now();
  return execution.updateTime;
}

function finish(world: World, execution: ExecutionRecord, end: ExecutionEnd): void {
  const completionTime = touch(world, execution);
  const untimed = execution.untimedEnd === true;
  if (!untimed) execution.completionTime = completionTime;
  execution.end = end;
  const record = runOf(world).jobs.get(execution.job);
  const latest = objectOf(record?.job['latestCreatedExecution']);
  if (record === undefined || latest['name'] !== runName(execution.name).execution) return;
  const states = { succeeded: 'EXECUTION_SUCCEEDED', failed: 'EXECUTION_FAILED', cancelled: 'EXECUTION_CANCELLED' };
  const ended = { ...latest, ...(untimed ? {} : { completionTime }), completionStatus: states[end.kind] };
  record.job = { ...record.job, latestCreatedExecution: ended };
}

/** Asks the tasks of an execution to end, and waits until it has. */
export async function cancelExecution(world: World, execution: ExecutionRecord): Promise<void> {
  execution.cancelling = true;
  const running = execution.tasks.flatMap((task) => task.running ?? []);
  await Promise.all(running.map((task) => terminate(task, world.graceMs)));
  await execution.settled;
}

/** Ends an execution without waiting for its tasks. */
export async function killExecution(execution: ExecutionRecord): Promise<void> {
  execution.cancelling = true;
  for (const task of execution.tasks) task.running?.signal('SIGKILL');
  await execution.settled;
}
