import { setTimeout as sleep } from 'node:timers/promises';
import type { RunEvent } from '../../../migrate/contract/event.ts';
import type { CloudRunContext } from './context.ts';
import { isUnreachable, type FollowState } from './follow-state.ts';
import { isForbidden, isVisible, pollExecution } from './poll-execution.ts';
import { readEvents, skipMissing } from './read-lines.ts';
import { isCancelled, type RunExecution } from './resources.ts';

/** The progress of following. */
interface Progress {
  emptyReads: number;
  /** When the execution has ended, on the monotonic clock. */
  endedAt?: number;
  /** Which line is missing although later ones have arrived, and since when. */
  gap?: { readonly from: number; readonly since: number };
}

/**
 * Yields the events of an execution in order, although the log brings its lines late, twice and in disorder. Ends with
 * `run.finished`, when lines are missing for too long after the execution has ended, or when `leave` is aborted. What
 * lies behind missing lines is yielded when they have been waited for long enough.
 */
export async function* followLines(
  context: CloudRunContext,
  state: FollowState,
  leave?: AbortSignal,
): AsyncGenerator<RunEvent> {
  const progress: Progress = { emptyReads: 0 };
  for (;;) {
    if (leave?.aborted === true || isUnreachable(context, state)) return;
    const events = await readEvents(context, state, { ended: progress.endedAt !== undefined, leave });
    yield* events;
    if (state.decoder.complete) return;
    progress.emptyReads = events.length > 0 ? 0 : progress.emptyReads + 1;
    if (!isVisible(state)) await pollHidden(context, state, progress);
    if (progress.endedAt !== undefined && performance.now() - progress.endedAt > lineWaitMs(context, state)) {
      yield* lastEvents(context, state, leave);
      return;
    }
    // What is skipped makes the lines incomplete for good.
    const maySkip = progress.endedAt === undefined && state.readOnly !== true;
    if (maySkip && isGapOld(context, state, progress)) yield* skipMissing(state);
    // The runner has reported its end; lines before it are lost.
    if (state.finished !== undefined && state.decoder.missing === undefined) return;
    await pause(context, state, progress, leave);
  }
}

/** Lines are missing, and the wait for them is over: the log is read once from the beginning, and gaps are skipped. */
async function* lastEvents(
  context: CloudRunContext,
  state: FollowState,
  leave: AbortSignal | undefined,
): AsyncGenerator<RunEvent> {
  // Without its execution, a run is searched by the clock of another machine.
  const isUncertain = state.execution === undefined && state.refusedReads === 0;
  if (state.since !== undefined || isUncertain)
    yield* await readEvents(context, state, { ended: true, whole: true, leave });
  state.waitExpired = !state.decoder.complete;
  while (state.decoder.missing !== undefined) yield* skipMissing(state);
}

/** Asks again for an execution that must not be read, or was not found. */
async function pollHidden(context: CloudRunContext, state: FollowState, progress: Progress): Promise<void> {
  // Without access, each line starts the wait for further lines again.
  if (progress.emptyReads === 0 && isForbidden(state)) progress.endedAt = performance.now();
  // A role that was granted a minute ago is still refused now and then, and what was missing may be found again.
  const ended = await pollExecution(context, state);
  if (!isVisible(state)) return;
  if (ended) progress.endedAt = performance.now();
  else delete progress.endedAt;
}

function isGapOld({ timeouts }: CloudRunContext, { decoder }: FollowState, progress: Progress): boolean {
  const { missing } = decoder;
  if (missing === undefined) {
    delete progress.gap;
    return false;
  }
  if (progress.gap?.from !== missing.from) progress.gap = { from: missing.from, since: performance.now() };
  return performance.now() - progress.gap.since >= timeouts.gapMs;
}

/**
 * Pauses between two reads of the log. Meanwhile it polls the execution, which costs less than the log, so that the log
 * is read as soon as the container has started and as soon as the execution has ended.
 */
async function pause(
  context: CloudRunContext,
  state: FollowState,
  progress: Progress,
  leave: AbortSignal | undefined,
): Promise<void> {
  const until = performance.now() + logPauseMs(context, state, progress);
  const wait = (longest: number): Promise<void> =>
    sleep(
      Math.max(1, Math.min(longest, until - performance.now())),
      undefined,
      leave === undefined ? {} : { signal: leave },
    ).catch(() => {});
  if (progress.endedAt !== undefined) return await wait(Infinity);
  const started = hasStarted(state.execution);
  for (;;) {
    await wait(context.timeouts.pollMs);
    if (leave?.aborted === true || isUnreachable(context, state)) return;
    if (isPollDue(context, state) && (await pollExecution(context, state))) {
      progress.endedAt = performance.now();
      progress.emptyReads = 0;
      return;
    }
    if (performance.now() >= until || (!started && hasStarted(state.execution))) return;
  }
}

/** A pause that ends before the next poll is allowed does without it. */
function isPollDue({ timeouts }: CloudRunContext, { polledAt }: FollowState): boolean {
  return polledAt === undefined || performance.now() - polledAt >= timeouts.pollMs;
}

/** Grows while nothing comes: all readers of a project share one quota. */
function logPauseMs({ timeouts, readPace }: CloudRunContext, state: FollowState, progress: Progress): number {
  const { firstPauseMs, longestPauseMs } = timeouts;
  const ended = progress.endedAt !== undefined;
  // Before the container has started there is nothing to read.
  const idle = !ended && !state.firstLineSeen && state.execution !== undefined && !hasStarted(state.execution);
  const wanted = idle ? longestPauseMs : firstPauseMs * 1.6 ** Math.min(progress.emptyReads, 20);
  return Math.max(Math.min(longestPauseMs, wanted) * (0.9 + Math.random() * 0.2), readPace.waitMs(ended));
}

/** How long to wait for missing lines. A runner that never started writes none; one that has started writes more. */
function lineWaitMs({ timeouts }: CloudRunContext, state: FollowState): number {
  // One or two refusals may be accidents.
  if (state.refusedReads >= 3) return isForbidden(state) ? Math.min(timeouts.linesMs, 10_000) : 0;
  if (isForbidden(state)) return timeouts.linesMs;
  // Another start of the container may have worked before, but its lines would be here.
  if (state.decoder.refused) return Math.min(timeouts.linesMs, 10_000);
  // Cancelled before its first line: most probably the runner never started, and Ctrl-C should not take a minute.
  if (!state.firstLineSeen && state.execution !== undefined && isCancelled(state.execution))
    return Math.min(timeouts.linesMs, 5_000);
  return state.firstLineSeen || hasStarted(state.execution) ? timeouts.linesMs : Math.min(timeouts.linesMs, 500);
}

function hasStarted(execution: RunExecution | undefined): boolean {
  return (execution?.succeededCount ?? 0) > 0 || (execution?.startTime ?? '') !== '';
}
