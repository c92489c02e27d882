/** How considerate a run is of those who work in the database at the same time. */
export interface LockPolicy {
  /** How long a migration may go on trying for locks that stall others, all tries and the pauses between, in milliseconds. */
  readonly budgetMs: number;
  /** How long one wait for old transactions may last that stalls nobody (concurrent builds, VALIDATE), in milliseconds. */
  readonly concurrentMs: number;
  /** More sessions than this that wait behind ours make it step back and try later. */
  readonly waiters: number;
  /** The wait for the first lock that stalls others, when it may be longer than {@link shortWaitMs}, in milliseconds. */
  readonly firstMs?: number;
}

/** What holds where nobody says otherwise. */
export const defaultLockPolicy: LockPolicy = { budgetMs: 300_000, concurrentMs: 1_800_000, waiters: 10 };

/**
 * The longest wait for a lock that stalls readers or writers, and for any lock while such a one is held, in
 * milliseconds: what a person at a screen does not notice yet.
 */
export const shortWaitMs: number = 150;

/** The longest wait for a lock of what stalls nobody, in milliseconds. */
export const usualWaitMs: number = 30_000;

const shortTries = 5;
const longestFirstMs = 1000;

/**
 * How long the first strong lock may be waited for in this try, where only short transactions are in the way: on a table
 * on which there is always one of them, a short wait never ends well, and waiting as long as they last stalls others no
 * longer than that.
 *
 * @param attempt number of the try to come
 * @returns milliseconds; undefined: as short as ever
 */
export function firstWait(attempt: number): number | undefined {
  const doublings = attempt - shortTries - 1;
  return doublings <= 0 ? undefined : Math.min(shortWaitMs * 2 ** doublings, longestFirstMs);
}
