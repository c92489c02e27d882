import { expect, test } from 'vitest';

import { until } from '../../../../test/support/child.ts';
import { serverUrl } from '../../../../test/support/database.ts';
import { runQuery } from './query.ts';
import { tableLines } from './table.ts';

async function linesOf(sql: string): Promise<readonly string[]> {
  const answers = await runQuery(serverUrl(), sql);
  return answers.ok ? answers.value.flatMap((answer) => tableLines(answer)) : answers.findings.map((one) => one.why);
}

test('answers are plain tables: numbers to the right, NULL shown, control characters visible', async () => {
  const sql = `SELECT 1 AS n, 'é' AS "text", NULL AS nothing UNION ALL SELECT 234, E'a\\nb\\x1b[31m', 'x' ORDER BY n;
               CREATE TEMP TABLE t (a int); INSERT INTO t VALUES (1), (2)`;
  expect(await linesOf(sql)).toEqual([
    'n   | text           | nothing',
    '----+----------------+--------',
    '  1 | é              | NULL',
    '234 | a\\nb\\u001b[31m | x',
    '(2 rows)',
    'CREATE',
    'INSERT 2',
  ]);
});

test('values keep the server’s own text, also where JavaScript would round or reformat', async () => {
  const answers = await runQuery(
    serverUrl(),
    "SELECT 9007199254740993::int8, 1.10::numeric, '{a,b}'::text[], true, 1 AS x, 2 AS x",
  );
  expect(answers).toMatchObject({
    ok: true,
    value: [{ rows: [['9007199254740993', '1.10', '{a,b}', 't', '1', '2']] }],
  });
});

test('a failing query says what the server said, with line and column', async () => {
  const failed = await runQuery(serverUrl(), "SELECT 1;\nSELECT '😀', nme FROM (SELECT 1 AS name) x");
  expect(failed).toMatchObject({
    ok: false,
    findings: [
      { code: 'embedded-query-failed', why: expect.stringContaining('42703'), where: { line: 2, column: 13 } },
    ],
  });
  expect(await runQuery(serverUrl(), ' \n')).toMatchObject({
    ok: false,
    findings: [{ code: 'embedded-query-failed' }],
  });
});

test('notices are passed on', async () => {
  const notices: string[] = [];
  await runQuery(serverUrl(), "DO $$ BEGIN RAISE NOTICE 'hello'; END $$", { onNotice: (line) => notices.push(line) });
  expect(notices).toEqual(['NOTICE: hello']);
});

test('an interrupt cancels the query on the server', async () => {
  const controller = new AbortController();
  const running = runQuery(serverUrl(), 'SELECT pg_sleep(60)', { signal: controller.signal });
  const count = "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(60)' AND state = 'active'";
  await until('the query runs', async () => (await linesOf(count))[2]?.trim() === '1');
  controller.abort();
  expect(await running).toMatchObject({ ok: false, findings: [{ why: expect.stringContaining('57014') }] });
});

test('columns stay aligned beside wide characters', () => {
  const columns = [
    { name: 'a', numeric: false },
    { name: 'b', numeric: true },
  ];
  const rows = [
    ['日本', '1'],
    ['x', '23'],
  ];
  expect(tableLines({ command: 'SELECT', rowCount: 2, columns, rows })).toEqual([
    'a    | b',
    '-----+---',
    '日本 |  1',
    'x    | 23',
    '(2 rows)',
  ]);
});
