import { expect, test } from 'vitest';
import { serverUrl } from '../../support/database.ts';
import { terminate } from '../harness/faults.ts';
import { runnerPointsOf } from '../harness/points.ts';
import { enumerate, onePointOf } from './enumerate.ts';

test('its sessions are terminated before or after a message, any of a third of them: everything is applied once and recorded, no exit code lies', async () => {
  const { cases, wrong, missed, exits } = await enumerate(serverUrl(15), terminate, {
    points: runnerPointsOf,
    ...onePointOf(3),
  });
  expect(wrong).toEqual([]);
  expect(missed).toEqual([]);
  expect(cases).toBeGreaterThan(35);
  expect(Object.keys(exits).filter((key) => !['0 0', '30 0'].includes(key))).toEqual([]);
}, 1_800_000);
