import { expect, test } from 'vitest';
import { serverUrl } from '../support/database.ts';
import { mixedSet } from './harness/migration-set.ts';
import { runCase, takeReference } from './harness/one-case.ts';
import { sequenceOf } from './harness/sequence.ts';
import { godwit } from './harness/tool.ts';
import { openWorkbench } from './harness/workbench.ts';

// Random histories of faults that once ended wrong (`npm run faults -- --seed N --count 1`).

test.each([
  [
    5029,
    'a column of a partly applied migration is recorded as its own when the connection is lost before the description',
  ],
])(
  'seed %i: %s',
  async (seed) => {
    await using bench = await openWorkbench(serverUrl(18), mixedSet);
    const reference = await takeReference(bench, godwit);
    const { length } = reference.passed.filter(({ direction }) => direction === 'frontend');
    const lengths = { frontend: length, backend: reference.passed.length - length };
    const { disturbed } = sequenceOf(seed, godwit, lengths);
    const { wrong, struck } = await runCase(bench, { tool: godwit, reference }, disturbed);
    expect(wrong).toEqual([]);
    expect(struck).toBeGreaterThan(0);
  },
  180_000,
);
