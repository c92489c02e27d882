import { expect, test } from 'vitest';
import { serverUrl } from '../../support/database.ts';
import { kill, reset, terminate } from '../harness/faults.ts';
import { togetherCopySet, togetherSet } from '../harness/migration-set.ts';
import { runnerPointsOf } from '../harness/points.ts';
import { godwitTogether } from '../harness/tool.ts';
import { enumerate, onePointOf } from './enumerate.ts';

test('all in one transaction: killed at any of a third of the points, all of it is there or nothing, and the next run goes on', async () => {
  // With data each message waits for the answer before it, so that a commit too early would show at the next point.
  const { startProcess: start } = godwitTogether;
  const how = { tool: godwitTogether, set: togetherCopySet, start, points: runnerPointsOf };
  const { cases, wrong, missed, exits } = await enumerate(serverUrl(18), kill, { ...how, ...onePointOf(3) });
  expect(wrong).toEqual([]);
  expect(missed).toEqual([]);
  expect(cases).toBeGreaterThan(10);
  expect(exits).toEqual({ 'killed 0': cases });
}, 1_800_000);

test('the same in a pipeline, where the connection is reset: no exit code lies', async () => {
  const how = { tool: godwitTogether, set: togetherSet };
  const { cases, wrong, missed, exits } = await enumerate(serverUrl(18), reset, { ...how, ...onePointOf(3) });
  expect(wrong).toEqual([]);
  expect(missed).toEqual([]);
  expect(cases).toBeGreaterThan(20);
  expect(Object.keys(exits).filter((key) => !['0 0', '30 0'].includes(key))).toEqual([]);
}, 1_800_000);

test('the same where its sessions are terminated', async () => {
  const how = { tool: godwitTogether, set: togetherSet, points: runnerPointsOf, ...onePointOf(2) };
  const { cases, wrong, missed, exits } = await enumerate(serverUrl(15), terminate, how);
  expect(wrong).toEqual([]);
  expect(missed).toEqual([]);
  expect(cases).toBeGreaterThan(10);
  expect(Object.keys(exits).filter((key) => !['0 0', '30 0'].includes(key))).toEqual([]);
}, 1_800_000);
