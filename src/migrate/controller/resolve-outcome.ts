import { exitCodeOf, fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import type { RunEvent, RunFinished } from '../contract/event.ts';
import type { RunOutcome } from '../contract/run-outcome.ts';
import type { RunRow } from '../contract/history-rows.ts';
import { outcomeOfExitCode } from '../contract/verdict.ts';

/**
 * What the history says of a run: its row, that there is no row, or undefined because the history could not be read.
 */
export type RecordedRun = RunRow | 'absent' | undefined;

/** The end of an execution that died, or whose last lines were lost, and what is reported about it. */
export interface ResolvedOutcome {
  readonly finished: RunFinished;
  readonly reported: readonly RunEvent[];
  /** How many migrations the history says that it applied or undid; absent: the history was not read. */
  readonly applied?: number;
}

/** The end of a run that its platform never started: nothing was changed. */
export function notRun(run: string, findings: readonly Finding[], received: number): ResolvedOutcome {
  const why = 'The run was stopped before it began.';
  const reported = findings.length > 0 ? findings : [fault('interrupted', { why })];
  const exitCode = exitCodeOf(reported) || 30;
  return ended({ run, exitCode, outcome: outcomeOfExitCode(exitCode), ms: 0, received }, reported);
}

/** The end of a run whose last lines are missing, by its exit code: the runner takes that code from the history. */
export function byExitCode(end: {
  readonly run: string;
  readonly exitCode: number;
  readonly received: number;
  readonly log: string;
  /** Findings of the platform. */
  readonly warnings: readonly Finding[];
  /** Its closing event, if that arrived. */
  readonly closing?: RunFinished | undefined;
}): ResolvedOutcome {
  const closing = end.closing?.exitCode === end.exitCode ? end.closing : undefined;
  const outcome = closing?.outcome ?? outcomeOfExitCode(end.exitCode);
  const place = end.log === '' ? '' : ` Its log: ${end.log}`;
  const why = `Some lines of its output have not arrived. According to its exit code, it ended as: ${outcome}.${place}`;
  return ended({ ...end, outcome, ms: closing?.ms ?? 0 }, [...end.warnings, fault('lines-lost', { why })]);
}

function ended(
  end: Pick<RunFinished, 'run' | 'exitCode' | 'outcome' | 'ms'> & { readonly received: number },
  findings: readonly Finding[],
): ResolvedOutcome {
  const { run, exitCode, outcome, ms } = end;
  const events = end.received + findings.length + 1;
  const finished: RunFinished = { kind: 'run.finished', run, outcome, exitCode, events, ms };
  return { finished, reported: [...findings.map((finding): RunEvent => ({ kind: 'finding', finding })), finished] };
}

/**
 * How a run that did not report its end ended, according to the history. The end that it wrote there counts; a run that
 * is over without an end was interrupted; the end of one that is still at work, or that cannot be read, is not known
 * yet.
 *
 * @param received how many of its events arrived
 * @param platform why its platform ended it, if known
 */
export function resolveOutcome(
  run: string,
  recorded: RecordedRun,
  received: number,
  platform: readonly Finding[] = [],
): ResolvedOutcome {
  const exitCode = exitCodeBy(recorded);
  const finding = findingFor(recorded, exitCode);
  const outcome = typeof recorded === 'object' && recorded.exitCode === exitCode ? recorded.outcome : '';
  const end = {
    run,
    outcome: outcome === '' ? outcomeOfExitCode(exitCode) : (outcome as RunOutcome),
    exitCode,
    ms: typeof recorded === 'object' ? recorded.ms : 0,
    received,
  };
  const resolved = ended(end, [...platform, ...(finding === undefined ? [] : [finding])]);
  const applied = recorded === 'absent' ? 0 : recorded?.applied;
  return typeof applied === 'number' ? { ...resolved, applied } : resolved;
}

function exitCodeBy(recorded: RecordedRun): number {
  if (recorded === undefined) return 42;
  if (recorded === 'absent') return 130;
  if (recorded.exitCode !== null) return recorded.exitCode;
  return recorded.outcome === 'running' || recorded.command === 'exec' ? 42 : 130;
}

function findingFor(recorded: RecordedRun, exitCode: number) {
  const fix = '`godwit status` shows what is applied; `godwit up` continues from there and applies nothing twice.';
  if (typeof recorded === 'object' && recorded.command === 'exec' && recorded.exitCode === null)
    return fault('command-lost');
  if (exitCode === 42) {
    const why =
      'The runner ended without reporting an outcome. Statements that it sent may still be running in the database.';
    return fault('outcome-unknown', { why, fix });
  }
  if (recorded === 'absent')
    return fault('interrupted', {
      why: 'The runner ended before it changed anything: the history has no record of it.',
    });
  if (recorded === undefined || recorded.exitCode === 0) return undefined;
  if (recorded.exitCode === null) {
    const why = `The runner died. According to the history, the run is over; migrations applied and recorded: ${recorded.applied}.`;
    return fault('interrupted', { why, fix });
  }
  const failure = recorded.failure === '' ? '' : ` ${recorded.failure}`;
  return fault('lines-lost', {
    why: `The last lines of its output are missing. According to the history, it ended as: ${recorded.outcome}.${failure}`,
  });
}
