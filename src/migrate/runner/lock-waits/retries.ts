/** Why a migration without an error of its own is tried again. */
export type RetryCause = 'timeout' | 'deadlock' | 'crowd' | 'conflict';

/** The decision after a failed try: pause and try again, or give up. */
type Decision =
  | { readonly again: true; readonly attempt: number; readonly pauseMs: number; readonly spentMs: number }
  | { readonly again: false; readonly attempts: number; readonly spentMs: number };

/** Decides, for the migration that is being applied, whether it is tried again and when. */
export interface Retries {
  after(failure: RetriedFailure): Decision;
}

interface RetriedFailure {
  readonly migration: string;
  readonly cause: RetryCause;
  /** True: the failed build starts from zero each time. */
  readonly fromZero: boolean;
  readonly atMs: number;
}

/** A deadlock with the application recurs as long as both behave the same. */
const mostDeadlocks = 3;
/** A build that starts from zero each time is not restarted endlessly. */
const mostBuilds = 5;
const firstPauseMs = 300;
const longestPauseMs = 10_000;
const growth = 1.5;

/**
 * Growing, randomised pauses, so that runs that wait for the same table do not collide again, within a budget that
 * begins with the first failure of a migration.
 *
 * @param random from 0 to 1
 */
export function createRetries(budgetMs: number, random: () => number): Retries {
  let migration: string | undefined;
  let since = 0;
  let tries = 0;
  let deadlocks = 0;
  return {
    after(failure) {
      if (failure.migration !== migration) {
        migration = failure.migration;
        since = failure.atMs;
        tries = deadlocks = 0;
      }
      tries += 1;
      if (failure.cause === 'deadlock') deadlocks += 1;
      const spentMs = failure.atMs - since;
      const hopeless = deadlocks > mostDeadlocks || (failure.fromZero && tries > mostBuilds);
      if (hopeless || spentMs >= budgetMs) return { again: false, attempts: tries, spentMs };
      const grown = Math.min(firstPauseMs * growth ** (tries - 1), longestPauseMs);
      const pauseMs = Math.min((0.5 + random()) * grown, budgetMs - spentMs);
      return { again: true, attempt: tries + 1, pauseMs, spentMs };
    },
  };
}
