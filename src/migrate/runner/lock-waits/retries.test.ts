import { expect, test } from 'vitest';
import { createRetries, type RetryCause } from './retries.ts';

const failure = (migration: string, atMs: number, cause: RetryCause = 'timeout', fromZero = false) => ({
  migration,
  cause,
  fromZero,
  atMs,
});

test('pauses grow up to a limit, and are scattered around it', () => {
  const pauses = (random: number): readonly number[] => {
    const retries = createRetries(1_000_000, () => random);
    return Array.from({ length: 12 }, (_, n) => {
      const decision = retries.after(failure('1', n));
      return decision.again ? Math.round(decision.pauseMs) : -1;
    });
  };
  expect(pauses(0.5)).toEqual([300, 450, 675, 1013, 1519, 2278, 3417, 5126, 7689, 10_000, 10_000, 10_000]);
  expect([pauses(0)[0], pauses(1)[0]]).toEqual([150, 450]);
});

test('the budget begins with the first failure of a migration, and its end is used for one last try', () => {
  const retries = createRetries(1000, () => 0.5);
  expect(retries.after(failure('1', 50_000))).toMatchObject({ again: true, attempt: 2, spentMs: 0 });
  expect(retries.after(failure('1', 50_900))).toMatchObject({ again: true, attempt: 3, pauseMs: 100 });
  expect(retries.after(failure('1', 51_200))).toEqual({ again: false, attempts: 3, spentMs: 1200 });
  expect(retries.after(failure('2', 51_200))).toMatchObject({ again: true, attempt: 2 });
});

test('a deadlock is tried again three times, a build that starts from zero five times', () => {
  const answers = (cause: RetryCause, fromZero: boolean): readonly boolean[] => {
    const retries = createRetries(1_000_000, () => 0.5);
    return Array.from({ length: 7 }, () => retries.after(failure('1', 0, cause, fromZero)).again);
  };
  expect(answers('deadlock', false)).toEqual([true, true, true, false, false, false, false]);
  expect(answers('timeout', true)).toEqual([true, true, true, true, true, false, false]);
});
