import { expect, test } from 'vitest';
import { serverUrl } from '../../support/database.ts';
import { kill, terminate } from '../harness/faults.ts';
import { partsSet } from '../harness/migration-set.ts';
import { runnerPointsOf } from '../harness/points.ts';
import { godwit } from '../harness/tool.ts';
import { enumerate, onePointOf } from './enumerate.ts';

test('files with transactions of their own: killed at any of half the points, each part is applied once and recorded', async () => {
  const options = { set: partsSet, start: godwit.startProcess, points: runnerPointsOf, ...onePointOf(2) };
  const { cases, wrong, missed, exits } = await enumerate(serverUrl(18), kill, options);
  expect(wrong).toEqual([]);
  expect(missed).toEqual([]);
  expect(cases).toBeGreaterThan(10);
  expect(exits).toEqual({ 'killed 0': cases });
}, 1_800_000);

test('the same where its sessions are terminated: no exit code lies', async () => {
  const { cases, wrong, missed, exits } = await enumerate(serverUrl(15), terminate, {
    set: partsSet,
    points: runnerPointsOf,
    ...onePointOf(2),
  });
  expect(wrong).toEqual([]);
  expect(missed).toEqual([]);
  expect(cases).toBeGreaterThan(10);
  expect(Object.keys(exits).filter((key) => !['0 0', '30 0'].includes(key))).toEqual([]);
}, 1_800_000);
