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
import { parseExecutionName } from './names.ts';
import { isCancelled, isOver, type RunExecution } from './resources.ts';

/** Each read starts this long before the last line in order: late lines bear the time at which they were written. */
const overlapMs = 10_000;

/** How many of the container's last lines are kept, to be shown when the runner has written nothing. */
const mostOutputLines = 12;

/** What is known about one execution while it is followed. */
export interface FollowState {
  readonly ref: RunRef;
  readonly decoder: LineDecoder;
  /** The execution as last seen; absent when it was never seen. */
  execution?: RunExecution;
  /** Whether the execution can be read. While it is forbidden, only its lines show its progress. */
  access: 'visible' | 'forbidden' | 'deleted';
  firstLineSeen: boolean;
  /** Other output of the container, kept until the runner's first line. */
  containerOutput: readonly string[];
  /** Where the next read of the log starts; ISO 8601. */
  since?: string;
  finished?: Extract<RunEvent, { readonly kind: 'run.finished' }>;
  /** Problems with reading. */
  findings: readonly Finding[];
  reads: number;
  /** The number of failed reads in a row. */
  failedReads: number;
  /** True: lines are missing, and the wait for them is over. */
  waitExpired: boolean;
  /** When Google last answered, on the monotonic clock. */
  lastReplyAt: number;
}

/** Starts to follow an execution. */
export function createFollowState(context: CloudRunContext, ref: RunRef): FollowState {
  return {
    ref,
    decoder: createLineDecoder(ref.run, context.hashing),
    access: 'visible',
    firstLineSeen: false,
    containerOutput: [],
    findings: [],
    reads: 0,
    failedReads: 0,
    waitExpired: false,
    lastReplyAt: performance.now(),
  };
}

/**
 * Yields the events of an execution in order, although the log brings its lines late, twice and in disorder. Ends with
 * `run.finished`, when lines are missing for too long after the execution has ended, or when `leave` is aborted.
 */
export async function* followLines(
  context: CloudRunContext,
  state: FollowState,
  leave?: AbortSignal,
): AsyncGenerator<RunEvent> {
  let emptyReads = 0;
  let endedAt: number | undefined;
  for (;;) {
    if (leave?.aborted === true || isUnreachable(context, state)) return;
    const events = await readEvents(context, state, leave);
    for (const event of events) {
      yield event;
      if (event.kind === 'run.finished') return;
    }
    emptyReads = events.length > 0 ? 0 : emptyReads + 1;
    if (isForbidden(state)) {
      // Without access, each line starts the wait for further lines again.
      if (emptyReads === 0) endedAt = performance.now();
      // A role that was granted a minute ago is still refused now and then.
      const ended = await pollExecution(context, state);
      if (!isForbidden(state)) endedAt = ended ? performance.now() : undefined;
    }
    if (endedAt !== undefined && performance.now() - endedAt > lineWaitMs(context, state)) {
      state.waitExpired = true;
      return;
    }
    const ms = logPauseMs(context, state, emptyReads);
    const ended = await pauseUntilEnd(context, state, { ms, ended: endedAt !== undefined, leave });
    if (ended && endedAt === undefined) {
      endedAt = performance.now();
      emptyReads = 0;
    }
  }
}

interface Pause {
  readonly ms: number;
  /** True: the execution has ended, and only lines are missing. */
  readonly ended: boolean;
  readonly leave: AbortSignal | undefined;
}

/**
 * Pauses between two reads of the log. Meanwhile it polls the execution, which costs less than the log, so that the log
 * is read as soon as the execution has ended. Returns true when it has ended.
 */
async function pauseUntilEnd(
  context: CloudRunContext,
  state: FollowState,
  { ms, ended, leave }: Pause,
): Promise<boolean> {
  const until = performance.now() + ms;
  const wait = (longest: number): Promise<void> =>
    sleep(
      Math.max(1, Math.min(longest, until - performance.now())),
      undefined,
      leave === undefined ? {} : { signal: leave },
    ).catch(() => {});
  if (ended) {
    await wait(ms);
    return true;
  }
  for (let attempt = 1; ; attempt += 1) {
    await wait(backoff(attempt, Math.random(), 1_000, 100));
    if (leave?.aborted === true || isUnreachable(context, state)) return false;
    if (await pollExecution(context, state)) return true;
    if (performance.now() >= until) return false;
  }
}

/** The first reads come quickly, so that a short run is reported at once; later pauses leave quota to others. */
const quickReads = 12;
const steadyMs = 1_500;

/** Grows while nothing comes: all readers of a project together may list entries about once a second. */
function logPauseMs({ timeouts }: CloudRunContext, { reads }: FollowState, emptyReads: number): number {
  const { firstPauseMs, longestPauseMs } = timeouts;
  const wanted = Math.max(firstPauseMs * 1.6 ** Math.min(emptyReads, 20), reads > quickReads ? steadyMs : 0);
  return Math.min(longestPauseMs, wanted) * (0.9 + Math.random() * 0.2);
}

/** How long to wait for missing lines. A runner that never started writes none; one that has started writes more. */
function lineWaitMs({ timeouts }: CloudRunContext, state: FollowState): number {
  // One or two failures may be accidents.
  if (state.failedReads >= 3) return isForbidden(state) ? Math.min(timeouts.linesMs, 10_000) : 0;
  if (isForbidden(state)) return timeouts.linesMs;
  // Cancelled before its first line: most probably the runner never started, and Ctrl-C should not take a minute.
  if (!state.firstLineSeen && state.execution !== undefined && isCancelled(state.execution))
    return Math.min(timeouts.linesMs, 5_000);
  return state.firstLineSeen || hasStarted(state.execution) ? timeouts.linesMs : Math.min(timeouts.linesMs, 500);
}

function hasStarted(execution: RunExecution | undefined): boolean {
  return (execution?.succeededCount ?? 0) > 0 || (execution?.startTime ?? '') !== '';
}

/** True when Google has not answered for so long that following the execution ends. */
export function isUnreachable({ timeouts }: CloudRunContext, { lastReplyAt }: FollowState): boolean {
  return performance.now() - lastReplyAt > timeouts.unreachableMs;
}

function isForbidden({ access }: FollowState): boolean {
  return access === 'forbidden';
}

function noteReply(state: FollowState, reply: GoogleReply): void {
  if (reply.ok || (!reply.error.lost && reply.error.status < 500)) state.lastReplyAt = performance.now();
}

/** Reads the execution. Returns true when it has ended, was deleted, or must not be read. */
export async function pollExecution(context: CloudRunContext, state: FollowState): Promise<boolean> {
  const reply = await context.google.call<RunExecution>({
    service: 'run',
    method: 'GET',
    path: `v2/${state.ref.location}`,
  });
  noteReply(state, reply);
  if (reply.ok) {
    state.execution = reply.value;
    // The earlier refusal is obsolete.
    if (isForbidden(state)) state.findings = state.findings.filter(({ code }) => code === 'log-unreadable');
    state.access = 'visible';
    return isOver(reply.value);
  }
  const { error } = reply;
  if (error.status === 401 || error.status === 403) {
    const finding = googleFault(error, { doing: 'reading execution', resource: state.ref.location });
    if (!isForbidden(state)) state.findings = [...state.findings, finding];
    state.access = 'forbidden';
    return true;
  }
  if (error.reason !== 'NOT_FOUND') return false;
  if (!isForbidden(state)) state.access = 'deleted';
  return true;
}

/** Reads new lines of the log, and returns the events that are complete now. */
async function readEvents(
  context: CloudRunContext,
  state: FollowState,
  signal?: AbortSignal,
): Promise<readonly RunEvent[]> {
  state.reads += 1;
  const reply = await readLog(context.google, parseExecutionName(state.ref), state.since, signal);
  noteReply(state, reply);
  state.failedReads = reply.ok ? 0 : state.failedReads + 1;
  if (!reply.ok) {
    noteUnreadable(context, state, reply.error);
    return [];
  }
  state.findings = state.findings.filter(({ code }) => code !== 'log-unreadable');
  const events: RunEvent[] = [];
  for (const entry of reply.value) {
    const line = runnerLine(entry);
    if (line === undefined) {
      if (!state.firstLineSeen) state.containerOutput = withOutputLine(context, state, entry);
      continue;
    }
    state.firstLineSeen = true;
    const ready = state.decoder.push(line);
    if (ready.length === 0) continue;
    events.push(...ready);
    advance(state, entry);
  }
  for (const event of events) if (event.kind === 'run.finished') state.finished = event;
  return events;
}

/** All lines up to this one are complete, so the next read starts here, less the tolerance for late lines. */
function advance(state: FollowState, { timestamp }: LogEntry): void {
  const time = Date.parse(timestamp ?? '');
  if (Number.isNaN(time)) return;
  const since = new Date(time - overlapMs).toISOString();
  if (state.since === undefined || since > state.since) state.since = since;
}

function withOutputLine(context: CloudRunContext, state: FollowState, entry: LogEntry): readonly string[] {
  const output = state.containerOutput;
  const line = context.redactor.redact(plainLine(entry)).slice(0, 400);
  return line === '' || output.includes(line) ? output : [...output, line].slice(-mostOutputLines);
}

function noteUnreadable(context: CloudRunContext, state: FollowState, error: Parameters<typeof googleFault>[0]): void {
  const known = state.findings.some(({ code }) => code === 'log-unreadable');
  if (known || error.lost || error.status === 0) return;
  const cause = googleFault(error, { doing: 'reading the log of', resource: `projects/${context.options.project}` });
  // The general advice on permissions says less than that of this fault.
  const vague = cause.fix === fault('google-permission-denied').fix;
  const details = { why: cause.why, ...(vague ? {} : { fix: cause.fix }) };
  state.findings = [...state.findings, fault('log-unreadable', details)];
}
