import { expect, test } from 'vitest';
import { testFiles } from './test-files.ts';

const sleep = /await new Promise(?:<void>)?\(\((\w+)\) => (?:void )?setTimeout\(\1\b|from 'node:timers\/promises'/;

test('no test sleeps: it waits for a state (`until`), or says what the time is for (`elapse`)', () => {
  const asleep = testFiles().flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => (sleep.test(line) ? [`${path}:${index + 1}`] : [])),
  );
  expect(asleep).toEqual([]);
});
