import { rmSync } from 'node:fs';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { majors, serverUrl } from '../../../../test/support/database.ts';
import { until } from '../../../../test/support/child.ts';
import { dataFolder } from '../../../../test/support/folder.ts';
import { inspectEmbedded } from '../../../adapters/embedded/control.ts';
import { embeddedFolder, type DbContext } from './context.ts';
import { dbStart, dbStatus, dbStop, dbUrl } from './server.ts';
import { dbSql } from './sql.ts';
import { tableLines } from './table.ts';

let projectDir = '';
beforeAll(() => {
  projectDir = dataFolder('db');
});
afterAll(async () => {
  await dbStop(context().context);
  rmSync(projectDir, { recursive: true, force: true });
});

function context(signal?: AbortSignal): { context: DbContext; out: string[]; notes: string[] } {
  const [out, notes]: [string[], string[]] = [[], []];
  const write = (line: string): number => out.push(line);
  const note = (line: string): number => notes.push(line);
  return { context: { projectDir, write, note, ...(signal === undefined ? {} : { signal }) }, out, notes };
}

test('a project’s server is started, found, asked and stopped', async () => {
  const { context: db, out, notes } = context();
  expect(await dbUrl(db)).toMatchObject({ ok: false, findings: [{ code: 'embedded-not-running' }] });
  expect(await dbStatus(db)).toMatchObject({ ok: true, value: { running: false } });
  expect(await dbStart(db, { major: majors[0]! })).toMatchObject({
    ok: true,
    value: { running: true, kept: true, users: [] },
  });
  expect(await dbStart(db)).toMatchObject({ ok: true });
  expect(notes.at(-1)).toMatch(/^PostgreSQL \d+ was running and stays up/);
  const url = await dbUrl(db);
  expect(url).toMatchObject({ ok: true, value: { url: out.at(-1) } });
  expect(notes.join('\n')).not.toContain(new URL(out.at(-1)!).password);
  await dbSql(db, { sql: 'CREATE TABLE t AS SELECT 1 AS id' });
  expect(await dbStop(db)).toEqual({ ok: true, value: { stopped: true } });
  expect(await dbStop(db)).toEqual({ ok: true, value: { stopped: false } });
  // Stopped again: a query starts the server for itself alone, and the data are there.
  expect(await dbSql(db, { sql: 'TABLE t' })).toMatchObject({ ok: true, value: [{ rows: [['1']] }] });
  expect(inspectEmbedded(embeddedFolder(projectDir)).running).toBe(false);
});

test('answers are plain tables: numbers to the right, NULL shown, control characters visible', async () => {
  const { context: db, out } = context();
  const sql = `SELECT 1 AS n, 'é' AS "text", NULL AS nothing UNION ALL SELECT 234, E'a\\nb\\x1b[31m', 'x' ORDER BY n;
               CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1), (2)`;
  expect((await dbSql(db, { sql, url: serverUrl() })).ok).toBe(true);
  expect(out).toEqual([
    'n   | text           | nothing',
    '----+----------------+--------',
    '  1 | é              | NULL',
    '234 | a\\nb\\u001b[31m | x',
    '(2 rows)',
    'CREATE',
    'INSERT 2',
  ]);
});

test('a query comes from standard input, in pieces that cut characters', async () => {
  const { context: db, out } = context();
  const bytes = new TextEncoder().encode("SELECT 'Grüße' AS s");
  async function* input(): AsyncGenerator<Uint8Array> {
    for (let index = 0; index < bytes.length; index += 1) yield bytes.subarray(index, index + 1);
  }
  await dbSql(db, { input: input(), url: serverUrl() });
  expect(out[2]).toBe('Grüße');
});

test('a failing query says what the server said, with line and column', async () => {
  const { context: db } = context();
  const failed = await dbSql(db, { sql: "SELECT 1;\nSELECT '😀', nme FROM (SELECT 1 AS name) x", url: serverUrl() });
  expect(failed).toMatchObject({
    ok: false,
    findings: [
      { code: 'embedded-query-failed', why: expect.stringContaining('42703'), where: { line: 2, column: 13 } },
    ],
  });
  expect(await dbSql(db, { sql: ' \n', url: serverUrl() })).toMatchObject({
    ok: false,
    findings: [{ code: 'embedded-query-failed' }],
  });
});

test('an interrupt cancels the query on the server', async () => {
  const controller = new AbortController();
  const { context: db } = context(controller.signal);
  const other = context().context;
  const running = dbSql(db, { sql: 'SELECT pg_sleep(60)', url: serverUrl() });
  const count = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'";
  const active = async (): Promise<boolean> => {
    const answer = await dbSql(other, { sql: count, url: serverUrl() });
    return answer.ok && answer.value[0]?.rows[0]?.[0] === '1';
  };
  await until('the query runs', active);
  controller.abort();
  expect(await running).toMatchObject({ ok: false, findings: [{ why: expect.stringContaining('57014') }] });
});

test('columns stay aligned beside wide characters', () => {
  const columns = [
    { name: 'a', numeric: false },
    { name: 'b', numeric: true },
  ];
  expect(
    tableLines({
      command: 'SELECT',
      rowCount: 2,
      columns,
      rows: [
        ['日本', '1'],
        ['x', '23'],
      ],
    }),
  ).toEqual(['a    | b', '-----+---', '日本 |  1', 'x    | 23', '(2 rows)']);
});
