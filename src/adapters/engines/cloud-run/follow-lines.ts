import { setTimeout as sleep } from 'node:timers/promises';
import type { RunEvent } from '../../../migrate/contract/event.ts';
import { backoff } from '../../retry.ts';
import type { CloudRunContext } from './context.ts';
import { isUnreachable, type FollowState } from './follow-state.ts';
import { isForbidden, isVisible, pollExecution } from './poll-execution.ts';
import { readEvents } from './read-lines.ts';
import { isCancelled, type RunExecution } from './resources.ts';

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
    if (state.access !== 'visible') {
      // Without access, each line starts the wait for further lines again.
      if (emptyReads === 0 && isForbidden(state)) endedAt = performance.now();
      // A role that was granted a minute ago is still refused now and then, and what was missing may be found again.
      const ended = await pollExecution(context, state);
      if (isVisible(state)) endedAt = ended ? performance.now() : undefined;
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
