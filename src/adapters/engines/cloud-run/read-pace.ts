import { setTimeout as sleep } from 'node:timers/promises';

/** How often a log may be read. Every page counts. */
export interface ReadLimits {
  /** Reads that may follow each other quickly. */
  readonly burst: number;
  /** After them, one read is allowed in this time, in milliseconds. */
  readonly everyMs: number;
}

/** Paces the reads of one controller, because all readers of a project share its quota. */
export interface ReadPace {
  /** How long to wait before the next read, in milliseconds. The last read of an execution has one in reserve. */
  waitMs(last?: boolean): number;
  /** Waits until the next read is allowed, and counts it. */
  turn(options?: { readonly last?: boolean; readonly signal?: AbortSignal }): Promise<void>;
  /** The quota is exhausted: the next read is due only after the full time. */
  exhausted(): void;
}

/**
 * Allows at most `burst` reads and one more in each `everyMs`: with 6 and 5 s, 18 in any minute. Pauses grow while the
 * burst is used up, so that the beginning of a run is shown at once and a long run is shown steadily.
 *
 * @param now monotonic clock in milliseconds
 */
export function createReadPace({ burst, everyMs }: ReadLimits, now = (): number => performance.now()): ReadPace {
  let left = burst;
  let at = now();
  const refill = (): void => {
    const moment = now();
    left = Math.min(burst, left + (moment - at) / everyMs);
    at = moment;
  };
  const waitMs = (last = false): number => {
    refill();
    const needed = last ? 1 : 2;
    return left >= needed ? 0 : Math.ceil((needed - left) * everyMs);
  };
  return {
    waitMs(last = false) {
      const hard = waitMs(last);
      const used = 1 - left / burst;
      return last ? hard : Math.max(hard, everyMs * used * used);
    },
    async turn({ last = false, signal } = {}) {
      for (let ms = waitMs(last); ms > 0; ms = waitMs(last)) {
        if (signal?.aborted === true) break;
        await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {});
      }
      left -= 1;
    },
    exhausted() {
      refill();
      left = Math.min(left, 0);
    },
  };
}
