import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readBundleFolder } from '../adapters/bundle/bundle-folder.ts';
import { nodeHashing } from '../adapters/files/hashing.ts';
import { processSuspension } from '../adapters/process-suspension.ts';
import { runnerClock } from '../adapters/runner-clock.ts';
import { keepHeapSmall } from '../adapters/files/heap-growth.ts';
import { maskCredentials } from '../kit/credential-shapes.ts';
import { exitCodeOf, fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { createRedactor } from '../kit/redact.ts';
import { secretsIn } from '../kit/secret-variables.ts';
import { perform } from '../migrate/runner/perform.ts';
import { outcomeOfExitCode } from '../migrate/contract/verdict.ts';
import type { Spawner } from '../migrate/contract/runner-ports.ts';
import { isChange, type Task } from '../migrate/contract/task.ts';
import { createChannel, jobOutput, type Channel } from './channel.ts';
import { getReady, type JobWork } from './get-ready.ts';
import { bundleOfJob, connectBudget, taskInFolder, taskInVariable } from './job-input.ts';
import type { ProcessVariables } from '../kit/secret-variables.ts';

/**
 * The runner: `node runner.cjs FOLDER` with task.json and the bundle in the folder, or `node runner.cjs job` with both in
 * the environment. The database URL is in the environment. Events are written to standard output as lines; the exit
 * code is the verdict.
 */
const redactor = createRedactor();

async function main(): Promise<void> {
  const argument = process.argv[2];
  const work = argument === undefined ? undefined : argument === 'job' ? jobWork(process.env) : folderWork(argument);
  if (work === undefined) {
    const { title, fix } = fault('job-input');
    process.stderr.write(
      argument === undefined ? 'usage: DATABASE_URL=… node runner.cjs FOLDER | job\n' : `${title}. ${fix}\n`,
    );
    process.exitCode = 2;
    return;
  }
  const channel = createChannel({
    run: work.task.run,
    hashing: nodeHashing,
    redactor,
    write: (text) => process.stdout.write(text),
    reportsAll: !isChange(work.task.kind),
    gatherMs: work.gatherMs,
  });
  process.on('exit', () => channel.flush());
  const controller = new AbortController();
  let stoppedAt: number | undefined;
  const stop = (): void => {
    controller.abort();
    stoppedAt ??= performance.now();
    if (performance.now() - stoppedAt > echoMs) leaveAtOnce(work.task, channel);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop);
  // A closed terminal does not stop a detached run.
  process.on('SIGHUP', () => {});
  // A reader that is gone or a full disk does not stop it either: the verdict comes from the history.
  process.stdout.on('error', () => {});
  const suspension = processSuspension({ holds: true });

  // This comes first, so that the redactor knows what it must mask.
  for (const secret of secretsIn(process.env)) redactor.register(secret);
  const ready = await getReady(work, { env: process.env, redactor });
  if (!ready.ok) return refuse(work.task, channel, ready.findings);
  const { connector, bundle, findings } = ready.value;
  for (const finding of findings) channel.emit({ kind: 'finding', finding });
  const exitCode = await perform(work.task, {
    connector,
    bundle,
    hashing: nodeHashing,
    emit: (event) => channel.emit(event),
    ...runnerClock(controller.signal),
    ...(work.connecting === undefined ? {} : { connectBudgetMs: work.connecting.budgetMs }),
    spawner,
    redactor,
    outputLimits: jobOutput,
    suspension,
    signal: controller.signal,
  });
  process.exitCode = channel.exitCode ?? exitCode;
}

/** Loaded only for the tasks that need it. */
const spawner: Spawner = {
  async start(command, variables, onOutput) {
    const { createSpawner } = await import('../adapters/exec/spawner.ts');
    const databaseUrl = (process.env['DATABASE_URL'] ?? '').trim();
    return await createSpawner({ cwd: process.cwd(), env: process.env, databaseUrl }).start(
      command,
      variables,
      onOutput,
    );
  },
};

function folderWork(folder: string): JobWork | undefined {
  const task = taskInFolder(folder);
  if (task === undefined) return undefined;
  return {
    task,
    bundle: () => readBundleFolder(join(folder, 'bundle'), nodeHashing),
    gatherMs: 0,
  };
}

function jobWork(env: ProcessVariables): JobWork | undefined {
  const task = taskInVariable(env);
  if (task === undefined) return undefined;
  const attempt = Number(env['CLOUD_RUN_TASK_ATTEMPT'] ?? 0);
  return {
    task,
    bundle: () => bundleOfJob(env, process.argv[1] ?? '', nodeHashing),
    ...(attempt > 0 ? { refusal: fault('job-repeated') } : {}),
    connecting: { budgetMs: connectBudget(env), tryMs: 5_000 },
    gatherMs: 100,
  };
}

/**
 * A parent process may pass on a signal that its whole group has received: two signals within this time count as one.
 */
const echoMs = 300;

/** Ends the runner after a second signal: the server may not answer, and its history has what was committed. */
function leaveAtOnce(task: Task, channel: Channel): void {
  refuse(task, channel, [
    fault('interrupted', {
      why: 'The runner received a second stop request and left at once. What was committed is recorded; the server rolls back the rest.',
    }),
  ]);
  // oxlint-disable-next-line unicorn/no-process-exit
  process.exit();
}

/** Reports problems found before the database is reached, on the same channel. */
function refuse(task: Task, channel: Channel, findings: readonly Finding[]): void {
  const exitCode = exitCodeOf(findings);
  for (const finding of findings) channel.emit({ kind: 'finding', finding });
  channel.emit({
    kind: 'run.finished',
    run: task.run,
    outcome: outcomeOfExitCode(exitCode),
    exitCode,
    events: 0,
    ms: 0,
  });
  process.exitCode = exitCode;
}

/** A bug prints its stack, but no secret. */
function crashed(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`${maskCredentials(redactor.redact(text))}\n`);
  process.exitCode = 70;
}

const drainMs = 10_000;

/** Ends the process once its output has been written, whatever is still open: a forgotten session must not keep a job. */
async function leave(): Promise<void> {
  const written = new Promise<void>((resolve) => {
    process.stdout.write('', () => resolve());
  });
  await Promise.race([written, sleep(drainMs)]);
  // oxlint-disable-next-line unicorn/no-process-exit
  process.exit();
}

keepHeapSmall();
// Warnings of Node and of libraries are no part of a run's log.
process.removeAllListeners('warning');
process.on('uncaughtException', (error) => {
  crashed(error);
  // oxlint-disable-next-line unicorn/no-process-exit
  process.exit();
});
// Nothing is left that could settle what the runner waits for: that is no success.
process.on('beforeExit', () => {
  crashed(new Error('The runner waits for something that cannot happen any more.'));
  // oxlint-disable-next-line unicorn/no-process-exit
  process.exit();
});
void main().catch(crashed).then(leave);
