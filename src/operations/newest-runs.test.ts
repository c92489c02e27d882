import { expect, test } from 'vitest';
import type { RunRow } from '../migrate/contract/history-rows.ts';
import { isIdle, newestShown, withoutIdle } from './newest-runs.ts';

const row = (more: Partial<RunRow>): RunRow => ({
  run: '01A',
  command: 'up',
  outcome: 'busy',
  exitCode: 20,
  by: '',
  from: '',
  commit: '',
  tool: '',
  planHash: '',
  checkpoint: '',
  startedAt: '',
  finishedAt: '',
  ms: 0,
  applied: 0,
  failure: 'busy: Another run holds the database.',
  ...more,
});

test.each<[string, boolean, Partial<RunRow>]>([
  ['a run that never got the database', true, {}],
  ['a run that did not reach it', true, { outcome: 'unreachable', failure: 'unreachable: refused' }],
  ['a refused command', true, { command: 'exec', outcome: 'refused', about: { words: ['x'], seq: 0 } }],
  ['a run that was taken over', false, { failure: 'taken-over: The other run raised the epoch.' }],
  ['a run that was taken over after another fault', false, { failure: 'statement-failed: x; taken-over: y' }],
  ['a migration that was lost half-way', false, { outcome: 'unreachable', failedAt: { migration: '3' } }],
  ['a command that was ended half-way', false, { command: 'exec', about: { words: ['x'], seq: 0 } }],
  ['a run that applied something', false, { applied: 1 }],
])('%s: left out of the list is %s', (_, idle, more) => {
  expect(isIdle(row(more))).toBe(idle);
  expect(withoutIdle([row(more)], 20).hidden).toBe(idle ? 1 : 0);
});

test('`last` is the newest run that the list shows, and says how many runs it looked at', () => {
  const idle = Array.from({ length: 99 }, () => row({}));
  const whyOf = (runs: readonly RunRow[]) => {
    const found = newestShown(runs, 100);
    return found.ok ? found.value : found.findings[0]?.why;
  };
  expect(whyOf(idle)).toBe('No run has changed anything yet.');
  expect(whyOf([...idle, row({})])).toMatch(/^None of the newest 100 runs has changed anything/);
  expect(whyOf([...idle, row({ run: '01B', applied: 2 })])).toBe('01B');
});
