import { setTimeout as sleep } from 'node:timers/promises';
import type { Finding } from '../../../kit/finding.ts';
import type { RunRef } from '../../../migrate/contract/engine.ts';
import type { RunFinished } from '../../../migrate/contract/event.ts';
import type { GoogleReply } from '../../google/request.ts';
import { createAttemptLines, type AttemptLines } from './attempt-lines.ts';
import type { CloudRunContext } from './context.ts';
import type { RunExecution } from './resources.ts';

/** What is known about one execution while it is followed. */
export interface FollowState {
  readonly ref: RunRef;
  readonly decoder: AttemptLines;
  /** The execution as last seen; absent when it was never seen. */
  execution?: RunExecution;
  /** Whether the execution can be read. While it is forbidden, only its lines show its progress. */
  access: 'visible' | 'forbidden' | 'deleted';
  /** Since when, on the monotonic clock, and how many times in a row it was not found. */
  missing?: { readonly since: number; readonly times: number };
  /** True once this process has asked the platform to cancel it. */
  cancelRequested?: boolean;
  /** True when its lines are its product: a gap is waited for to the end. Absent: not known yet. */
  readOnly?: boolean;
  firstLineSeen: boolean;
  /** Other output of the container, kept until the runner's first line. */
  containerOutput: readonly string[];
  /** Where the next read of the log starts, in milliseconds since 1970. */
  since?: number;
  finished?: RunFinished;
  /** Problems with reading. */
  findings: readonly Finding[];
  /** True while the log must not be read. */
  logForbidden?: boolean;
  /** The number of refused reads in a row. An exhausted quota and an answer that is late do not count. */
  refusedReads: number;
  /** True: lines are missing, and the wait for them is over. */
  waitExpired: boolean;
  /** When Google last answered, on the monotonic clock. */
  lastReplyAt: number;
  /** When the execution was last asked for, on the monotonic clock. */
  polledAt?: number;
}

/** Starts to follow an execution. */
export function createFollowState(context: CloudRunContext, ref: RunRef): FollowState {
  return {
    ref,
    decoder: createAttemptLines(ref.run, context.hashing),
    access: 'visible',
    firstLineSeen: false,
    containerOutput: [],
    findings: [],
    refusedReads: 0,
    waitExpired: false,
    lastReplyAt: performance.now(),
  };
}

/** True when Google has not answered for so long that following the execution ends. */
export function isUnreachable({ timeouts }: CloudRunContext, { lastReplyAt }: FollowState): boolean {
  return performance.now() - lastReplyAt > timeouts.unreachableMs;
}

/** Notes the time of each reply by which Google shows that it can be reached. */
export function noteReply(state: FollowState, reply: GoogleReply): void {
  if (reply.ok || (!reply.error.lost && reply.error.status < 500)) state.lastReplyAt = performance.now();
}

/** Waits until the execution may be asked for again, and notes that it is. */
export async function pollTurn({ timeouts }: CloudRunContext, state: FollowState): Promise<void> {
  const passed = state.polledAt === undefined ? Infinity : performance.now() - state.polledAt;
  if (passed < timeouts.pollMs) await sleep(timeouts.pollMs - passed);
  state.polledAt = performance.now();
}
