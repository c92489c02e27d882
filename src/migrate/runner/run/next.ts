import { beforeAnyChange } from '../../contract/server-fault.ts';
import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { verdictOf, type Verdict } from '../../contract/verdict.ts';
import type { ApplyResult } from '../apply/apply-result.ts';

/** How often a run starts from its beginning, with a new session and a new plan, before it gives up. */
export const mostStarts = 5;
/** How many connections may be lost between one start and the next. */
export const mostLosses = 12;
/** How many connections may be lost at one migration: a statement that crashes the server is not sent endlessly. */
export const mostLossesAtOne = 3;

/** The past of a run that decides what comes next. */
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

/** A try that ended because of another session's lock. */
export type Yielded = Again & { readonly cause: Exclude<Again['cause'], 'moved' | 'lost'> };

/** How a stage of a run ended. */
export type StageEnd =
  /** Started: the steps to apply are known, and the first writes are in flight. */
  | { readonly kind: 'ready' }
  /** The run ends without an attempt to apply: there was nothing to do, or it is done. */
  | { readonly kind: 'over'; readonly verdict: Verdict }
  /** No session could be opened, or the run lock was not acquired. No change was requested. */
  | { readonly kind: 'not-opened'; readonly findings: readonly Finding[] }
  /** The plan or the first writes were refused. Nothing was done. */
  | { readonly kind: 'refused'; readonly findings: readonly Finding[] }
  /** Nothing was done, because another run has raised the epoch in between. */
  | { readonly kind: 'overtaken' }
  /** Of an attempt to apply. */
  | ApplyEnd
  /** The attempt ended with a verdict: a file was missing, a description was refused. */
  | { readonly kind: 'stopped'; readonly verdict: Verdict }
  /** The pause for others is over; with a finding, there is no further try. */
  | { readonly kind: 'gave-way'; readonly finding: Finding | undefined }
  /** The history shows which migrations are left. */
  | { readonly kind: 'known'; readonly left: readonly string[] }
  /** The database cannot be reached, another run holds it, or its history cannot be read. */
  | { readonly kind: 'unknown'; readonly findings: readonly Finding[] };

/** What a run does next. */
export type Action =
  /** Opens a session, plans, and begins; `attempt` counts from 1. */
  | { readonly do: 'start'; readonly attempt: number }
  /** Applies what is left. */
  | { readonly do: 'apply' }
  /** Finds out whether the first writes and the messages after them took effect. */
  | { readonly do: 'resolve-begin' }
  /** Pauses for the sessions that block it. */
  | { readonly do: 'give-way'; readonly end: Yielded }
  /** Reads what is applied now, over a new connection if the old one is lost. */
  | { readonly do: 'look'; readonly reconnect: boolean }
  /** Describes, verifies, and writes how the run ended. */
  | { readonly do: 'conclude'; readonly end: Conclusion }
  /** Ends the run: this start has applied nothing. */
  | { readonly do: 'leave'; readonly verdict: Verdict };

/** How applying ended for good. */
export type Conclusion =
  | { readonly kind: 'done' }
  | { readonly kind: 'interrupted' }
  | Failed
  | { readonly kind: 'stopped'; readonly verdict: Verdict };

/** A decision, and the state for the next one. */
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
 * Decides what a run does after one of its stages has ended: the only place that repeats a stage. "States of a run" in
 * ARCHITECTURE.md shows the states.
 *
 * @param stopping true: the run was asked to stop, so it starts nothing that is not necessary
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
      const findings = end.kind === 'refused' ? end.findings : end.findings.map(beforeAnyChange);
      const leave: Action = { do: 'leave', verdict: verdictOf(...findings) };
      return end.findings.some(mayStartAgain) ? startAgain(state, stopping, leave) : { state, action: leave };
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

/** Nothing has failed for good: the history moved, a lock could not be acquired, or the connection was lost. */
function afterAgain(state: RunState, end: Again, stopping: boolean): NextStep {
  if (end.cause === 'lost') {
    const lostAt = [...state.lostAt, end.at.step.id];
    const lost = { ...state, lostAt };
    if (lostAt.length < mostLosses) return { state: lost, action: { do: 'look', reconnect: true } };
    return conclude(lost, stopping ? { kind: 'interrupted' } : failedFor(state, end.finding));
  }
  if (stopping) return conclude(state, { kind: 'interrupted' });
  // Never an error in itself: the plan is made again and, if a reviewed plan was given, compared with it.
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

/** Starts from the beginning, unless the run was asked to stop or has started too often. */
function startAgain(state: RunState, stopping: boolean, otherwise: Action): NextStep {
  if (stopping || state.starts >= mostStarts) return { state, action: otherwise };
  const attempt = state.starts + 1;
  return { state: { starts: attempt, lostAt: [], last: undefined }, action: { do: 'start', attempt } };
}

function conclude(state: RunState, end: Conclusion): NextStep {
  return { state, action: { do: 'conclude', end } };
}

/** The finding when what would have been tried again is not tried again: it has failed. */
function failedFor({ last }: RunState, finding: Finding): Conclusion {
  if (last === undefined) return { kind: 'stopped', verdict: verdictOf(finding) };
  return { kind: 'failed', finding, at: last.at, stands: false, fromOutside: false };
}

const passing: ReadonlySet<string> = new Set(['connection-lost', 'lock-timeout', 'history-locked']);

/** True: the cause may pass with time. */
function mayStartAgain({ code }: Finding): boolean {
  return passing.has(code);
}
