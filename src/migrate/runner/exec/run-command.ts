import { maskCredentials } from '../../../kit/credential-shapes.ts';
import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import type { RunnerPorts, SpawnEnd, Spawner } from '../../contract/runner-ports.ts';
import type { ExecTask } from '../../contract/task.ts';
import { verdictOf, succeeded, type Verdict } from '../../contract/verdict.ts';
import { createOutput } from './output.ts';
import { shown } from '../../contract/command-text.ts';

/** How a command has ended. */
export interface CommandEnd {
  readonly verdict: Verdict;
  /** Absent: it was not started. */
  readonly end?: SpawnEnd;
}

/**
 * Executes the command of a task: reports its output, asks it to end when the run is to stop, when its time is over or
 * when `broken` settles, and kills it if it does not end.
 */
export async function runCommand(
  task: ExecTask,
  ports: RunnerPorts,
  spawner: Spawner,
  broken: Promise<Finding>,
): Promise<CommandEnd> {
  const began = ports.clock();
  const output = createOutput(ports);
  const variables = { GODWIT_RUN: task.run, GODWIT_ENVIRONMENT: task.environment.name };
  const words = maskedWords(task, ports);
  const { hook } = task;
  ports.emit({
    kind: 'exec.started',
    words,
    ...(hook === undefined ? {} : { hook: hook.name, follows: hook.follows }),
  });
  const started = await spawner.start(task.words, variables, (stream, bytes) => output.push(stream, bytes));
  if (!started.ok) return { verdict: verdictOf(...started.findings) };
  const child = started.value;
  let stopped: Finding | undefined;
  let cancelKill: () => void = () => {};
  const stop = (why: Finding): void => {
    if (stopped !== undefined) return;
    stopped = why;
    child.end('ask');
    cancelKill = ports.timer(task.graceMs, () => child.end('kill'));
  };
  const interrupt = (): void => stop(fault('interrupted', { why: 'The command was asked to end.', fix: again }));
  const cancelTimeout =
    task.timeoutMs === undefined
      ? () => {}
      : ports.timer(Math.min(task.timeoutMs, longestTimer), () => stop(tooLong(task.timeoutMs ?? 0)));
  ports.signal.addEventListener('abort', interrupt);
  if (ports.signal.aborted) interrupt();
  void broken.then(stop);
  const end = await child.ended;
  ports.signal.removeEventListener('abort', interrupt);
  cancelTimeout();
  cancelKill();
  output.end();
  const ms = ports.clock() - began;
  ports.emit({ kind: 'exec.finished', exitCode: end.exitCode, signal: end.signal, ms, bytes: output.bytes });
  // What ignored the request to end was still there, and nothing is to be said of that.
  if (end.left && stopped === undefined) ports.emit({ kind: 'finding', finding: fault('processes-left') });
  if (stopped !== undefined) return { verdict: verdictOf(stopped), end };
  return { verdict: end.exitCode === 0 ? succeeded() : verdictOf(failed(words, end)), end };
}

/** A longer timer would fire at once. */
const longestTimer = 2 ** 31 - 1;

const again = 'Check what the command did before you run it again.';

/** The command line with secrets masked. */
export function maskedWords(task: Pick<ExecTask, 'words'>, { redactor }: Pick<RunnerPorts, 'redactor'>) {
  return task.words.map((word) => maskCredentials(redactor?.redact(word) ?? word));
}

function failed(words: readonly string[], { exitCode, signal }: SpawnEnd): Finding {
  const how = exitCode === null ? `was ended by ${signal}` : `ended with exit code ${exitCode}`;
  return fault('command-failed', { why: `\`${shown(words)}\` ${how}.` });
}

function tooLong(ms: number): Finding {
  return fault('command-timeout', { why: `Godwit asked the command to end after ${Math.round(ms / 1_000)} s.` });
}
