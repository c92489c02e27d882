import { cwd as workingFolder, env as processEnv } from 'node:process';
import { exitCodeOf, fault } from '../kit/fault.ts';
import type { ExitCode } from '../kit/exit-code.ts';
import type { Finding } from '../kit/finding.ts';
import { GodwitError } from '../kit/godwit-error.ts';
import { unknownOptions } from '../kit/known-options.ts';
import { maskedValues } from '../kit/masked-values.ts';
import { createRedactor } from '../kit/redact.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import type { RunOutcome } from '../migrate/contract/run-outcome.ts';
import { outcomeOfExitCode } from '../migrate/contract/verdict.ts';
import type { Execution } from '../migrate/controller/execute-task.ts';
import type { OperationResult } from '../operations/operation-result.ts';
import type { OperationContext } from '../operations/execute.ts';
import { withReady, type Needs } from '../operations/ready.ts';
import type { Ui } from '../operations/ui.ts';
import type { OpenOptions } from '../project/open.ts';

/** Where the project is, which of its environments to use, and how to follow what happens. */
export interface ProjectOptions {
  /** Folder of the project; default: the working folder of the process. */
  readonly cwd?: string | undefined;
  /** Environment variables: database URLs, the home folder, the variables of CI. Default: those of this process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Name of the environment; default `local`. */
  readonly environment?: string | undefined;
  /** Path of the configuration file; default `godwit.config.ts`, `.mjs` or `.json` in `cwd`. */
  readonly config?: string | undefined;
  /** Path of a file with further environment variables, such as `.env`, from `cwd`; those of `env` count more. */
  readonly envFile?: string | undefined;
  /** Receives every event as it happens. */
  readonly onEvent?: ((event: RunEvent) => void) | undefined;
  /** Aborted: a run stops at the next safe point. */
  readonly signal?: AbortSignal | undefined;
  /**
   * True: the call rejects with a {@link GodwitError} if `exitCode` is not 0. Default: false, it returns the findings.
   */
  readonly throwOnFailure?: boolean | undefined;
}

/** How a call ended. `exitCode` is the exit code that the command would have; `findings` say why. */
export interface Ending {
  readonly outcome: RunOutcome | 'wrong-usage';
  readonly exitCode: number;
  readonly findings: readonly Finding[];
}

/** Names of the options that every call has. */
export const projectOptionNames = {
  cwd: true,
  env: true,
  environment: true,
  config: true,
  envFile: true,
  onEvent: true,
  signal: true,
  throwOnFailure: true,
} as const;

/** A call of the library: its name and options, and its result if the call is refused. */
export interface LibraryCall<Result extends Ending> {
  readonly name: string;
  readonly options: ProjectOptions;
  readonly known: Readonly<Record<string, true>>;
  /** What the result contains, in addition to its ending, if the call is refused. */
  readonly nothing: Omit<Result, keyof Ending>;
}

/** The context of an operation, and the findings that do not come from its runs. */
export interface CallContext {
  readonly operation: OperationContext;
  readonly findings: readonly Finding[];
}

/** Checks the options, opens the project and runs `work`; rejects on failure with `throwOnFailure`. */
export async function call<Result extends Ending>(
  { name, options, known, nothing }: LibraryCall<Result>,
  needs: Needs,
  work: (context: CallContext) => Promise<Result>,
): Promise<Result> {
  const refuse = (findings: readonly Finding[]): Result => ({ ...refusal(findings), ...nothing }) as Result;
  const wrong = unknownOptions(name, options, known);
  if (wrong.length > 0) return delivered(refuse(wrong), options);
  const findings: Finding[] = [];
  const redactor = createRedactor();
  // Callers log what they get: it holds no more than the screen would show.
  const mask = <T>(value: T): T => maskedValues(value, (text) => redactor.redact(text));
  const ui: Ui = {
    onEvent: (event) => options.onEvent?.(mask(event)),
    onFinding: (finding) => void findings.push(finding),
    onNote: () => {},
  };
  const signal = options.signal ?? new AbortController().signal;
  const worked = await withReady({ ...openingOf(options), redactor }, { ...needs, fresh: true }, ui, async (ready) => {
    return await work({ operation: { ready, command: commandOf(name), signal, ui }, findings });
  });
  return delivered(mask(worked.ok ? worked.value : refuse([...findings, ...worked.findings])), options);
}

/** Returns the result; with `throwOnFailure`, throws if it is a failure. */
export function delivered<Result extends Ending>(result: Result, { throwOnFailure }: ProjectOptions): Result {
  if (throwOnFailure === true && result.exitCode !== 0)
    throw new GodwitError(result.findings, result.exitCode as ExitCode);
  return result;
}

/** How to open the project. */
export function openingOf(options: ProjectOptions): OpenOptions {
  const { cwd = workingFolder(), env = processEnv, environment, config, envFile } = options;
  return {
    cwd,
    env,
    ...(config === undefined ? {} : { configFile: config }),
    ...(envFile === undefined ? {} : { envFile }),
    ...(environment === undefined ? {} : { environment }),
  };
}

/** The name of a call in the history and the ledger. */
function commandOf(name: string): string {
  return name === 'deploy' ? 'up' : name;
}

/** The ending of a call that was refused before a run started. */
export function refusal(findings: readonly Finding[]): Ending {
  const exitCode = exitCodeOf(findings) || 70;
  return { outcome: exitCode === 2 ? 'wrong-usage' : outcomeOfExitCode(exitCode), exitCode, findings };
}

/** The ending of an execution, with the warnings that do not come from it. */
export function endingOf(execution: Execution, warnings: readonly Finding[]): Ending {
  const { outcome, exitCode, findings } = execution;
  return { outcome, exitCode, findings: [...warnings, ...findings] };
}

/** How an operation ended, and its events. */
export interface OperationEnding extends Ending {
  readonly run: string;
  readonly events: readonly RunEvent[];
}

/** The ending of an operation that may have changed the database. */
export function endingOfOperation(conclusion: OperationResult, warnings: readonly Finding[]): OperationEnding {
  switch (conclusion.kind) {
    case 'refused':
      return { ...refusal([...warnings, ...conclusion.findings]), run: '', events: [] };
    case 'nothing':
      return { outcome: 'nothing-to-do', exitCode: 0, findings: warnings, run: '', events: [] };
    case 'detached':
      return { outcome: 'done', exitCode: 0, findings: warnings, run: conclusion.run, events: [] };
    case 'ended': {
      const { execution } = conclusion;
      if (execution.left === true) throw new Error('nobody has left the run');
      return { ...endingOf(execution, warnings), run: execution.run, events: execution.events };
    }
  }
}

/** What a run did, from its events. */
export function effectsOf(events: readonly RunEvent[]) {
  const plan = events.findLast((event) => event.kind === 'plan')?.plan;
  const checkpoint = events.findLast((event) => event.kind === 'checkpoint.taken')?.checkpoint;
  return {
    ...(plan === undefined ? {} : { plan }),
    ...(checkpoint === undefined ? {} : { checkpoint }),
    applied: events.flatMap((event) => (event.kind === 'migration.applied' ? [event.id] : [])),
    changes: events.flatMap((event) => (event.kind === 'changes' ? event.changes : [])),
    checks: events.flatMap((event) => (event.kind === 'checks' ? event.checks : [])),
  };
}

/** The finding about a value that an option does not accept. */
export function wrongOption(why: string): readonly Finding[] {
  return [fault('wrong-usage', { why })];
}
