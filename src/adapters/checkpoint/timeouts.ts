import { setTimeout as sleep } from 'node:timers/promises';

/** How often and how long it is asked. */
export interface Patience {
  /** First pause, in milliseconds; it grows up to ten times. */
  readonly pollMs: number;
  /** In milliseconds. */
  readonly budgetMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Asks until there is an answer.
 *
 * @param ask undefined: not yet
 * @returns undefined when the budget is spent or the signal aborted
 */
export async function untilAnswered<T>(timeouts: Patience, ask: () => Promise<T | undefined>): Promise<T | undefined> {
  const deadline = performance.now() + timeouts.budgetMs;
  for (let pause = timeouts.pollMs; ; pause = Math.min(pause * 1.3, timeouts.pollMs * 10)) {
    if (timeouts.signal?.aborted === true) return undefined;
    const answer = await ask();
    if (answer !== undefined || performance.now() + pause > deadline) return answer;
    await sleep(pause, undefined, timeouts.signal === undefined ? {} : { signal: timeouts.signal }).catch(() => {});
  }
}
