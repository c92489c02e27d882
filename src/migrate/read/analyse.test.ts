import { expect, test } from 'vitest';
import { memorySource } from '../../adapters/files/byte-source.ts';
import { nodeHashing } from '../../adapters/files/hashing.ts';
import { createParser } from '../../adapters/parser/libpg-query.ts';
import { encodeUtf8 } from '../../sql/encoding.ts';
import { analysisOf, refusals, taken } from '../../../test/support/analysis.ts';
import { analyse } from './analyse.ts';

const ports = { parser: createParser(), hashing: nodeHashing };

test('all broken statements of a file are reported, each at its place', async () => {
  const sql =
    "selct 1;\nselect 2;\n-- 😀\n  select '😀' frm t where;\nselect\u00a03;\ncreate tabel x (a int);\nselect 'open";
  expect(await refusals(sql)).toEqual([
    'sql-syntax 1:1',
    'sql-syntax 4:18',
    'sql-unicode-space 5:7',
    'sql-syntax 6:8',
    'sql-unterminated-string 7:8',
  ]);
});

test.each([
  ['a sum', `select 1${' + 1'.repeat(9_000)}`],
  ['a union', `select 1${' union all select 1'.repeat(9_000)}`],
  ['casts', `select 1${'::int'.repeat(9_000)}`],
  ['joins', `select * from t${' join t on true'.repeat(9_000)}`],
  ['subqueries', `select ${'(select '.repeat(2_000)}1${')'.repeat(2_000)}`],
  ['arrays', `select ${'array['.repeat(3_000)}1${']'.repeat(3_000)}`],
  ['cases', `select ${'case when a then 1 else '.repeat(2_000)}1${' end'.repeat(2_000)}`],
])('%s as deep as the parser takes it is analysed', async (_, sql) => {
  expect(await refusals(sql)).toEqual([]);
  expect(await refusals(`${sql} -- godwit`)).toEqual([]);
});

test('an error at the end of a statement is placed behind its last token', async () => {
  expect(await refusals('select (1 +\n  2;\nselect 3;')).toEqual(['sql-syntax 2:4']);
});

test('a missing semicolon is guessed where the next statement begins', async () => {
  const result = await analysisOf('create table a (x int)\ncreate table b (x int);');
  expect(result.ok ? '' : result.findings[0]?.fix).toBe('A semicolon may be missing before CREATE on line 2.');
});

test('variables of psql are told from other syntax errors (`sql-psql-variable`)', async () => {
  expect(await refusals("select :'name';\nselect :x;\nselect '{1}'::int[], (array[1,2])[1:2];")).toEqual([
    'sql-psql-variable 1:8',
    'sql-psql-variable 2:8',
  ]);
});

test.each([
  [
    '-- godwit: transaction=none\nbegin;\nselect 1;\ncommit;',
    ['sql-transaction-control 2:1', 'sql-transaction-control 4:1'],
  ],
  ['begin;\nvacuum;\ncommit;', ['sql-not-in-transaction 2:1']],
  ['set standard_conforming_strings = off;\nselect 1;', ['sql-string-mode 1:1']],
  ['set standard_conforming_strings = 0;', ['sql-string-mode 1:1']],
  ["set client_encoding to 'latin1';\nset names 'utf8';", ['sql-client-encoding 1:1']],
  ['create index concurrently on t (a);', ['sql-index-unnamed 1:1']],
  ['create temp table x (a int);\nvacuum;\ninsert into X values (1);', ['sql-crosses-border 1:1']],
  ['prepare p as select 1;\nvacuum;\nexecute p;', ['sql-crosses-border 1:1']],
  ['select pg_advisory_lock(1);\nvacuum;', ['sql-crosses-border 1:1']],
  ['begin; create temp table x (a int); commit; insert into x values (1);', ['sql-crosses-border 1:8']],
  ['-- godwit: transacton=none\nselect 1;', ['directive-unknown 1:1']],
  ['-- godwit: lock-timeout=1s\n-- godwit: lock-timeout=2s\nselect 1;', ['directive-twice 2:1']],
  ['select 1\n-- godwit: frozen\n;', ['directive-misplaced 2:1']],
  ['-- godwit: expect delete from t => 1\nselect 1;', ['directive-invalid 1:1']],
  ['-- godwit: expect selct 1 => 1\nselect 1;', ['directive-invalid 1:1']],
])('%j is refused: `%j`', async (sql, expected) => {
  expect(await refusals(sql)).toEqual(expected);
});

test('UTF-16 is one problem, and a file full of garbage is not listed to the end (`sql-encoding`, `sql-too-many-problems`)', async () => {
  expect(await refusals(Uint8Array.from([0xff, 0xfe, 0x73, 0, 0x65, 0]))).toEqual(['sql-encoding 1:1']);
  const garbage = await refusals('selct;\n'.repeat(3000));
  expect(garbage).toHaveLength(101);
  expect(garbage.at(-1)).toBe('sql-too-many-problems undefined:undefined');
});

test('a file that changed after its checksum was made is not analysed (`file-moved-on`)', async () => {
  const script = { file: 'm/1_x.sql', checksum: 'other', size: 8 };
  expect(await analyse(script, memorySource(encodeUtf8('select 1')), ports)).toMatchObject({
    findings: [{ code: 'file-moved-on' }],
  });
});

test.each(['', '-- nothing yet\n', ';;', '\ufeff', 'begin; commit;'])('%j is empty', async (sql) => {
  const { statements, segments, findings } = await taken(sql);
  expect([statements, segments, findings]).toEqual([[], [], []]);
});

test('statements that cannot run in a transaction stand alone between the others', async () => {
  const sql = 'create table t (a int); select 1; create index concurrently i on t (a); select 2; vacuum t; vacuum;';
  expect((await taken(sql)).segments).toEqual([
    { kind: 'transaction', first: 0, last: 1 },
    { kind: 'standalone', first: 2, last: 2 },
    { kind: 'transaction', first: 3, last: 3 },
    { kind: 'standalone', first: 4, last: 4 },
    { kind: 'standalone', first: 5, last: 5 },
  ]);
});

test('an added enum value ends its transaction, unless the type is new or the file has its own', async () => {
  const border = "alter type e add value 'x'; alter type e add value 'y'; insert into t values ('x');";
  expect((await taken(border)).segments).toHaveLength(2);
  expect((await taken("alter type e rename value 'a' to 'b'; select 1;")).segments).toHaveLength(1);
  expect((await taken(`create type e as enum ('a'); ${border}`)).segments).toHaveLength(1);
  expect((await taken(`begin; ${border} commit;`)).segments).toHaveLength(1);
  // Made in a transaction that is over: its values are like those of any other.
  expect((await taken(`create type e as enum ('a'); vacuum; ${border}`)).segments).toHaveLength(4);
});

test('transaction=none runs each statement alone', async () => {
  const { segments, directives } = await taken(
    "-- godwit: transaction=none\nselect 1; alter type e add value 'x'; do $$ begin commit; end $$; call p(); vacuum;",
  );
  expect(directives.transaction).toBe('none');
  expect(segments.map(({ first, last }) => [first, last])).toEqual([0, 1, 2, 3, 4].map((n) => [n, n]));
  // What can share a transaction with its note does.
  const kinds = ['transaction', 'transaction', 'standalone', 'standalone', 'standalone'];
  expect(segments.map(({ kind }) => kind)).toEqual(kinds);
});

test('spans count from the byte behind the BOM; COPY brings its rows', async () => {
  const text = '\ufeffcopy t from stdin;\r\n1\r\n\\.\r\nselect 2;';
  const { bom, size, statements } = await taken(text);
  expect({ bom, size }).toEqual({ bom: 3, size: encodeUtf8(text).length - 3 });
  expect(statements[0]).toMatchObject({
    start: 0,
    end: 17,
    kind: 'copy-in',
    tag: 'COPY',
    data: { start: 20, end: 23 },
  });
  expect(statements[1]).toMatchObject({ tag: 'SELECT', line: 4, column: 1 });
});

test('the hash of a statement ignores comments and layout, nothing else', async () => {
  const hashes = async (sql: string): Promise<readonly string[]> =>
    (await taken(sql)).statements.map(({ hash }) => hash);
  const [a, b, c, d] = await hashes(
    "select f(1, 'a  b');\n/* x */ select  f ( 1,'a  b' ) -- y\n;select f(1, 'a b'); select f(1, 'a  b') as x",
  );
  expect(b).toBe(a);
  expect(new Set([a, c, d]).size).toBe(3);
});

test('a long run of like seed rows becomes one range; a short one keeps each at its place', async () => {
  const row = (n: number): string => `insert into t (a, b) values (${n}, 'x''${n}') on conflict do nothing;\n`;
  const rows = (count: number): string => Array.from({ length: count }, (_, n) => row(n)).join('-- next\n');
  expect((await taken(rows(50))).statements).toHaveLength(50);
  const { statements, segments } = await taken(
    `select 1;\n${rows(60)}insert into t (a, b) values (1, 1 + 1);\n${row(1)}`,
  );
  expect(statements.map(({ count }) => count)).toEqual([1, 60, 1, 1]);
  expect(statements[1]).toMatchObject({ tag: 'INSERT', line: 2, column: 1 });
  expect(segments).toEqual([{ kind: 'transaction', first: 0, last: 3 }]);
});

test('a psql line or an empty statement between seed rows keeps them apart', async () => {
  const rows = 'insert into t values (1);\n'.repeat(60);
  const { statements } = await taken(`${rows}\\echo half\n${rows};${rows}`);
  expect(statements.map(({ count }) => count)).toEqual([60, 60, 60]);
});

test('rows with another width, head or tail do not join a run', async () => {
  const rows = (one: string): string => `${one};\n`.repeat(60);
  const a = rows('insert into t values (1)');
  const b = rows('insert into t values (1, 2)');
  const c = rows('insert into t values (1, 2) on conflict do nothing');
  const d = rows('insert into u values (1, 2) on conflict do nothing');
  const e = rows('insert into u values (1, 2) on conflict do nothinG');
  expect((await taken(a + b + c + d + e)).statements.map(({ count }) => count)).toEqual([60, 60, 60, 60, 60]);
});

test('a broken row inside a folded run is found (`sql-syntax`)', async () => {
  const rows = 'insert into t values (1);\n'.repeat(60);
  expect(await refusals(`${rows}insert into t values (1,);\n${rows}insert into t values (2;\n`)).toEqual([
    'sql-syntax 61:25',
    'sql-syntax 122:24',
  ]);
});
