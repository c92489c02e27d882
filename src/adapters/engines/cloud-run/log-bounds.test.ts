import { expect, test } from 'vitest';
import { createRunId } from '../../../project/run-id.ts';
import { logBounds, loggedBounds, widerBounds } from './log-bounds.ts';
import { logLink } from './log-link.ts';

const at = Date.parse('2026-03-04T05:06:07Z');
const minutes = (count: number): number => count * 60_000;

test('F1: a search begins some minutes before the run was named, and never with the oldest entry of the log', () => {
  expect(logBounds(createRunId(at))).toEqual({ from: at - minutes(10) });
  expect(logBounds(createRunId(at).toLowerCase())).toEqual({ from: at - minutes(10) });
  expect(logBounds(createRunId(Date.now() + minutes(60))).from).toBeLessThanOrEqual(Date.now() - minutes(10));
  expect(logBounds('r1').from).toBeGreaterThan(Date.now() - minutes(9 * 24 * 60));
});

test('F1: the creation and the end of the execution bound it by the clock of the platform', () => {
  const execution = { createTime: '2026-03-04T05:00:00Z', completionTime: '2026-03-04T06:00:00Z' };
  expect(logBounds(createRunId(at), execution)).toEqual({
    from: Date.parse('2026-03-04T04:59:00Z'),
    until: Date.parse('2026-03-04T07:00:00Z'),
  });
});

test('F1: the lines of a run that is long over are searched around its time', () => {
  const { from, until } = loggedBounds(createRunId(at), '2026-03-04T05:20:00Z');
  expect([from, until]).toEqual([at - minutes(10), Date.parse('2026-03-04T06:30:00Z')]);
  expect(loggedBounds(createRunId(at), undefined).until).toBeLessThan(at + minutes(9 * 24 * 60));
});

test('F1: the second search is a day wider on both sides', () => {
  const day = minutes(24 * 60);
  expect(widerBounds({ from: at, until: at + 1 })).toEqual({ from: at - day, until: at + 1 + day });
  expect(widerBounds({ from: at })).toEqual({ from: at - day });
});

test('U2: the link to the log opens the view that has the lines, in its project', () => {
  const place = { project: 'acme-dev', region: 'us-central1', job: 'j', execution: 'e' };
  const view = 'projects/acme-logs/locations/global/buckets/jobs/views/_AllLogs';
  expect(logLink(place, undefined)).toMatch(/\?project=acme-dev$/);
  expect(logLink(place, undefined, [view])).toContain(
    `;storageScope=storage,${encodeURIComponent(view)}?project=acme-logs`,
  );
});
