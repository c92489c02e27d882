/** How considerate a run is of other sessions in the database. */
export interface LockPolicy {
  /**
   * How long a migration may keep trying to acquire locks that stall others, in milliseconds: all tries and the pauses
   * between them.
   */
  readonly budgetMs: number;
  /** The longest wait for old transactions that stalls nobody (concurrent builds, VALIDATE), in milliseconds. */
  readonly concurrentMs: number;
  /** If more sessions than this wait behind ours, it steps back and tries later. */
  readonly waiters: number;
  /** The wait for the first lock that stalls others, if it may exceed {@link shortWaitMs}, in milliseconds. */
  readonly firstMs?: number;
}

/** The default policy. */
export const defaultLockPolicy: LockPolicy = { budgetMs: 300_000, concurrentMs: 1_800_000, waiters: 10 };

/**
 * The longest wait, in milliseconds, for a lock that stalls readers or writers, and for any lock while such a lock is
 * held: too short for a person at a screen to notice.
 */
export const shortWaitMs: number = 150;

/** The longest wait for a lock by a statement that stalls nobody, in milliseconds. */
export const usualWaitMs: number = 30_000;

const shortTries = 5;
const longestFirstMs = 1000;

/**
 * How long this try may wait for the first strong lock when only short transactions block it. On a table that always
 * has one of them, a short wait never succeeds, and waiting as long as they last stalls others no longer than they do.
 *
 * @param attempt number of the next try
 * @returns milliseconds; undefined: the usual short wait
 */
export function firstWait(attempt: number): number | undefined {
  const doublings = attempt - shortTries - 1;
  return doublings <= 0 ? undefined : Math.min(shortWaitMs * 2 ** doublings, longestFirstMs);
}
