import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startEmbedded } from '../../../src/adapters/embedded/server.ts';
import { serverUrl } from '../../support/database.ts';
import { dataFolder } from '../../support/folder.ts';
import * as faults from '../harness/faults.ts';
import { runnerPointsOf } from '../harness/points.ts';
import { godwit, godwitCommand } from '../harness/tool.ts';
import { must } from '../harness/workbench.ts';
import { enumerate, onePointOf } from './enumerate.ts';

test('the network swallows everything for a while, at one point in 18: no exit code lies, and `up` again does', async () => {
  const { cases, wrong } = await enumerate(serverUrl(15), faults.silence(300), { ...onePointOf(18), workers: 8 });
  expect(wrong).toEqual([]);
  expect(cases).toBeGreaterThan(10);
}, 600_000);

test('the runner is frozen at one point in 14 while another one tries: each statement once', async () => {
  const how = { start: godwit.startProcess, points: runnerPointsOf, ...onePointOf(14), overlaps: true };
  const { cases, wrong } = await enumerate(serverUrl(18), faults.freeze, how);
  expect(wrong).toEqual([]);
  expect(cases).toBeGreaterThan(7);
}, 600_000);

test('a frozen runner whose sessions were ended, and that wakes up when another one is through, changes nothing', async () => {
  const how = { start: godwit.startProcess, points: runnerPointsOf, ...onePointOf(14), overlaps: true };
  const { cases, wrong } = await enumerate(serverUrl(15), faults.freezeAndTerminate, how);
  expect(wrong).toEqual([]);
  expect(cases).toBeGreaterThan(10);
}, 600_000);

test('the server crashes at one point in 12: what was told as applied is there, and nothing is there twice', async () => {
  const dataDir = dataFolder('crash');
  // Nothing is worth a flush to the disk, but what was committed must outlive the crash, unlike on the shared servers.
  const settings = { fsync: 'off', full_page_writes: 'off', autovacuum: 'off' };
  const server = must(await startEmbedded({ dataDir, major: 18, settings }));
  try {
    const how = { points: runnerPointsOf, ...onePointOf(12), workers: 1 };
    const { cases, wrong } = await enumerate(server.url, faults.crash, how);
    expect(wrong).toEqual([]);
    expect(cases).toBeGreaterThan(10);
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}, 600_000);

test('the command itself is killed at one point in 12: the same command goes on, and its ledger stands in nobody’s way', async () => {
  const how = { tool: godwitCommand, points: runnerPointsOf, ...onePointOf(12) };
  const { cases, wrong, exits } = await enumerate(serverUrl(18), faults.kill, how);
  expect(wrong).toEqual([]);
  expect(exits).toEqual({ 'killed 0': cases });
}, 600_000);

test('a slow wire is no fault: everything is applied in one attempt', async () => {
  const how = { every: 90, pace: { delayMs: 5, bytesPerSecond: 200_000 } };
  const { wrong, exits } = await enumerate(serverUrl(18), () => {}, how);
  expect(wrong).toEqual([]);
  expect(Object.keys(exits)).toEqual(['0 0']);
}, 600_000);
