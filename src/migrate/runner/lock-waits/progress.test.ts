import { expect, test } from 'vitest';
import { createProgressMeter } from './progress.ts';

const at = (phase: string, done: number, command = 'CREATE INDEX CONCURRENTLY') => ({
  command,
  object: 'i',
  phase,
  done,
  total: 100,
});

test('a build gets on from phase to phase', () => {
  const meter = createProgressMeter();
  const percents = [
    at('initializing', 0),
    at('building index: scanning table', 50),
    at('building index: loading tuples in tree', 100),
    at('waiting for writers before validation', 0),
    at('index validation: scanning table', 50),
    at('waiting for old snapshots', 0),
  ].map((state) => meter.take(state, 0).percent);
  expect(percents).toEqual([null, 22, 70, 70, 90, 98]);
  expect(meter.take(at('building index: scanning table', 100, 'CREATE INDEX'), 0).percent).toBe(65);
});

test('what is left follows the pace so far, and waits do not slow it down', () => {
  const meter = createProgressMeter();
  expect(meter.take(at('building index: scanning table', 0), 0).leftMs).toBeNull();
  expect(meter.take(at('building index: loading tuples in tree', 0), 10_000)).toEqual({ percent: 50, leftMs: 10_000 });
  meter.take(at('building index: loading tuples in tree', 100), 14_000);
  meter.take(at('waiting for writers before validation', 0), 14_000);
  expect(meter.take(at('waiting for writers before validation', 0), 600_000)).toEqual({ percent: 70, leftMs: 6000 });
});

test('another index begins anew', () => {
  const meter = createProgressMeter();
  meter.take(at('building index: scanning table', 0), 0);
  meter.take(at('building index: scanning table', 100), 10_000);
  expect(meter.take({ ...at('building index: scanning table', 0), object: 'j' }, 20_000)).toEqual({
    percent: 0,
    leftMs: null,
  });
});
