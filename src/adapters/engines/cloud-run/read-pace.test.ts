import { expect, test } from 'vitest';
import { defaultEngineTimeouts } from './context.ts';
import { createReadPace } from './read-pace.ts';

const minute = 60_000;

/**
 * The times of all reads in ten minutes, by the real limits and a clock that is only moved: pages of the ledger, then
 * the lines of the run, and the last read of its execution.
 */
function readsOf(nextPauseMs: (waitMs: number, count: number) => number, ledgerPages = 0): readonly number[] {
  const { burst, everyMs } = defaultEngineTimeouts.reads;
  let now = 0;
  const pace = createReadPace({ burst, everyMs }, () => now);
  const times: number[] = [];
  for (let page = 1; page <= ledgerPages; page += 1) {
    // The pace would not wait longer.
    now += page < burst ? 1 : everyMs;
    void pace.turn();
    times.push(now);
  }
  while (now < 10 * minute) {
    now += Math.max(pace.waitMs(), nextPauseMs(pace.waitMs(), times.length), 1);
    void pace.turn();
    times.push(now);
  }
  void pace.turn({ last: true });
  return [...times, now];
}

/** The largest number of reads in any minute from a time on. */
function mostAMinute(times: readonly number[], from = 0): number {
  const counts = times.map((start) =>
    start < from ? 0 : times.filter((time) => time >= start && time < start + minute).length,
  );
  return Math.max(...counts);
}

test('F13: a run that talks all the time is read at most 18 times in any minute, and every five seconds', () => {
  const times = readsOf(() => 0);
  expect(mostAMinute(times)).toBeLessThanOrEqual(18);
  expect(mostAMinute(times, minute)).toBeLessThanOrEqual(13);
  expect(mostAMinute(times, minute)).toBeGreaterThanOrEqual(11);
  // The beginning is shown at once.
  expect(times.filter((time) => time < 2_000).length).toBeGreaterThanOrEqual(3);
});

test('F13: three runs at once, with the ledger and the last reads of each, stay below 60 in any minute', () => {
  const talking = readsOf(() => 0, 6);
  const quiet = readsOf((_, count) => Math.min(5_000, 150 * 1.6 ** count), 6);
  const bursts = readsOf((_, count) => (count % 7 === 0 ? 20_000 : 150), 6);
  expect(mostAMinute([...talking, ...quiet, ...bursts])).toBeLessThanOrEqual(60);
});

test('F13: the last read of an execution has one in reserve, and an exhausted quota is given time', () => {
  let now = 0;
  const pace = createReadPace({ burst: 3, everyMs: 1_000 }, () => now);
  void pace.turn();
  void pace.turn();
  expect([pace.waitMs(), pace.waitMs(true)]).toEqual([1_000, 0]);
  pace.exhausted();
  expect([pace.waitMs(), pace.waitMs(true)]).toEqual([2_000, 1_000]);
  now += 60_000;
  expect(pace.waitMs()).toBe(0);
});
