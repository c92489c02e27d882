import { setTimeout as sleep } from 'node:timers/promises';
import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import type { RunRef } from '../../../migrate/contract/engine.ts';
import { createLineDecoder, type LineDecoder } from '../../../migrate/contract/event-lines.ts';
import type { RunEvent } from '../../../migrate/contract/event.ts';
import { googleFault } from '../../google/fault.ts';
import type { GoogleReply } from '../../google/request.ts';
import { backoff } from '../../retry.ts';
import type { CloudRunContext } from './context.ts';
import { plainLine, readLog, runnerLine, type LogEntry } from './log-reader.ts';
import { placeOf } from './names.ts';
import { isCancelled, isOver, type RunExecution } from './resources.ts';

/** So far behind the last line in order is looked again: late lines bear the time at which they were written. */
const overlapMs = 10_000;

/** The last words of a container are shown when the runner has none of its own. */
const mostWords = 12;

/** What is known of one execution while it is followed. */
export interface FollowState {
  readonly ref: RunRef;
  readonly decoder: LineDecoder;
  /** The execution as it was last seen; absent: it was never seen, or is gone. */
  execution?: RunExecution;
  gone: boolean;
  /** True: it may not be looked at. Its lines alone tell how it goes on. */
  blind: boolean;
  /** True once a line of the runner has come. */
  spoke: boolean;
  /** What else the container has written, as far as the runner has not spoken. */
  words: readonly string[];
  /** From where the log is read again; ISO 8601. */
  since?: string;
  finished?: Extract<RunEvent, { readonly kind: 'run.finished' }>;
  /** What is wrong with reading. */
  findings: readonly Finding[];
  /** How often the log was read. */
  reads: number;
  /** How often in a row it could not be read. */
  unread: number;
  /** True: lines are missing and are not waited for any more. */
  givenUp: boolean;
  /** When somebody last answered, on the monotonic clock. */
  heardAt: number;
}

/** Begins to follow an execution. */
export function following(context: CloudRunContext, ref: RunRef): FollowState {
  const decoder = createLineDecoder(ref.run, context.hashing);
  const fresh = {
    gone: false,
    blind: false,
    spoke: false,
    words: [],
    findings: [],
    reads: 0,
    unread: 0,
    givenUp: false,
    heardAt: performance.now(),
  };
  return { ref, decoder, ...fresh };
}

/**
 * The events of an execution in their order, as the log brings its lines: late, twice, in disorder. Ends with
 * `run.finished`, or when lines are missing for too long after the execution has ended, or when it is left.
 */
export async function* followLines(
  context: CloudRunContext,
  state: FollowState,
  leave?: AbortSignal,
): AsyncGenerator<RunEvent> {
  let quiet = 0;
  let overSince: number | undefined;
  for (;;) {
    if (leave?.aborted === true || isDeaf(context, state)) return;
    const events = await readEvents(context, state, leave);
    for (const event of events) {
      yield event;
      if (event.kind === 'run.finished') return;
    }
    quiet = events.length > 0 ? 0 : quiet + 1;
    if (state.blind && quiet === 0) overSince = performance.now();
    if (state.blind) {
      // A role that was given a minute ago may be refused now and then.
      const over = await look(context, state);
      if (!state.blind) overSince = over ? performance.now() : undefined;
    }
    if (overSince !== undefined && performance.now() - overSince > waitFor(context, state)) {
      state.givenUp = true;
      return;
    }
    const ms = pauseOf(context, state, quiet);
    const over = await pause(context, state, { ms, over: overSince !== undefined, leave });
    if (over && overSince === undefined) {
      overSince = performance.now();
      quiet = 0;
    }
  }
}

interface Pause {
  readonly ms: number;
  /** True: the execution has ended; nothing but lines is waited for. */
  readonly over: boolean;
  readonly leave: AbortSignal | undefined;
}

/**
 * The pause between two looks into the log. The execution is looked at more often, which costs less: the log is read at
 * once when it has ended. True: it has.
 */
async function pause(context: CloudRunContext, state: FollowState, { ms, over, leave }: Pause): Promise<boolean> {
  const until = performance.now() + ms;
  const wait = (longest: number): Promise<void> =>
    sleep(
      Math.max(1, Math.min(longest, until - performance.now())),
      undefined,
      leave === undefined ? {} : { signal: leave },
    ).catch(() => {});
  if (over) {
    await wait(ms);
    return true;
  }
  for (let attempt = 1; ; attempt += 1) {
    await wait(backoff(attempt, Math.random(), 1_000, 100));
    if (leave?.aborted === true || isDeaf(context, state)) return false;
    if (await look(context, state)) return true;
    if (performance.now() >= until) return false;
  }
}

/** Quick looks, so that a short run is told at once; then the pace that leaves quota to others, in milliseconds. */
const quickReads = 12;
const steadyMs = 1_500;

/** Grows while nothing comes: the project may list entries about once a second, together with all its other readers. */
function pauseOf({ timeouts }: CloudRunContext, { reads }: FollowState, quiet: number): number {
  const { firstPauseMs, longestPauseMs } = timeouts;
  const wanted = Math.max(firstPauseMs * 1.6 ** Math.min(quiet, 20), reads > quickReads ? steadyMs : 0);
  return Math.min(longestPauseMs, wanted) * (0.9 + Math.random() * 0.2);
}

/** A runner that was never started has nothing to say; one that has begun has more to come. */
function waitFor({ timeouts }: CloudRunContext, state: FollowState): number {
  // Once may be an accident.
  if (state.unread >= 3) return state.blind ? Math.min(timeouts.linesMs, 10_000) : 0;
  if (state.blind) return timeouts.linesMs;
  // Cancelled before its first word: most probably it never had one, and Ctrl-C is not to take a minute.
  if (!state.spoke && state.execution !== undefined && isCancelled(state.execution))
    return Math.min(timeouts.linesMs, 5_000);
  return state.spoke || started(state.execution) ? timeouts.linesMs : Math.min(timeouts.linesMs, 500);
}

function started(execution: RunExecution | undefined): boolean {
  return (execution?.succeededCount ?? 0) > 0 || (execution?.startTime ?? '') !== '';
}

/** Nobody has answered for so long that the execution is left to itself. */
export function isDeaf({ timeouts }: CloudRunContext, { heardAt }: FollowState): boolean {
  return performance.now() - heardAt > timeouts.deafMs;
}

function hear(state: FollowState, reply: GoogleReply): void {
  if (reply.ok || (!reply.error.lost && reply.error.status < 500)) state.heardAt = performance.now();
}

/** Looks at the execution; true when it is over, or gone. */
export async function look(context: CloudRunContext, state: FollowState): Promise<boolean> {
  const reply = await context.google.call<RunExecution>({
    service: 'run',
    method: 'GET',
    path: `v2/${state.ref.location}`,
  });
  hear(state, reply);
  if (reply.ok) {
    state.execution = reply.value;
    // What was refused for a while is not any more.
    if (state.blind) state.findings = state.findings.filter(({ code }) => code === 'log-unreadable');
    state.blind = false;
    return isOver(reply.value);
  }
  const { error } = reply;
  if (error.status === 401 || error.status === 403) {
    const finding = googleFault(error, { doing: 'reading execution', resource: state.ref.location });
    if (!state.blind) state.findings = [...state.findings, finding];
    state.blind = true;
    return true;
  }
  if (error.reason !== 'NOT_FOUND') return false;
  state.gone = true;
  return true;
}

/** Reads what is new in the log, and gives the events that have become complete. */
async function readEvents(
  context: CloudRunContext,
  state: FollowState,
  signal?: AbortSignal,
): Promise<readonly RunEvent[]> {
  state.reads += 1;
  const reply = await readLog(context.google, placeOf(state.ref), state.since, signal);
  hear(state, reply);
  state.unread = reply.ok ? 0 : state.unread + 1;
  if (!reply.ok) {
    noteUnreadable(context, state, reply.error);
    return [];
  }
  state.findings = state.findings.filter(({ code }) => code !== 'log-unreadable');
  const events: RunEvent[] = [];
  for (const entry of reply.value) {
    const line = runnerLine(entry);
    if (line === undefined) {
      if (!state.spoke) state.words = withWords(context, state, entry);
      continue;
    }
    state.spoke = true;
    const ready = state.decoder.push(line);
    if (ready.length === 0) continue;
    events.push(...ready);
    advance(state, entry);
  }
  for (const event of events) if (event.kind === 'run.finished') state.finished = event;
  return events;
}

/** Everything up to this line is there: what comes later was written later, but for a while of tolerance. */
function advance(state: FollowState, { timestamp }: LogEntry): void {
  const time = Date.parse(timestamp ?? '');
  if (Number.isNaN(time)) return;
  const since = new Date(time - overlapMs).toISOString();
  if (state.since === undefined || since > state.since) state.since = since;
}

function withWords(context: CloudRunContext, state: FollowState, entry: LogEntry): readonly string[] {
  const words = context.redactor.redact(plainLine(entry)).slice(0, 400);
  return words === '' || state.words.includes(words) ? state.words : [...state.words, words].slice(-mostWords);
}

function noteUnreadable(context: CloudRunContext, state: FollowState, error: Parameters<typeof googleFault>[0]): void {
  const known = state.findings.some(({ code }) => code === 'log-unreadable');
  if (known || error.lost || error.status === 0) return;
  const cause = googleFault(error, { doing: 'reading the log of', resource: `projects/${context.options.project}` });
  const details = { why: cause.why, ...(cause.code === 'google-permission-denied' ? { fix: cause.fix } : {}) };
  state.findings = [...state.findings, fault('log-unreadable', details)];
}
