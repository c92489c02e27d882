import { exitCodeOf, fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { good } from '../kit/outcome.ts';
import { aftermathOf, type Recorded } from './aftermath.ts';
import { checkpointText } from './checkpoint.ts';
import type { Engine, Ledger, LedgerEntry, RunRef } from './engine.ts';
import type { RunEvent, RunOutcome } from './event.ts';
import { outcomeOf } from './perform/verdict.ts';
import type { Bundle, Target } from './ports.ts';
import type { Task } from './task.ts';

/** What a controller needs to have a task executed. */
export interface Deployment {
  readonly task: Task;
  readonly engine: Engine;
  readonly bundle: Bundle;
  /** Where attempts are written down before anything is created; only tasks that change the database are. */
  readonly ledger?: Ledger;
  readonly target: Target;
  readonly command: string;
  /** ISO 8601 UTC. */
  now(): string;
  onEvent(event: RunEvent): void;
  /** Aborted: the run is asked to stop at the next safe point. */
  readonly signal?: AbortSignal;
  /** Asks the history how a run has ended; needed when it does not say so itself, or not all of its lines arrived. */
  recorded?(run: string): Promise<Recorded>;
}

/** How an execution ended, with all it had to say. */
export interface Execution {
  readonly run: string;
  readonly outcome: RunOutcome;
  readonly exitCode: number;
  readonly findings: readonly Finding[];
  readonly events: readonly RunEvent[];
  /** What went wrong beside the run, which it does not change: its end could not be written into the ledger. */
  readonly warnings?: readonly Finding[];
}

/**
 * The controller's order: write the ledger, prepare, start, watch, take the result, write how it ended, clean up. It
 * knows no SQL and no cloud; the engine knows where, the runner knows what.
 */
export async function deploy(deployment: Deployment): Promise<Execution> {
  const { task, engine, bundle, ledger } = deployment;
  const keeps = task.kind === 'apply' && ledger !== undefined;
  const entry = entryOf(deployment);
  if (keeps) {
    const written = await ledger.write(entry);
    if (!written.ok) return failed(task.run, written.findings);
  }
  const giveUp = async (findings: readonly Finding[]): Promise<Execution> => {
    const execution = failed(task.run, findings);
    if (keeps) await ledger.write(closed(entry, execution, deployment.now()));
    return execution;
  };
  const prepared = await engine.prepare(task, bundle);
  if (!prepared.ok) return giveUp(prepared.findings);
  const started = await engine.start(prepared.value);
  if (!started.ok) return giveUp(started.findings);
  const execution = await watch(deployment, started.value);
  const kept = keeps ? await ledger.write(closed(entry, execution, deployment.now())) : good(undefined);
  await engine.cleanup(started.value);
  if (kept.ok) return execution;
  const why = `The run ended as it says; the end could not be written down: ${kept.findings.map((one) => one.why).join(' ')}`;
  return { ...execution, warnings: [fault('file-unwritable', { severity: 'warning', why })] };
}

/** Follows a run that is under way, from this or another process, to its end, or until it is left alone (`leave`). */
export async function watch(
  deployment: Pick<Deployment, 'engine' | 'onEvent' | 'signal' | 'recorded'> & { readonly leave?: AbortSignal },
  ref: RunRef,
): Promise<Execution> {
  const { engine, signal } = deployment;
  const stop = (): void => void engine.cancel(ref);
  if (signal?.aborted === true) stop();
  signal?.addEventListener('abort', stop);
  const events: RunEvent[] = [];
  for await (const event of engine.watch(ref, deployment.leave)) {
    events.push(event);
    deployment.onEvent(event);
  }
  signal?.removeEventListener('abort', stop);
  if (deployment.leave?.aborted === true && !events.some(({ kind }) => kind === 'run.finished'))
    return { run: ref.run, outcome: 'interrupted', exitCode: 130, findings: [], events };
  const { complete } = await engine.result(ref);
  let finished = events.findLast((event) => event.kind === 'run.finished');
  if (finished === undefined || (!complete && changes(events))) {
    // It died, or its lines did: whoever listens hears it from us, and the history decides.
    const aftermath = aftermathOf(ref.run, await deployment.recorded?.(ref.run), events.length);
    finished = aftermath.finished;
    for (const event of aftermath.told) {
      events.push(event);
      deployment.onEvent(event);
    }
  }
  const findings = events.flatMap((event) => (event.kind === 'finding' ? [event.finding] : []));
  return { run: ref.run, outcome: finished.outcome, exitCode: finished.exitCode, findings, events };
}

/** Only a run that changes the database has a row in its history. */
function changes(events: readonly RunEvent[]): boolean {
  return events.some((event) => event.kind === 'run.started' && event.task === 'apply');
}

function entryOf(deployment: Deployment): LedgerEntry {
  const { task, engine, bundle, target } = deployment;
  return {
    run: task.run,
    command: deployment.command,
    environment: task.environment.name,
    target: `${target.user}@${target.host}:${target.port}/${target.database}`,
    engine: engine.name,
    bundle: bundle.hash,
    ...task.actor,
    ...(task.kind === 'apply' && task.consent.checkpoint !== undefined
      ? { checkpoint: checkpointText(task.consent.checkpoint) }
      : {}),
    startedAt: deployment.now(),
    recorded: false,
  };
}

function closed(entry: LedgerEntry, execution: Execution, finishedAt: string): LedgerEntry {
  const errors = execution.findings.filter((finding) => finding.severity === 'error');
  return {
    ...entry,
    finishedAt,
    outcome: execution.outcome,
    exitCode: execution.exitCode,
    failure: errors
      .map((finding) => `${finding.code}: ${finding.why}`)
      .join('; ')
      .slice(0, 2_000),
    recorded: execution.events.some((event) => event.kind === 'recorded'),
  };
}

/** How an attempt ended that could not even be prepared: it is closed in the ledger as what it is. */
export function notStarted(entry: LedgerEntry, findings: readonly Finding[], finishedAt: string): LedgerEntry {
  return closed(entry, failed(entry.run, findings), finishedAt);
}

function failed(run: string, findings: readonly Finding[]): Execution {
  const exitCode = exitCodeOf(findings);
  return { run, outcome: outcomeOf(exitCode), exitCode, findings, events: [] };
}
