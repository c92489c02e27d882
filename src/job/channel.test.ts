import { expect, test } from 'vitest';
import { nodeHashing } from '../adapters/files/hashing.ts';
import { createRedactor } from '../kit/redact.ts';
import { createLineDecoder } from '../migrate/contract/event-lines.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import type { Change } from '../migrate/contract/model.ts';
import { emitChanges } from '../migrate/runner/verify/emit-changes.ts';
import { createChannel, type ChannelOptions } from './channel.ts';

const run = '01TESTRUN';
const notice = (text: string): RunEvent => ({ kind: 'notice', severity: 'NOTICE', text });
const finished: RunEvent = { kind: 'run.finished', run, outcome: 'done', exitCode: 0, events: 1, ms: 1 };

function reported(events: readonly RunEvent[], options: Partial<ChannelOptions> = {}) {
  const lines: string[] = [];
  const channel = createChannel({
    run,
    hashing: nodeHashing,
    redactor: createRedactor(),
    write: (text) => lines.push(...text.trimEnd().split('\n')),
    reportsAll: true,
    gatherMs: 0,
    ...options,
  });
  for (const event of events) channel.emit(event);
  const decoder = createLineDecoder(run, nodeHashing);
  return { lines, events: lines.flatMap((line) => decoder.push(line)), complete: decoder.complete };
}

test('ten thousand migrations take a few hundred lines, and all of them arrive', () => {
  const many = Array.from({ length: 10_000 }, (_, index): RunEvent => ({
    kind: 'migration.applied',
    id: String(index),
    name: 'a_name_of_usual_length',
    direction: 'up',
    how: 'executed',
    ms: 1,
    statements: 1,
  }));
  const { lines, events, complete } = reported([...many, finished], { gatherMs: 100 });
  expect(lines.length).toBeLessThan(300);
  expect(events).toHaveLength(10_001);
  expect(complete).toBe(true);
});

test('ten thousand changes take a small part of the log, and all of them arrive', () => {
  const changes = Array.from({ length: 10_000 }, (_, index): Change => ({
    change: 'created',
    kind: 'column',
    name: `public.a_table_of_usual_length_${index}.a_column_of_usual_length`,
    migration: '20260102030405',
    within: true,
    hadDrifted: false,
  }));
  const pieces: RunEvent[] = [];
  emitChanges({ emit: (event) => void pieces.push(event) }, changes);
  const { lines, events, complete } = reported([...pieces, finished], { gatherMs: 100 });
  expect(lines.length).toBeLessThan(300);
  for (const line of lines) expect(line.length).toBeLessThan(64 * 1024);
  expect(events.flatMap((event) => (event.kind === 'changes' ? event.changes : []))).toEqual(changes);
  expect(complete).toBe(true);
});

test('when the log is nearly full, chatter is left out, and the end says how much', () => {
  const chatter = Array.from({ length: 500 }, (_, index) => notice(`row ${index}`));
  const { lines, events, complete } = reported([...chatter, finished], { limits: { lines: 100, bytes: 1_000_000 } });
  expect(lines.length).toBeLessThanOrEqual(100);
  expect(complete).toBe(true);
  expect(events.at(-2)).toMatchObject({ kind: 'notice', severity: 'WARNING' });
  expect(events.at(-1)).toMatchObject({ kind: 'run.finished', exitCode: 0, events: events.length });
});

test('an answer that does not fit fails instead of coming in part (`channel-full`)', () => {
  const history: RunEvent = { kind: 'history', rows: [], partial: ['x'.repeat(90_000)] };
  const { events, complete } = reported([history, history, finished], { limits: { lines: 100, bytes: 130_000 } });
  expect(complete).toBe(true);
  expect(events.filter(({ kind }) => kind === 'history')).toHaveLength(1);
  expect(events.at(-2)).toMatchObject({ kind: 'finding', finding: { code: 'channel-full' } });
  expect(events.at(-1)).toMatchObject({ kind: 'run.finished', exitCode: 42, outcome: 'unknown' });
});

test('a run that changed the database keeps its verdict when a part of what it tells does not fit', () => {
  const history: RunEvent = { kind: 'history', rows: [], partial: ['x'.repeat(90_000)] };
  const limits = { lines: 100, bytes: 130_000 };
  const { events } = reported([history, history, finished], { limits, reportsAll: false });
  expect(events.at(-2)).toMatchObject({ kind: 'finding', finding: { code: 'channel-full', severity: 'warning' } });
  expect(events.at(-1)).toMatchObject({ kind: 'run.finished', exitCode: 0, outcome: 'done' });
});

test('a password is nowhere, in no form, also when it is a word of the lines themselves', () => {
  const passwords = [`a"b'c\\d é%/@:#?&`, 'apply', 'kind', 'run.finished'];
  for (const password of passwords) {
    const redactor = createRedactor();
    redactor.register(password);
    const escaped = JSON.stringify(password).slice(1, -1);
    const forms = [
      password,
      encodeURIComponent(password),
      escaped,
      JSON.stringify(escaped).slice(1, -1),
      Buffer.from(password).toString('base64').replace(/=+$/, ''),
    ];
    const events: RunEvent[] = [
      { kind: 'run.started', run, task: 'apply', tool: '0', at: '' },
      notice(`about ${forms.join(' | ')}`),
      finished,
    ];
    const { events: back, complete } = reported(events, { redactor });
    expect(complete).toBe(true);
    expect(back[0]).toEqual(events[0]);
    expect(back[2]).toMatchObject({ kind: 'run.finished', exitCode: 0 });
    expect((back[1] as { text: string }).text).toBe('about *** | *** | *** | *** | ***');
  }
});
