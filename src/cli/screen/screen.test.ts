import { expect, test } from 'vitest';
import { fault } from '../../kit/fault.ts';
import { milliseconds } from '../../kit/duration.ts';
import { createRedactor } from '../../kit/redact.ts';
import type { RunEvent } from '../../migrate/contract/event.ts';
import type { Io } from '../io.ts';
import { aligned, countOf, duration } from './format.ts';
import { renderFinding } from './finding.ts';
import { rowsAsText } from './rows.ts';
import { createScreen } from './screen.ts';
import { createStyle, wantsColor } from './style.ts';

const plain = createStyle(false);
const where = { file: 'm/0001_a.sql', line: 2, column: 8 };
const broken = fault('statement-failed', { why: 'relation "b" does not exist', where });
const readLine = (file: string, line: number) => (file === where.file && line === 2 ? 'select * from b;' : undefined);

function screenOf(more: Partial<Io> & { readonly json?: boolean } = {}) {
  const written = { out: '', err: '' };
  const redactor = createRedactor();
  const io: Io = {
    cwd: '/',
    env: {},
    out: (text) => (written.out += text),
    err: (text) => (written.err += text),
    terminal: false,
    interactive: false,
    columns: () => 40,
    ask: () => Promise.resolve(undefined),
    input: () => Promise.resolve(''),
    ...more,
  };
  return {
    written,
    redactor,
    screen: createScreen({ io, json: more.json ?? false, noColor: false, redactor, readLine }),
  };
}

const events: readonly RunEvent[] = [
  { kind: 'run.started', run: '01A', task: 'apply', tool: '0.1.0', at: '2026-01-02T03:04:05.000Z' },
  { kind: 'target', environment: 'dev', server: 'PostgreSQL 18.4', host: '::1', port: 5432, database: 'd', user: 'u' },
  { kind: 'migration.started', id: '1', name: 'a', direction: 'up', index: 1, of: 2 },
  { kind: 'migration.applied', id: '1', name: 'a', direction: 'up', how: 'executed', ms: 12.4, statements: 1 },
  { kind: 'migration.failed', id: '2', name: 'b', finding: broken },
  {
    kind: 'checks',
    checks: [
      {
        kind: 'table',
        object: 'public.a',
        ok: true,
        severity: 'error',
        expected: '',
        actual: '',
        where,
        migration: '1',
      },
      {
        kind: 'index',
        object: 'public.a_i',
        ok: false,
        severity: 'error',
        expected: 'gin',
        actual: 'btree',
        where,
        migration: '1',
      },
    ],
  },
  { kind: 'finding', finding: broken },
  { kind: 'run.finished', run: '01A', outcome: 'failed', exitCode: 40, events: 8, ms: 1234 },
];

test('a run is told in plain lines where there is no terminal', () => {
  const { screen, written } = screenOf();
  for (const event of events) screen.event(event);
  expect(written.out).toBe('');
  expect(written.err).toMatchInlineSnapshot(`
    "dev · [::1]:5432/d as u
      ✔ 1 a    12 ms  1 statement
      ✘ 2 b
      ✘ index public.a_i m/0001_a.sql:2:8
          expected  gin
          found     btree
      → Restore what was changed outside godwit, or put the new definition into a new migration. To keep an object as it is now: \`godwit verify --accept OBJECT --reason TEXT\`.

    ✘ A statement failed; its migration was rolled back [statement-failed]
      m/0001_a.sql:2:8
      2 │ select * from b;
        │        ^
      relation "b" does not exist
      → Correct the statement and run the same command again. Migrations applied before it remain applied.

    ✘ Failed; the failed migration was rolled back: 1 migration applied, 1 of 2 checks passed, 1 failed.  1.2 s · run 01A
    "
  `);
});

test('with --json the same run is one event per line on standard output, and silence on standard error', () => {
  const { screen, written } = screenOf({ json: true });
  for (const event of events) screen.event(event);
  expect(written.err).toBe('');
  expect(
    written.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual(events.map((event) => ({ v: 1, ...event })));
});

test('no live line runs over a question, and it is there again after the answer', async () => {
  const { screen, written } = screenOf({ terminal: true });
  screen.live('one');
  written.err = '';
  await screen.asking(() => {
    written.err = '';
    screen.live('two');
    expect(written.err).toBe('');
    return Promise.resolve();
  });
  expect(written.err).toContain('two');
  screen.settle();
});

test('a terminal gets a live line, which is gone when the run has ended', () => {
  const { screen, written } = screenOf({ terminal: true, env: { TERM: 'xterm' } });
  for (const event of events) screen.event(event);
  expect(written.err).toContain('1 of 2');
  expect(written.err.split('\n').at(-1)).toBe('');
});

test('a secret is masked on both streams', () => {
  const { screen, written, redactor } = screenOf();
  redactor.register('p@rrot');
  screen.say('p@rrot p%40rrot');
  screen.product('p@rrot');
  screen.finding(fault('bug', { why: 'at p@rrot' }));
  expect(written.out + written.err).not.toMatch(/rrot/);
});

test('a secret is masked in annotations before they are escaped', () => {
  const { screen, written, redactor } = screenOf({ env: { GITHUB_ACTIONS: 'true' } });
  redactor.register('a%b^c^d');
  redactor.register('x,y:z');
  screen.finding({ ...broken, title: 'x,y:z', why: 'a%b^c^d', fix: 'a%b^c^d', where: { file: 'a%b^c^d.sql' } });
  expect(written.err).toContain('::error file=***.sql,title=*** [statement-failed]::***%0A***\n');
  expect(written.err).not.toMatch(/b\^c|y.*z/);
});

const annotations = (text: string): number => text.match(/^::/gm)?.length ?? 0;

test('findings that come twice are annotated once, of one code at most ten, failed checks too', () => {
  const twice = screenOf({ json: true, env: { GITHUB_ACTIONS: 'true' } });
  twice.screen.event({ kind: 'finding', finding: broken });
  twice.screen.finding(broken);
  expect(annotations(twice.written.err)).toBe(1);
  const many = screenOf({ env: { GITHUB_ACTIONS: 'true' } });
  for (let line = 1; line <= 20; line += 1) many.screen.finding({ ...broken, where: { ...where, line } });
  expect(annotations(many.written.err)).toBe(10);
  const checks = screenOf({ env: { GITHUB_ACTIONS: 'true' } });
  for (const code of ['check-failed', 'check-warning'] as const) checks.screen.finding(fault(code, { where }));
  expect(checks.written.err.replaceAll(/,title.*/g, '')).toBe(
    '::error file=m/0001_a.sql,line=2,col=8\n::warning file=m/0001_a.sql,line=2,col=8\n',
  );
});

test('the command that restores a checkpoint is one line, however narrow the terminal is', () => {
  const { screen, written } = screenOf({ terminal: true, env: { NO_COLOR: '1' } });
  const restore = `/opt/pg/bin/pg_restore --host=db.example.com  --clean 'a. b/dump'`;
  const text = { id: '1', undoes: 'all', kept: 'for 7 days', takenAt: '2026-01-02T03:04:05.000Z' };
  screen.event({ kind: 'checkpoint.taken', checkpoint: { kind: 'taken', means: 'dump', restore, ...text } });
  expect(written.err).toContain(`    to restore:\n      ${restore}\n`);
});

test('a finding shows the place with a caret under the column', () => {
  expect(renderFinding(broken, plain, readLine).join('\n')).toMatchInlineSnapshot(`
    "✘ A statement failed; its migration was rolled back [statement-failed]
      m/0001_a.sql:2:8
      2 │ select * from b;
        │        ^
      relation "b" does not exist
      → Correct the statement and run the same command again. Migrations applied before it remain applied."
  `);
});

test('of many findings of one code the first ten are shown, and how many more there are', () => {
  const { screen, written } = screenOf();
  for (let line = 1; line <= 200; line += 1)
    screen.finding(fault('migration-missing', { where: { file: `m/${line}.sql` } }));
  screen.findingsLeft();
  expect(written.err.match(/\[migration-missing\]\n/g)).toHaveLength(10);
  expect(written.err).toContain('… and 190 more of [migration-missing]; --json lists all.');
});

test('of a very long line the part around the place is shown', () => {
  const long = `${'x'.repeat(5000)}HERE${'y'.repeat(5000)}`;
  const lines = renderFinding({ ...broken, where: { ...where, column: 5001 } }, plain, () => long);
  const caret = lines.findIndex((line) => line.trimEnd().endsWith('^'));
  expect(lines[caret - 1]?.slice(lines[caret]?.indexOf('^'))).toMatch(/^HERE/);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(200);
});

test('control characters of a file do not reach the terminal', () => {
  const text = renderFinding(broken, plain, () => 'a\u001b[31mb\u0007').join('');
  expect([text.includes('\u001b'), text.includes('\u0007')]).toEqual([false, false]);
});

test('colour is for terminals, unless NO_COLOR, TERM=dumb or --no-color says otherwise', () => {
  expect(wantsColor(true, {}, false)).toBe(true);
  expect(wantsColor(false, {}, false)).toBe(false);
  expect(wantsColor(true, { NO_COLOR: '1' }, false)).toBe(false);
  expect(wantsColor(true, { TERM: 'dumb' }, false)).toBe(false);
  expect(wantsColor(true, {}, true)).toBe(false);
  expect(wantsColor(false, { FORCE_COLOR: '1' }, false)).toBe(true);
});

test('figures are written as people read them', () => {
  expect([duration(0.4), duration(12.4), duration(1234), duration(125_000)]).toEqual([
    '0 ms',
    '12 ms',
    '1.2 s',
    '2 min 5 s',
  ]);
  expect([countOf(1, 'row'), countOf(12_345, 'row')]).toEqual(['1 row', '12,345 rows']);
  expect(['30s', '5min', '500ms', '1h', '7', '0', '-1', '5 s', 'x'].map(milliseconds)).toEqual([
    30_000,
    300_000,
    500,
    3_600_000,
    7000,
    0,
    undefined,
    undefined,
    undefined,
  ]);
  expect(
    aligned([
      ['a', 'b'],
      [createStyle(true).bold('long'), 'c'],
    ]),
  ).toEqual(['a     b', `${createStyle(true).bold('long')}  c`]);
});

test('rows are a table, a command without rows its tag', () => {
  expect(
    rowsAsText({
      columns: ['id', 'name'],
      rows: [
        ['1', null],
        ['20', 'é'],
      ],
      tag: 'SELECT 2',
    }),
  ).toMatchInlineSnapshot(`
    "id │ name
    ───┼─────
    1  │ ∅
    20 │ é
    (2 rows)
    "
  `);
  expect(rowsAsText({ columns: [], rows: [], tag: 'INSERT 0 1' })).toBe('INSERT 0 1\n');
});
