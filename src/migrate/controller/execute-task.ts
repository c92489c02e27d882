import { exitCodeOf, fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { ok, type Outcome } from '../../kit/outcome.ts';
import type { RecordedRun } from './resolve-outcome.ts';
import {
  attemptOf,
  closedAttempt,
  failedAttempt,
  notStarted,
  preparedAttempt,
  type AttemptOptions,
  type Execution,
} from './attempt.ts';
import type { Engine, Ledger, LedgerEntry, Prepared, RunRef } from '../contract/engine.ts';
import type { RunEvent } from '../contract/event.ts';
import { follow } from './follow.ts';
import type { Bundle } from '../contract/ports.ts';
import { isChange, type Task } from '../contract/task.ts';

export type { Execution } from './attempt.ts';

/** What a controller needs to execute a task. */
export interface ExecutionOptions extends AttemptOptions {
  readonly engine: Engine;
  readonly bundle: Bundle;
  /** Records attempts before anything is created. */
  readonly ledger?: Ledger;
  /**
   * Which attempts the ledger keeps: those that change the database, or all, if each one creates something. Default:
   * `changes`.
   */
  readonly keeps?: 'changes' | 'all';
  onEvent(event: RunEvent): void;
  /** Receives the steps done before the runner reports anything, where they take long. */
  onStep?(step: string, prepared: Prepared): void;
  /** Aborted: the run is asked to stop at the next safe point. */
  readonly signal?: AbortSignal;
  /** Aborted: the controller detaches and the run continues. */
  readonly leave?: AbortSignal;
  /** Asks the history how a run ended; needed when the run did not report its end, or not all of its lines arrived. */
  recorded?(run: string): Promise<RecordedRun>;
  /** Asks the database to stop the run, for when the engine's platform refuses to. */
  stopByDatabase?(run: string): Promise<Outcome<void>>;
  /**
   * The same task as a new run. Given for tasks whose product is their lines, where lines can get lost: if some are
   * lost, the task is executed again, and only a complete answer is reported.
   */
  again?(): Task;
}

/**
 * The controller's order: write the ledger, prepare, start, watch, take the result, clean up, write how it ended. The
 * controller knows neither SQL nor clouds; the engine knows where, the runner knows what.
 */
export async function executeTask(options: ExecutionOptions): Promise<Execution> {
  if (options.again === undefined) return await attempt(options);
  const first = await listenWhole(options);
  if (first.incomplete !== true || options.signal?.aborted === true) return first;
  // If reading the log is forbidden, it will be forbidden the second time too.
  if (first.logForbidden === true) return withoutAnswer(first);
  const second = await listenWhole({ ...options, task: options.again() });
  const answer = second.incomplete === true && second.exitCode === 42 ? withoutAnswer(second) : second;
  const warnings = [...leftBehind(first), ...(answer.warnings ?? [])];
  return warnings.length === 0 ? answer : { ...answer, warnings };
}

/** What an execution whose answer is not used has left on the platform. */
function leftBehind({ warnings = [] }: Execution): readonly Finding[] {
  return warnings.filter(({ code }) => code === 'cleanup-incomplete');
}

/** Events reported at once, even if the lines turn out to be incomplete: the target, and the progress. */
const passing: ReadonlySet<string> = new Set(['run.started', 'connecting', 'target', 'waiting']);

/** An attempt whose events are reported only when all of them have arrived. */
async function listenWhole(options: ExecutionOptions): Promise<Execution> {
  const kept: RunEvent[] = [];
  const execution = await attempt({
    ...options,
    onEvent: (event) => (passing.has(event.kind) ? options.onEvent(event) : void kept.push(event)),
  });
  if (execution.incomplete !== true) for (const event of kept) options.onEvent(event);
  return execution;
}

/** Never partial data: everything that arrived is discarded. */
function withoutAnswer(execution: Execution): Execution {
  const { run, log } = execution;
  const place = log === undefined ? '' : ` The log that is available: ${log}`;
  const named = execution.findings.filter(({ severity }) => severity === 'error');
  const cause = unreadable(execution);
  const { why, fix } = cause ?? fault('lines-missing');
  const findings = named.length > 0 ? named : [fault('lines-missing', { why: `${why}${place}`, fix })];
  return { ...failedAttempt(run, findings), exitCode: 42, outcome: 'unknown', ...(log === undefined ? {} : { log }) };
}

/** Why the log cannot be read, if that is the reason. */
function unreadable({ findings }: Execution): Finding | undefined {
  return findings.find(({ code }) => code === 'log-unreadable');
}

async function attempt(options: ExecutionOptions): Promise<Execution> {
  const started = await beginAttempt(options);
  if (!started.ok) return failedAttempt(options.task.run, started.findings);
  const { ref, entry, warnings } = started.value;
  const execution = await follow({ ...options, changing: isChange(options.task.kind) }, ref);
  if (execution.left === true) return execution;
  return await closeAttempt(options, { ref, entry, warnings, execution });
}

/** An attempt that is under way. */
export interface StartedAttempt {
  readonly ref: RunRef;
  readonly entry: LedgerEntry;
  /** Warnings about what could not be written into the ledger. */
  readonly warnings?: readonly Finding[] | undefined;
}

/**
 * Writes the ledger, prepares, starts, and returns without following the run. Nothing is created before the ledger's
 * entry is written; preparation, which only reads or is content-addressed, may run at the same time if it takes long.
 */
export async function beginAttempt(options: Omit<ExecutionOptions, 'onEvent'>): Promise<Outcome<StartedAttempt>> {
  const { task, engine, bundle, now } = options;
  const ledger = ledgerOf(options);
  const first = attemptOf(options);
  const giveUp = async (findings: readonly Finding[]): Promise<Outcome<StartedAttempt>> => {
    await ledger?.write(notStarted(first, findings, now()));
    return { ok: false, findings };
  };
  const writing = ledger?.write(first) ?? Promise.resolve(ok(undefined));
  // Without `locate` the database itself records the run, and nothing can be left behind elsewhere: the ledger only
  // informs.
  const isNeeded = engine.locate !== undefined;
  const [written, prepared] = await Promise.all([writing, engine.prepare(task, bundle)]);
  if (!written.ok && isNeeded) return written;
  if (!prepared.ok) return giveUp(prepared.findings);
  if (options.signal?.aborted === true)
    return giveUp([fault('interrupted', { why: 'The run was stopped before it created anything.' })]);
  const entry = preparedAttempt(first, prepared.value);
  options.onStep?.(preparedText(prepared.value), prepared.value);
  const started = await engine.start(prepared.value);
  if (started.ok) {
    options.onStep?.('the job is created; its container is starting', prepared.value);
    const warnings = written.ok
      ? []
      : [unwritten(`The run is not in this machine’s ledger: ${textOf(written.findings)}`)];
    return ok({ ref: started.value, entry: await placed(ledger, entry, started.value), warnings });
  }
  // The execution may have been created and the answer lost.
  const place = { run: task.run, engine: engine.name, location: entry.execution ?? '' };
  const cleaned = entry.execution === undefined ? ok(undefined) : await engine.cleanup(place);
  const known = started.findings.some(({ code }) => code === 'cleanup-incomplete');
  const findings = [...started.findings, ...(cleaned.ok || known ? [] : cleaned.findings)];
  // Whether the run is at work is unknown: its entry stays open in the ledger, and the next command finds out.
  if (exitCodeOf(started.findings) === 42) return { ok: false, findings };
  return giveUp(findings);
}

/** `ready: image sha256:0123456789ab, secret version 3` */
function preparedText({ image, secretVersion }: Prepared): string {
  const digest = image
    ?.split('@')
    .at(-1)
    ?.slice(0, 'sha256:'.length + 12);
  const parts = [
    ...(digest === undefined ? [] : [`image ${digest}`]),
    ...(secretVersion === undefined ? [] : [`secret version ${secretVersion}`]),
  ];
  return ['ready', parts.join(', ')].filter((text) => text !== '').join(': ');
}

/** The ledger got the expected place beforehand; a different one is written now. */
async function placed(ledger: Ledger | undefined, entry: LedgerEntry, ref: RunRef): Promise<LedgerEntry> {
  if (ref.location === '' || entry.execution === undefined || entry.execution === ref.location) return entry;
  const moved = { ...entry, execution: ref.location };
  await ledger?.write(moved);
  return moved;
}

/** Cleans up, and writes how the run ended. */
export async function closeAttempt(
  options: Pick<ExecutionOptions, 'engine' | 'ledger' | 'keeps' | 'now'> & { readonly task: Pick<Task, 'kind'> },
  { ref, entry, execution, warnings: before = [] }: StartedAttempt & { readonly execution: Execution },
): Promise<Execution> {
  const cleaned = await options.engine.cleanup(ref);
  const closed = {
    ...closedAttempt(entry, execution, options.now()),
    ...(entry.execution === undefined ? {} : { cleanup: cleaned.ok ? 'done' : textOf(cleaned.findings) }),
  };
  const kept = (await ledgerOf(options)?.write(closed)) ?? ok(undefined);
  const warnings = [...(execution.warnings ?? []), ...before];
  if (!cleaned.ok) warnings.push(...cleaned.findings.map((finding) => ({ ...finding, severity: 'warning' as const })));
  if (!kept.ok && before.length === 0)
    warnings.push(
      unwritten(`The run ended as shown, but its outcome could not be written to the ledger: ${textOf(kept.findings)}`),
    );
  return warnings.length === 0 ? execution : { ...execution, warnings };
}

function ledgerOf({
  ledger,
  keeps,
  task,
}: Pick<ExecutionOptions, 'ledger' | 'keeps'> & { readonly task: Pick<Task, 'kind'> }): Ledger | undefined {
  return keeps === 'all' || isChange(task.kind) ? ledger : undefined;
}

function unwritten(why: string): Finding {
  return fault('file-unwritable', { severity: 'warning', why });
}

function textOf(findings: readonly Finding[]): string {
  return findings.map(({ why }) => why).join(' ');
}
