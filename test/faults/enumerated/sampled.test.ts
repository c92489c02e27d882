import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startEmbedded } from '../../../src/adapters/embedded/server.ts';
import { serverUrl } from '../../support/database.ts';
import { dataFolder } from '../../support/folder.ts';
import * as faults from '../harness/faults.ts';
import { runnerPointsOf } from '../harness/points.ts';
import { godwit, godwitCommand } from '../harness/tool.ts';
import { must } from '../harness/workbench.ts';
import { enumerate } from './enumerate.ts';

test('the network swallows everything for a while, at every twelfth point: no exit code lies, and `up` again does', async () => {
  const { cases, wrong } = await enumerate(serverUrl(15), faults.silence(300), { every: 12, workers: 8 });
  expect(wrong).toEqual([]);
  expect(cases).toBeGreaterThan(15);
}, 600_000);

test('the runner is frozen at every ninth point while another one tries: each statement once', async () => {
  const how = { start: godwit.startProcess, points: runnerPointsOf, every: 9, overlaps: true };
  const { cases, wrong } = await enumerate(serverUrl(18), faults.freeze, how);
  expect(wrong).toEqual([]);
  expect(cases).toBeGreaterThan(10);
}, 600_000);

test('a frozen runner whose sessions were ended, and that wakes up when another one is through, changes nothing', async () => {
  const how = { start: godwit.startProcess, points: runnerPointsOf, every: 9, overlaps: true };
  const { cases, wrong } = await enumerate(serverUrl(15), faults.freezeAndTerminate, how);
  expect(wrong).toEqual([]);
  expect(cases).toBeGreaterThan(10);
}, 600_000);

test('the server crashes at every eighth point: what was told as applied is there, and nothing is there twice', async () => {
  const dataDir = dataFolder('crash');
  // Nothing is worth a flush to the disk, but what was committed must outlive the crash, unlike on the shared servers.
  const settings = { fsync: 'off', full_page_writes: 'off', autovacuum: 'off' };
  const server = must(await startEmbedded({ dataDir, major: 18, settings }));
  try {
    const how = { points: runnerPointsOf, every: 8, workers: 1 };
    const { cases, wrong } = await enumerate(server.url, faults.crash, how);
    expect(wrong).toEqual([]);
    expect(cases).toBeGreaterThan(15);
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}, 600_000);

test('the command itself is killed at every eighth point: the same command goes on, and its ledger stands in nobody’s way', async () => {
  const how = { tool: godwitCommand, points: runnerPointsOf, every: 8 };
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
