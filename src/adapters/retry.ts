import { setTimeout as sleep } from 'node:timers/promises';

/**
 * The pause before the next try: doubling, at most `capMs`, and random in its upper half, so that many waiting clients
 * do not return together.
 *
 * @param attempt how many tries there have been, from 1
 * @param random from 0 to 1
 */
export function backoff(attempt: number, random: number, capMs = 8_000, firstMs = 250): number {
  const longest = Math.min(capMs, firstMs * 2 ** (attempt - 1));
  return Math.round(longest / 2 + (longest / 2) * random);
}

/** The value of `Retry-After` in milliseconds: the header holds seconds, or a date. */
export function retryAfterMs(header: string | null | undefined): number | undefined {
  if (header === null || header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Number(header) * 1_000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** How often and how long an operation is polled. */
export interface PollTimeouts {
  /** First pause, in milliseconds; it grows up to ten times. */
  readonly pollMs: number;
  /** In milliseconds. */
  readonly budgetMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Polls until there is an answer.
 *
 * @param ask returns undefined while there is no answer
 * @returns undefined when the budget is spent or the signal is aborted
 */
export async function pollUntil<T>(timeouts: PollTimeouts, ask: () => Promise<T | undefined>): Promise<T | undefined> {
  const deadline = performance.now() + timeouts.budgetMs;
  for (let pause = timeouts.pollMs; ; pause = Math.min(pause * 1.3, timeouts.pollMs * 10)) {
    if (timeouts.signal?.aborted === true) return undefined;
    const answer = await ask();
    if (answer !== undefined || performance.now() + pause > deadline) return answer;
    await sleep(pause, undefined, timeouts.signal === undefined ? {} : { signal: timeouts.signal }).catch(() => {});
  }
}
