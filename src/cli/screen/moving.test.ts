import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createRedactor } from '../../kit/redact.ts';
import type { RunEvent } from '../../migrate/contract/event.ts';
import type { Io } from '../io.ts';
import { movingLine } from './moving.ts';
import type { PlacedStatement } from './placed-statement.ts';
import { createScreen } from './screen.ts';
import { textWidth } from './text-width.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function screenOf(more: Partial<Io>, statements: readonly PlacedStatement[] = []) {
  let err = '';
  const io: Io = {
    cwd: '/',
    env: {},
    out: () => {},
    err: (text) => (err += text),
    terminal: true,
    interactive: false,
    columns: () => 80,
    ask: () => Promise.resolve(undefined),
    input: () => Promise.resolve(''),
    ...more,
  };
  const parts = { io, json: false, noColor: true, redactor: createRedactor(), readLine: () => undefined };
  const screen = createScreen({ ...parts, clock: () => Date.now() });
  screen.statementsFrom(() => Promise.resolve(statements));
  // What the last frame of the live line shows.
  return { screen, err: () => err, frame: () => err.split('\r\u001b[2K').at(-1)?.slice(2) ?? '' };
}

const started: RunEvent = { kind: 'migration.started', id: '12', name: 'add_orders', direction: 'up', index: 1, of: 1 };
const applied: RunEvent = {
  kind: 'migration.applied',
  id: '12',
  name: 'add_orders',
  direction: 'up',
  how: 'executed',
  ms: 75_000,
  statements: 2,
};
const build: RunEvent = {
  kind: 'build.progress',
  id: '12',
  command: 'CREATE INDEX',
  object: '',
  phase: 'building index: scanning table',
  percent: 41,
  leftMs: null,
};
const statements: readonly PlacedStatement[] = [
  { tag: 'CREATE TABLE', line: 1, count: 1, text: 'create table orders (id int)' },
  { tag: 'CREATE INDEX', line: 7, count: 1, text: 'create index orders_by_day on orders (day)' },
];

test('a long migration tells its statement, the line, the estimate and the time', async () => {
  const { screen, frame } = screenOf({}, statements);
  screen.event(started);
  expect(frame()).toBe('12 add_orders');
  await vi.advanceTimersByTimeAsync(3_050);
  expect(frame()).toBe('12 add_orders · 2 statements · 3 s');
  screen.event(build);
  await vi.advanceTimersByTimeAsync(15_100);
  expect(frame()).toBe('12 add_orders · 2/2 CREATE INDEX (line 7) · 41 % · 18 s · building index: sc…');
  screen.event({ kind: 'progress', id: '12', statement: 1, of: 2, tag: 'CREATE TABLE' });
  await vi.advanceTimersByTimeAsync(100);
  expect(frame()).toBe('12 add_orders · 1/2 CREATE TABLE (line 1) · 18 s');
  screen.settle();
});

test('of several builds the one that names its object is told; a name that is not known leaves the command', async () => {
  const like = { tag: 'CREATE INDEX', count: 1 };
  const { screen, frame } = screenOf({}, [
    { ...like, line: 1, text: 'create index concurrently a_i on a (b)' },
    { ...like, line: 2, text: 'create index concurrently "B i" on b (c)' },
  ]);
  screen.event(started);
  await vi.advanceTimersByTimeAsync(600);
  screen.event({ ...build, command: 'CREATE INDEX CONCURRENTLY', object: 'public.a_i' });
  await vi.advanceTimersByTimeAsync(100);
  expect(frame()).toMatch(/^12 add_orders · 1\/2 CREATE INDEX \(line 1\) · 41 %/);
  screen.event({ ...build, object: '16412' });
  await vi.advanceTimersByTimeAsync(100);
  expect(frame()).toBe('12 add_orders · CREATE INDEX · 41 % · building index: scanning table');
  screen.settle();
});

test('the line under way comes back after other lines, and is gone with its migration', () => {
  const { screen, err, frame } = screenOf({});
  screen.event({ ...started, of: 2 });
  screen.event({ kind: 'notice', severity: 'NOTICE', text: 'by the way' });
  expect(frame()).toBe('1 of 2 · 12 add_orders');
  screen.event(applied);
  expect(err().endsWith('2 statements\n')).toBe(true);
});

test.each([
  ['no terminal', { terminal: false }],
  ['a terminal of a pipeline', { env: { CI: 'true' } }],
  ['a terminal that cannot move its cursor', { env: { TERM: 'dumb' } }],
])('on %s long work is one line at the start, then one a minute, and no spinner', async (_, more) => {
  const { screen, err } = screenOf(more, statements);
  screen.event(started);
  await vi.advanceTimersByTimeAsync(1_900);
  expect(err()).toBe('');
  await vi.advanceTimersByTimeAsync(180_000);
  expect(err().split('\n')).toEqual([
    '    12 add_orders · 2 statements · 2 s',
    '    12 add_orders · 2 statements · 1 min 2 s',
    '    12 add_orders · 2 statements · 2 min 2 s',
    '',
  ]);
  screen.settle();
  await vi.advanceTimersByTimeAsync(180_000);
  expect(err()).not.toMatch(/[⠋⠙⠹]|3 min/);
});

test('in a log, other lines put the next sign of life off, and short work needs none', async () => {
  const { screen, err } = screenOf({ terminal: false });
  screen.event(started);
  await vi.advanceTimersByTimeAsync(1_000);
  screen.event(applied);
  screen.event({ ...started, id: '13' });
  await vi.advanceTimersByTimeAsync(50_000);
  screen.event({ kind: 'notice', severity: 'NOTICE', text: 'still here' });
  await vi.advanceTimersByTimeAsync(59_000);
  expect(err().match(/ 13 add_orders/g)).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(err().match(/ 13 add_orders/g)).toHaveLength(2);
  screen.settle();
});

test('the line under way does not come back after the end of a run whose migration has no known end', async () => {
  const { screen, err } = screenOf({}, statements);
  screen.event(started);
  screen.event({ kind: 'run.finished', run: '01A', outcome: 'interrupted', exitCode: 130, events: 3, ms: 12 });
  const before = err();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(err()).toBe(before);
});

test('waiting for another run, and the checks after the last migration, are told as long as they last', async () => {
  const { screen, err, frame } = screenOf({});
  screen.event({ kind: 'waiting', holder: 'godwit 01A' });
  await vi.advanceTimersByTimeAsync(60_050);
  expect(frame()).toBe('waiting for the other run · 1 min 0 s');
  screen.event({ kind: 'plan', plan: { hash: '', environment: '', head: '', steps: [] } });
  expect(frame()).toBe('');
  screen.event({ ...started, of: 2 });
  screen.event(applied);
  expect(frame()).not.toContain('checking');
  screen.event({ ...started, index: 2, of: 2 });
  screen.event(applied);
  expect(frame()).toBe('checking the database');
  screen.event({ kind: 'run.finished', run: '01A', outcome: 'done', exitCode: 0, events: 3, ms: 12 });
  const before = err();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(err()).toBe(before);
});

const output = (text: string): RunEvent => ({ kind: 'output', stream: 'stdout', text });

test('in a log, a command shows a sign of life again after whole lines of its output', async () => {
  let out = '';
  const { screen, err } = screenOf({ terminal: false, out: (text) => (out += String(text)) });
  screen.event({ kind: 'exec.started', words: ['./import'] });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(err()).toBe('    the command is running · 2 s\n');
  screen.event(output('one\n'));
  await vi.advanceTimersByTimeAsync(61_000);
  expect(err().split('\n')[1]).toBe('    the command is running · 1 min 2 s');
  screen.event(output('half a line'));
  await vi.advanceTimersByTimeAsync(180_000);
  expect(err().split('\n')).toHaveLength(3);
  screen.event(output('\n'));
  screen.event({ kind: 'exec.finished', exitCode: 0, signal: '', ms: 1, bytes: 1 });
  await vi.advanceTimersByTimeAsync(180_000);
  expect([err().split('\n').length, out]).toEqual([3, 'one\nhalf a line\n']);
});

test('on a terminal, the line under way is gone with the first output of a command', async () => {
  const { screen, err, frame } = screenOf({});
  screen.event({ kind: 'exec.started', words: ['./smoke'], hook: 'smoke', follows: '01A' });
  expect(frame()).toBe('hook smoke is running');
  screen.event(output('one\n'));
  const before = err();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(err()).toBe(before);
});

test('names are cut, numbers never, whatever the width', () => {
  const name = '24 big_table_with_a_rather_long_name_that_somebody_chose_to_describe_everything';
  const facts = ['2/5 CREATE INDEX (line 7)', '41 %'];
  const work = { counter: '13 of 14', name, facts, more: 'building index: scanning table' };
  for (let columns = 44; columns <= 200; columns += 1) {
    const line = movingLine(work, 18_000, columns);
    expect(textWidth(line)).toBeLessThanOrEqual(columns);
    expect(line).toContain(' · 2/5 CREATE INDEX (line 7) · 41 % · 18 s');
  }
  expect(movingLine(work, 18_000, 80)).toBe(
    '13 of 14 · 24 big_table_with_a_rather… · 2/5 CREATE INDEX (line 7) · 41 % · 18 s',
  );
  expect(movingLine(work, 18_000, 30)).toMatch(/ · 41 % · 18 s$/);
  expect(textWidth(movingLine({ name: '表'.repeat(50) }, 0, 41))).toBe(41);
});
