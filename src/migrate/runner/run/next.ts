import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { verdictOf, type Verdict } from '../../contract/verdict.ts';
import type { ApplyResult } from '../apply/apply-steps.ts';

/** A run starts so often from its beginning, with a new session and a new plan, before it gives up. */
export const mostStarts = 5;
/** Between one start and the next, so many connections may be lost. */
export const mostLosses = 12;
/** A statement that ends the server itself is not sent forever. */
export const mostLossesAtOne = 3;

/** What has happened to a run so far, as far as it decides what comes next. */
export interface RunState {
  /** How often it has started from its beginning. */
  readonly starts: number;
  /** At which migrations a connection was lost since then. */
  readonly lostAt: readonly string[];
  /** How the last attempt to apply ended, if it may be repeated. */
  readonly last: Again | undefined;
}

type ApplyEnd = ApplyResult['end'];
type Again = Extract<ApplyEnd, { readonly kind: 'again' }>;
/** A migration has failed for good. */
export type Failed = Extract<ApplyEnd, { readonly kind: 'failed' }>;

/** A try that ended because of somebody else's lock. */
export type Yielded = Again & { readonly cause: Exclude<Again['cause'], 'moved' | 'lost'> };

/** How a stage of a run ended. */
export type StageEnd =
  /** Started: what is to be applied is known, and the first writes are on their way. */
  | { readonly kind: 'ready' }
  /** It ends without an attempt to apply: there is nothing to do, or what there was is done. */
  | { readonly kind: 'over'; readonly verdict: Verdict }
  /** There is no session, or not the run lock. Nothing was asked to change. */
  | { readonly kind: 'not-opened'; readonly findings: readonly Finding[] }
  /** The plan or the first writes were refused. Nothing was done. */
  | { readonly kind: 'refused'; readonly findings: readonly Finding[] }
  /** Nothing was done: another run has raised the epoch in between. */
  | { readonly kind: 'overtaken' }
  /** Of an attempt to apply. */
  | ApplyEnd
  /** The attempt came to an end that has a verdict already: a file was gone, a description was refused. */
  | { readonly kind: 'stopped'; readonly verdict: Verdict }
  /** The pause for others is over; with a finding, it was the last one. */
  | { readonly kind: 'gave-way'; readonly finding: Finding | undefined }
  /** The history tells which migrations are left. */
  | { readonly kind: 'known'; readonly left: readonly string[] }
  /** The database cannot be reached, is another run's, or its history cannot be read. */
  | { readonly kind: 'unknown'; readonly findings: readonly Finding[] };

/** What a run does next. */
export type Action =
  /** Opens a session, plans, and begins; `attempt` counts from 1. */
  | { readonly do: 'start'; readonly attempt: number }
  /** Applies what is left. */
  | { readonly do: 'apply' }
  /** Finds out what became of the first writes and of what was sent behind them. */
  | { readonly do: 'resolve-begin' }
  /** Pauses for those who are in the way. */
  | { readonly do: 'give-way'; readonly end: Yielded }
  /** Reads what is applied now, over a new connection if the old one is lost. */
  | { readonly do: 'look'; readonly reconnect: boolean }
  /** Describes, verifies, and writes how the run ended. */
  | { readonly do: 'conclude'; readonly end: Conclusion }
  /** Ends it: this start has applied nothing. */
  | { readonly do: 'leave'; readonly verdict: Verdict };

/** How applying ended for good. */
export type Conclusion =
  | { readonly kind: 'done' }
  | { readonly kind: 'interrupted' }
  | Failed
  | { readonly kind: 'stopped'; readonly verdict: Verdict };

/** A decision, and the state that the next one is made in. */
export interface NextStep {
  readonly state: RunState;
  readonly action: Action;
}

/** How each run begins. */
export const atFirst: NextStep = {
  state: { starts: 1, lostAt: [], last: undefined },
  action: { do: 'start', attempt: 1 },
};

/**
 * Decides what a run does after a stage of it has ended: the only place that tries a stage again. "States of a run" in
 * ARCHITECTURE.md draws it.
 *
 * @param stopping true: the run was asked to stop, so that nothing is begun that can be left
 */
export function next(state: RunState, end: StageEnd, stopping: boolean): NextStep {
  switch (end.kind) {
    case 'ready':
      return { state, action: { do: 'apply' } };
    case 'over':
      return { state, action: { do: 'leave', verdict: end.verdict } };
    case 'overtaken':
      return startAgain(state, stopping, { do: 'leave', verdict: verdictOf(fault('taken-over')) });
    case 'not-opened':
    case 'refused': {
      const findings = end.kind === 'refused' ? end.findings : end.findings.map(asUnreached);
      const leave: Action = { do: 'leave', verdict: verdictOf(...findings) };
      return end.findings.some(isPassing) ? startAgain(state, stopping, leave) : { state, action: leave };
    }
    case 'not-begun':
      return { state, action: { do: 'resolve-begin' } };
    case 'again':
      return afterAgain({ ...state, last: end }, end, stopping);
    case 'gave-way': {
      if (stopping) return conclude(state, { kind: 'interrupted' });
      if (end.finding !== undefined) return conclude(state, failedFor(state, end.finding));
      return { state, action: { do: 'look', reconnect: false } };
    }
    case 'known':
      return afterLook(state, end.left, stopping);
    case 'unknown':
      return afterUnknown(state, end.findings);
    case 'done':
    case 'failed':
    case 'interrupted':
    case 'stopped':
      return conclude(state, end);
  }
}

/** Nothing has failed for good: the history moved, a lock was not to be had, or the connection was lost. */
function afterAgain(state: RunState, end: Again, stopping: boolean): NextStep {
  if (end.cause === 'lost') {
    const lostAt = [...state.lostAt, end.at.step.id];
    const lost = { ...state, lostAt };
    if (lostAt.length < mostLosses) return { state: lost, action: { do: 'look', reconnect: true } };
    return conclude(lost, stopping ? { kind: 'interrupted' } : failedFor(state, end.finding));
  }
  if (stopping) return conclude(state, { kind: 'interrupted' });
  // Never an error of its own: the plan is made again and, if a reviewed one was brought, held against it.
  if (end.cause === 'moved')
    return startAgain(state, stopping, {
      do: 'conclude',
      end: { kind: 'stopped', verdict: verdictOf(end.finding) },
    });
  return { state, action: { do: 'give-way', end: { ...end, cause: end.cause } } };
}

function afterLook(state: RunState, left: readonly string[], stopping: boolean): NextStep {
  const { last, lostAt } = state;
  if (left.length === 0) return conclude(state, { kind: 'done' });
  const id = last?.at.step.id;
  const hopeless =
    id !== undefined && left.includes(id) && lostAt.filter((one) => one === id).length >= mostLossesAtOne;
  if (!hopeless || last === undefined) return { state, action: { do: 'apply' } };
  return conclude(state, stopping ? { kind: 'interrupted' } : failedFor(state, last.finding));
}

/** A connection that was lost while the run paused or read the history is made again, as one that was lost while it applied. */
function afterUnknown(state: RunState, findings: readonly Finding[]): NextStep {
  const lostAt = [...state.lostAt, betweenMigrations];
  const isLost = findings.some(({ code }) => code === 'connection-lost');
  if (isLost && state.last !== undefined && lostAt.length < mostLosses)
    return { state: { ...state, lostAt }, action: { do: 'look', reconnect: true } };
  return conclude(state, { kind: 'stopped', verdict: verdictOf(...findings) });
}

/** In place of a migration: a loss for which no statement is to blame. */
const betweenMigrations = '';

/** From the beginning, unless it was asked to stop or has begun too often. */
function startAgain(state: RunState, stopping: boolean, otherwise: Action): NextStep {
  if (stopping || state.starts >= mostStarts) return { state, action: otherwise };
  const attempt = state.starts + 1;
  return { state: { starts: attempt, lostAt: [], last: undefined }, action: { do: 'start', attempt } };
}

function conclude(state: RunState, end: Conclusion): NextStep {
  return { state, action: { do: 'conclude', end } };
}

/** What would have been tried again is not: then it has failed. */
function failedFor({ last }: RunState, finding: Finding): Conclusion {
  if (last === undefined) return { kind: 'stopped', verdict: verdictOf(finding) };
  return { kind: 'failed', finding, at: last.at, stands: false, fromOutside: false };
}

const passing: ReadonlySet<string> = new Set(['connection-lost', 'lock-timeout', 'history-locked']);

/** Only a matter of time. */
function isPassing({ code }: Finding): boolean {
  return passing.has(code);
}

/** A connection lost before anything was asked to change leaves no doubt about the outcome. */
function asUnreached(finding: Finding): Finding {
  return finding.code === 'connection-lost' ? fault('database-unreachable', { why: finding.why }) : finding;
}
