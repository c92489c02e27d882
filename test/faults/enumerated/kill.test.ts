import { expect, test } from 'vitest';
import { serverUrl } from '../../support/database.ts';
import { godwit } from '../harness/tool.ts';
import { kill } from '../harness/faults.ts';
import { runnerPointsOf } from '../harness/points.ts';
import { enumerate, onePointOf } from './enumerate.ts';

test('its process is killed before or after a message, any of a third of them: the next run goes on, and everything is applied once and recorded', async () => {
  const options = { start: godwit.startProcess, points: runnerPointsOf, ...onePointOf(3) };
  const { cases, wrong, missed, exits } = await enumerate(serverUrl(18), kill, options);
  expect(wrong).toEqual([]);
  expect(missed).toEqual([]);
  expect(cases).toBeGreaterThan(35);
  expect(exits).toEqual({ 'killed 0': cases });
}, 1_800_000);
