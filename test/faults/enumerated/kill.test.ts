import { expect, test } from 'vitest';
import { serverUrl } from '../../support/database.ts';
import { godwit } from '../harness/tool.ts';
import { kill } from '../harness/faults.ts';
import { runnerPointsOf } from '../harness/points.ts';
import { enumerate, halfOfPoints } from './enumerate.ts';

test('its process is killed before or after a message, any of half of them: the next run goes on, and everything is applied once and recorded', async () => {
  const options = { start: godwit.startProcess, points: runnerPointsOf, ...halfOfPoints() };
  const { cases, wrong, missed, exits } = await enumerate(serverUrl(18), kill, options);
  expect(wrong).toEqual([]);
  expect(missed).toEqual([]);
  expect(cases).toBeGreaterThan(50);
  expect(exits).toEqual({ 'killed 0': cases });
}, 1_800_000);
