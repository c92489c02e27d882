import { constants } from 'node:os';
import type { ExecutionFault } from '../../core/faults.ts';
import { listOf, objectOf, stringsOf, textOf, type JsonObject } from '../../core/json.ts';
import type { World } from '../../core/world.ts';
import type { LocalImage } from '../../executors/image-source.ts';
import type { RunningTask, TaskEnd } from '../../executors/executor.ts';
import { taskLog, type TaskLog } from '../logging/store.ts';
import { secondsOf } from './job-check.ts';
import { runName, type ExecutionRecord, type TaskRecord } from './records.ts';

/** What is determined before tasks start, and is the same for all of them. */
export interface Readied {
  readonly image: LocalImage;
  /** Values of the variables that refer to secrets. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly fault: ExecutionFault | undefined;
}

/** Runs one attempt of a task and returns its result as `TaskAttemptResult`; exit code 0 is a success. */
export async function runAttempt(
  world: World,
  execution: ExecutionRecord,
  task: TaskRecord,
  readied: Readied,
): Promise<{ readonly ok: boolean; readonly result: JsonObject }> {
  const container = objectOf(listOf(execution.template['containers'])[0]);
  const { project, location, job, execution: id } = runName(execution.name);
  const log = taskLog(world, {
    project,
    location,
    job,
    execution: id,
    taskIndex: task.index,
    attempt: task.retried,
    labels: execution.labels,
  });
  const running = await world.executor.start({
    command: listOf(container['command']).map(textOf),
    args: listOf(container['args']).map(textOf),
    env: environment(execution, task, { container, readied }),
    image: readied.image,
    networkDelayMs: readied.fault?.networkDelayMs ?? 0,
    onLine: log,
  });
  task.running = running;
  if (execution.cancelling) running.signal('SIGTERM');
  const seconds = secondsOf(textOf(execution.template['timeout']));
  const timers = disturb(running, readied, log);
  let timedOut = false;
  timers.push(
    setTimeout(
      () => {
        timedOut = true;
        void terminate(running, world.graceMs);
      },
      Math.min(seconds * 1_000, 2 ** 31 - 1),
    ),
  );
  const end = await running.ended;
  for (const timer of timers) clearTimeout(timer);
  delete task.running;
  const result = resultOf(end, timedOut, readied.fault?.timeoutKeepsExitCode === true);
  if (!result.ok) log('varlog/system', textOf(objectOf(result.result['status'])['message']));
  return result;
}

/** Sends SIGTERM, and SIGKILL if the task still runs after the grace period (documentation: 10 s). */
export async function terminate(running: RunningTask, graceMs: number): Promise<void> {
  running.signal('SIGTERM');
  const timer = setTimeout(() => running.signal('SIGKILL'), graceMs);
  await running.ended;
  clearTimeout(timer);
}

/** Faults that occur while the task runs. */
function disturb(running: RunningTask, { fault }: Readied, log: TaskLog): NodeJS.Timeout[] {
  const timers: NodeJS.Timeout[] = [];
  if (fault?.killAfterMs !== undefined) timers.push(setTimeout(() => running.signal('SIGKILL'), fault.killAfterMs));
  const { maintenance } = fault ?? {};
  if (maintenance !== undefined) {
    timers.push(
      setTimeout(() => {
        running.signal('SIGTSTP');
        running
          .dropFlows?.()
          .catch((error: unknown) => log('varlog/system', `The flows could not be dropped: ${String(error)}`));
      }, maintenance.afterMs),
      setTimeout(() => running.signal('SIGCONT'), maintenance.afterMs + maintenance.pauseMs),
    );
  }
  return timers;
}

function environment(
  execution: ExecutionRecord,
  task: TaskRecord,
  { container, readied }: { readonly container: JsonObject; readonly readied: Readied },
): Readonly<Record<string, string>> {
  const own = Object.fromEntries(
    listOf(container['env'])
      .map(objectOf)
      .map((each) => [textOf(each['name']), textOf(each['value'])]),
  );
  const { job, execution: id } = runName(execution.name);
  return {
    ...stringsOf(readied.image.env),
    ...own,
    ...readied.secrets,
    CLOUD_RUN_JOB: job,
    CLOUD_RUN_EXECUTION: id,
    CLOUD_RUN_TASK_INDEX: String(task.index),
    CLOUD_RUN_TASK_COUNT: String(execution.tasks.length),
    CLOUD_RUN_TASK_ATTEMPT: String(task.retried),
  };
}

/** Code and text of the status are assumed; exit code and signal are separate fields, as in the protos. */
function resultOf(
  end: TaskEnd,
  timedOut: boolean,
  keepsCode: boolean,
): { readonly ok: boolean; readonly result: JsonObject } {
  const status = (code: number, message: string): JsonObject => ({ code, message });
  if (timedOut) {
    const result = {
      status: status(4, 'The task has timed out.'),
      ...(keepsCode && end.signal === undefined
        ? { exitCode: end.exitCode }
        : { termSignal: constants.signals[end.signal ?? 'SIGTERM'] }),
    };
    return { ok: false, result };
  }
  if (end.signal !== undefined) {
    const number = constants.signals[end.signal];
    const memory = end.signal === 'SIGKILL' ? ' The configured memory limit was reached.' : '';
    return {
      ok: false,
      result: { status: status(2, `Container terminated on signal ${number}.${memory}`), termSignal: number },
    };
  }
  if (end.exitCode === 0) return { ok: true, result: { status: {} } };
  const message = `Container called exit(${end.exitCode}).`;
  return { ok: false, result: { status: status(2, message), exitCode: end.exitCode } };
}
