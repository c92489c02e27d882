import type { OptionNames } from '../kit/known-options.ts';
import { exec as executeCommand } from '../operations/exec.ts';
import {
  call,
  endingOfOperation,
  projectOptionNames,
  refusal,
  wrongOption,
  type Ending,
  type ProjectOptions,
} from './call.ts';

/** The options of `exec`. */
export interface ExecOptions extends ProjectOptions {
  /** The program and its arguments; no shell interprets them. */
  readonly command: readonly string[];
  /** How long the command may take, in milliseconds; default: no limit, in a job 24 h. */
  readonly timeoutMs?: number | undefined;
  /** False: does not hold the database; other runs may change it meanwhile. */
  readonly lock?: boolean | undefined;
  /** How long to wait for another run, in milliseconds; default: 60,000. */
  readonly waitMs?: number | undefined;
  /** True: ends a live run that holds the database; recorded. */
  readonly takeOver?: boolean | undefined;
  /** True: the command starts in its own process or job and continues there. */
  readonly detach?: boolean | undefined;
}

/** How a command ended. */
export interface Executed extends Ending {
  /** Id of the run; empty if no run was started. */
  readonly run: string;
  /** The output of the command; of very long output, only the part that was passed on. */
  readonly output: string;
  /** The exit code of the command itself; null when a signal ended it, or it was not executed. */
  readonly commandExitCode: number | null;
}

const execOptions: OptionNames<ExecOptions> = {
  ...projectOptionNames,
  command: true,
  timeoutMs: true,
  lock: true,
  waitMs: true,
  takeOver: true,
  detach: true,
};

/**
 * Executes a command of your own next to the database, as `godwit exec` does: another migrator, a test suite.
 *
 * @param options the project and the command, see {@link ExecOptions}
 * @returns how the call ended; `exitCode` is 40 if the command failed
 * @throws GodwitError only with `throwOnFailure`; expected failures are findings
 * @example
 * const { exitCode, output, commandExitCode } = await exec({ cwd: projectFolder, command: ['echo', 'hello'] });
 * // exitCode: 0, output: 'hello\n', commandExitCode: 0
 */
export async function exec(options: ExecOptions): Promise<Executed> {
  const nothing = { run: '', output: '', commandExitCode: null };
  const about = { name: 'exec', options, known: execOptions, nothing };
  const needs = { migrations: false, commands: true, changes: true, detached: options.detach };
  return await call<Executed>(about, needs, async ({ operation, findings }) => {
    const { command: words, lock = true, takeOver = false, timeoutMs, waitMs } = options;
    if (words.length === 0) return { ...refusal(wrongOption('`command` names no program.')), ...nothing };
    if (takeOver && !lock)
      return { ...refusal(wrongOption('`takeOver` needs `lock`: without it nothing is held.')), ...nothing };
    const request = {
      words,
      alone: lock,
      takeOver,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(waitMs === undefined ? {} : { waitMs }),
    };
    const conclusion = await executeCommand(operation, request, options.detach);
    const { events, ...ending } = endingOfOperation(conclusion, findings);
    const finished = events.findLast((event) => event.kind === 'exec.finished');
    return {
      ...ending,
      output: events.flatMap((event) => (event.kind === 'output' ? [event.text] : [])).join(''),
      commandExitCode: finished?.exitCode ?? null,
    };
  });
}
