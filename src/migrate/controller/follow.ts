import { exitCodeOf } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { resolveOutcome, byExitCode, notRun, type ResolvedOutcome, type RecordedRun } from './resolve-outcome.ts';
import { askToStop, type StopRequest } from './ask-to-stop.ts';
import type { Execution } from './attempt.ts';
import type { Engine, ExecutionResult, RunRef } from '../contract/engine.ts';
import type { RunEvent } from '../contract/event.ts';
import { isChange } from '../contract/task.ts';
import { isVerdict, outcomeOfExitCode } from '../contract/verdict.ts';

/** What is needed to follow a run. */
export interface FollowOptions extends Omit<StopRequest, 'engine'> {
  readonly engine: Engine;
  /** Aborted: the run is asked to stop at the next safe point. */
  readonly signal?: AbortSignal;
  /** Aborted: the controller detaches and the run continues. */
  readonly leave?: AbortSignal;
  /** True: the run changes the database. Absent: its first line shows whether it does. */
  readonly changing?: boolean;
  /** Asks the history how a run ended; needed when the run did not report its end, or not all of its lines arrived. */
  recorded?(run: string): Promise<RecordedRun>;
}

/**
 * Follows a run that is under way, started by this or another process, to its end or until the controller detaches. The
 * verdict is the runner's last event, or its exit code; if the run died without either, the history decides.
 */
export async function follow(following: FollowOptions, ref: RunRef): Promise<Execution> {
  const events = await listen(following, ref);
  const saidHow = events.some(({ kind }) => kind === 'run.finished');
  if (following.leave?.aborted === true && !saidHow)
    return { run: ref.run, outcome: 'interrupted', exitCode: 130, findings: [], events, left: true };
  const result = await following.engine.result(ref);
  if (result.unreachable === true && !saidHow)
    return { run: ref.run, outcome: 'unknown', exitCode: 42, findings: result.findings ?? [], events, left: true };
  const changing = following.changing ?? changes(events);
  const resolved = await endOf(following, ref, { events, result, changing });
  for (const event of resolved?.reported ?? []) {
    events.push(event);
    following.onEvent(event);
  }
  const finished = resolved?.finished ?? events.findLast((event) => event.kind === 'run.finished');
  const reported = events.flatMap((event) => (event.kind === 'finding' ? [event.finding] : []));
  const forbidden = result.logForbidden === true ? { logForbidden: true } : {};
  const common = { run: ref.run, events, ...(result.log === undefined ? {} : { log: result.log }) };
  if (finished === undefined || (!result.complete && !changing))
    return { ...common, ...incompleteEnd(result, reported), incomplete: true, ...forbidden };
  const { outcome, exitCode } = finished;
  // Once a run has reported its own end, findings of the platform do not change it.
  const platformWarnings = resolved === undefined ? (result.findings ?? []).map(asWarning) : [];
  return {
    ...common,
    outcome,
    exitCode,
    findings: reported,
    ...(result.complete || result.ran === false ? {} : { incomplete: true }),
    ...(resolved?.applied === undefined ? {} : { applied: resolved.applied }),
    ...(platformWarnings.length === 0 ? {} : { warnings: platformWarnings }),
  };
}

/** Its lines are its product, and some are missing. */
function incompleteEnd(
  { exitCode, findings = [] }: ExecutionResult,
  reported: readonly Finding[],
): Pick<Execution, 'outcome' | 'exitCode' | 'findings'> {
  const verdict = isVerdict(exitCode) ? 42 : exitCodeOf(findings) || 42;
  return {
    outcome: outcomeOfExitCode(verdict),
    exitCode: verdict,
    findings: findings.length > 0 ? findings : reported,
  };
}

async function listen(following: FollowOptions, ref: RunRef): Promise<RunEvent[]> {
  const { engine, signal, leave } = following;
  let stopping: Promise<void> | undefined;
  const stop = (): void => {
    if (stopping !== undefined) return;
    stopping = askToStop(following, ref);
    // It is awaited only when the run has ended.
    stopping.catch(() => {});
  };
  if (signal?.aborted === true) stop();
  signal?.addEventListener('abort', stop);
  const events: RunEvent[] = [];
  try {
    for await (const event of engine.watch(ref, leave)) {
      events.push(event);
      following.onEvent(event);
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    // The database may be asked in place of the platform, which takes minutes: nobody who detaches waits for that.
    if (stopping !== undefined) await Promise.race([stopping, ...(leave === undefined ? [] : [aborted(leave)])]);
  }
  return events;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

interface ReceivedEvents {
  readonly events: readonly RunEvent[];
  readonly result: ExecutionResult;
  readonly changing: boolean;
}

/** The end of a run that did not report it, or whose report cannot be trusted; undefined: it reported its end. */
async function endOf(
  following: FollowOptions,
  ref: RunRef,
  received: ReceivedEvents,
): Promise<ResolvedOutcome | undefined> {
  const { events, result, changing } = received;
  const finished = events.some(({ kind }) => kind === 'run.finished');
  if (finished && (result.complete || !changing)) return undefined;
  const platform = result.findings ?? [];
  if (result.ran === false) return notRun(ref.run, platform, events.length);
  // The caller decides whether to ask for the lines again.
  if (!changing && result.exitCode !== 130) return undefined;
  // A platform that kills an execution gives it an exit code that does not come from the history.
  const cancelled = result.exitCode === 130 || platform.some(({ code }) => code === 'job-cancelled');
  if (isVerdict(result.exitCode) && !cancelled)
    return byExitCode({
      run: ref.run,
      exitCode: result.exitCode,
      received: events.length,
      log: result.log ?? '',
      closing: result.finished,
      // Missing lines are reported once, together with the consequence.
      warnings: platform.filter(({ code }) => code !== 'log-incomplete').map(asWarning),
    });
  const recorded = await following.recorded?.(ref.run);
  return resolveOutcome(ref.run, recorded, events.length, platform);
}

/** Only a run that changes the database has a row in its history. */
function changes(events: readonly RunEvent[]): boolean {
  return events.some((event) => event.kind === 'run.started' && isChange(event.task));
}

function asWarning(finding: Finding): Finding {
  return finding.severity === 'error' ? { ...finding, severity: 'warning' } : finding;
}
