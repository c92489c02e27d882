/** How considerate a run is of those who work in the database at the same time. */
export interface LockTerms {
  /** How long a migration may go on trying for locks that stall others, all tries and the pauses between, in milliseconds. */
  readonly budgetMs: number;
  /** How long one wait for old transactions may last that stalls nobody (concurrent builds, VALIDATE), in milliseconds. */
  readonly concurrentMs: number;
  /** More sessions than this that wait behind ours make it step back and try later. */
  readonly waiters: number;
}

/** What holds where nobody says otherwise. */
export const defaultLockTerms: LockTerms = { budgetMs: 300_000, concurrentMs: 1_800_000, waiters: 10 };

/**
 * The longest wait for a lock that stalls readers or writers, and for any lock while such a one is held, in
 * milliseconds: what a person at a screen does not notice yet.
 */
export const shortWaitMs: number = 150;
