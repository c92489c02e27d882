import { expect, test } from 'vitest';
import { serverUrl } from '../../support/database.ts';
import { reset } from '../harness/faults.ts';
import { enumerate, onePointOf } from './enumerate.ts';

test('the connection is reset before or after a message, any of a third of them: everything is applied once and recorded, no exit code lies', async () => {
  const { cases, wrong, missed, exits } = await enumerate(serverUrl(18), reset, onePointOf(3));
  expect(wrong).toEqual([]);
  expect(missed).toEqual([]);
  expect(cases).toBeGreaterThan(60);
  // The runner makes the connection again by itself, unless it never had one.
  expect(Object.keys(exits).sort()).toEqual(['0 0', '30 0']);
  expect(exits['30 0']).toBeLessThan(cases / 10);
}, 1_800_000);
