import { exitCodeOf } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { storedText } from '../../kit/stored-text.ts';
import { checkpointText } from '../contract/checkpoint.ts';
import type { Engine, LedgerEntry, Prepared } from '../contract/engine.ts';
import type { RunEvent } from '../contract/event.ts';
import type { RunOutcome } from '../contract/run-outcome.ts';
import { outcomeOfExitCode } from '../contract/verdict.ts';
import type { Bundle, Target } from '../contract/ports.ts';
import type { Task } from '../contract/task.ts';

/** How an execution ended, with everything that it reported. */
export interface Execution {
  readonly run: string;
  readonly outcome: RunOutcome;
  readonly exitCode: number;
  readonly findings: readonly Finding[];
  readonly events: readonly RunEvent[];
  /** Problems around the run that do not change its outcome: its end could not be written into the ledger. */
  readonly warnings?: readonly Finding[];
  /** True: the controller detached while the run was at work; it continues. */
  readonly left?: boolean;
  /** True: not all of its events have arrived. */
  readonly incomplete?: boolean;
  /** True: they may not be read at all. */
  readonly logForbidden?: boolean;
  /** How many migrations it applied or undid according to the history, if the history was asked. */
  readonly applied?: number;
  /** Where its log is shown, now and later. */
  readonly log?: string;
}

/** What describes an attempt before it begins. */
export interface AttemptOptions {
  readonly task: Task;
  readonly engine: Pick<Engine, 'name' | 'locate'>;
  readonly bundle: Pick<Bundle, 'hash'>;
  /** Its target, as text without secrets. */
  readonly target: string;
  readonly command: string;
  readonly question?: string;
  readonly controller?: string;
  now(): string;
}

/** The ledger entry of an attempt that has not started. */
export function attemptOf(options: AttemptOptions): LedgerEntry {
  const { task, engine, bundle, target, command, question, controller } = options;
  const execution = engine.locate?.(task.run);
  return {
    run: task.run,
    command,
    environment: task.environment.name,
    target,
    engine: engine.name,
    bundle: bundle.hash,
    ...task.actor,
    ...(task.kind === 'apply' && task.consent.checkpoint !== undefined
      ? { checkpoint: checkpointText(task.consent.checkpoint) }
      : {}),
    kind: task.kind,
    ...(question === undefined ? {} : { question }),
    ...(execution === undefined ? {} : { execution, place: target }),
    ...(controller === undefined ? {} : { controller }),
    startedAt: options.now(),
    recorded: false,
  };
}

/** The entry once it is known what the attempt runs. */
export function preparedAttempt(entry: LedgerEntry, { image, secretVersion }: Prepared): LedgerEntry {
  return {
    ...entry,
    ...(image === undefined ? {} : { image }),
    ...(secretVersion === undefined ? {} : { secretVersion }),
  };
}

/** The entry with the attempt's end. */
export function closedAttempt(entry: LedgerEntry, execution: Execution, finishedAt: string): LedgerEntry {
  const errors = execution.findings.filter((finding) => finding.severity === 'error');
  const target = execution.events.findLast((event) => event.kind === 'target');
  return {
    ...entry,
    ...(target === undefined ? {} : { target: targetText(target) }),
    ...(execution.log === undefined ? {} : { log: execution.log }),
    finishedAt,
    outcome: execution.outcome,
    exitCode: execution.exitCode,
    ...appliedBy(execution),
    failure: storedText(errors.map((finding) => `${finding.code}: ${finding.why}`).join('; ')).slice(0, 2_000),
    recorded: execution.events.some((event) => event.kind === 'recorded'),
  };
}

/** How many migrations were applied; where lines are missing, only the history knows. */
function appliedBy({ applied, incomplete, events }: Execution): Pick<LedgerEntry, 'applied'> {
  if (applied !== undefined) return { applied };
  return incomplete === true ? {} : { applied: events.filter(({ kind }) => kind === 'migration.applied').length };
}

/** The end of an attempt whose preparation failed: the ledger entry is closed with that outcome. */
export function notStarted(entry: LedgerEntry, findings: readonly Finding[], finishedAt: string): LedgerEntry {
  return closedAttempt(entry, failedAttempt(entry.run, findings), finishedAt);
}

/** An execution that never started. */
export function failedAttempt(run: string, findings: readonly Finding[]): Execution {
  const exitCode = exitCodeOf(findings);
  return { run, outcome: outcomeOfExitCode(exitCode), exitCode, findings, events: [] };
}

/** `app@10.0.0.5:5432/shop` */
export function targetText({ user, host, port, database }: Target): string {
  return `${user}@${host}:${port}/${database}`;
}
