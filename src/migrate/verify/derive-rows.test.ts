import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { decodeUtf8, encodeUtf8 } from '../../sql/encoding.ts';
import { effectsOf, line, lines } from '../../../test/support/effects.ts';
import { seedCounts } from './readers.ts';

test('changed rows are told by table and kind', async () => {
  const sql = `update s.t set a = 1; delete from t; truncate a, b; merge into t using u on true when matched then delete;
    insert into t select 1; with gone as (delete from q returning a) insert into t select a from gone; copy t (a) from stdin;
1
\\.
`;
  expect(await lines(sql)).toEqual([
    'update s.t',
    'truncate t',
    'truncate a',
    'truncate b',
    'delete t',
    'insert t',
    'truncate q',
    'insert t',
    'insert t (a) 0 none',
  ]);
});

test('what cannot be seen in the text is opaque, calls of the server’s own functions are not', async () => {
  const sql =
    'do $$begin end$$; call p(); select f(1); select * from s.make(); select now(), count(*) from t; select pg_catalog.obj_x()';
  expect(await lines(sql)).toEqual(['opaque DO', 'opaque CALL', 'opaque SELECT', 'opaque SELECT']);
});

test('the search path resolves names of later statements', async () => {
  const sql = `create table a (); set search_path to app, public; create table b (); set local search_path = "$user", pg_catalog, x; create table c ();
    select set_config('search_path', '', false); create table d (); select pg_catalog.set_config('search_path', '"Y", z', true); drop table e;
    reset search_path; drop table s.f`;
  expect(await lines(sql)).toEqual([
    'create table a; kind=table',
    'create table app.b; kind=table',
    'create table x.c; kind=table',
    'create table d; kind=table',
    'drop table Y.e',
    'drop table s.f',
  ]);
});

async function valuesOf(sql: string): Promise<readonly (readonly (string | null)[])[]> {
  const bytes = encodeUtf8(sql);
  const effects = await effectsOf(sql);
  return effects.flatMap((effect) =>
    effect.op === 'insert'
      ? effect.rows.map(({ values }) =>
          values.map((span) => (span === null ? null : decodeUtf8(bytes.subarray(span.start, span.end)))),
        )
      : [],
  );
}

test('seed rows keep the bytes of their literals, what is no literal is left out', async () => {
  const sql = `-- ä 😀
    insert into t (a, b, c) values -- (comment, with marks
      (1, 'é, (x)', now()), (-1.5, /* c */ E'it\\'s' /* d */, default),
      ('{"a": [1, 2]}'::jsonb, array['x', 'y']::text[], (select 1)), (date '2020-01-01', $q$a ), b$q$, 'today'::date)
    on conflict (a) do nothing returning (a);
    insert into t values (true, null, 1 + 1)`;
  expect(await valuesOf(sql)).toEqual([
    ['1', "'é, (x)'", null],
    ['-1.5', "E'it\\'s'", null],
    [`'{"a": [1, 2]}'::jsonb`, "array['x', 'y']::text[]", null],
    ["date '2020-01-01'", '$q$a ), b$q$', null],
    ['true', 'null', null],
  ]);
  expect(await lines(sql)).toEqual(['insert t (a,b,c) 4 nothing', 'insert t () 1 none']);
});

test('rows beyond the first 500 of a file are counted only', async () => {
  const values = (count: number): string => Array.from({ length: count }, (_, index) => `(${index})`).join(',');
  const effects = await effectsOf(`insert into t values ${values(400)}; insert into u values ${values(400)}`);
  expect(effects.map((effect) => (effect.op === 'insert' ? [effect.rows.length, effect.count] : []))).toEqual([
    [400, 400],
    [100, 400],
  ]);
  const run = await effectsOf(Array.from({ length: 60 }, (_, index) => `insert into t values (${index});`).join('\n'));
  expect(run.map(line)).toEqual(['insert t () 60 none']);
});

test('frozen seed rows say so', async () => {
  const [effect] = await effectsOf('-- godwit: frozen\ninsert into t values (1)');
  expect(effect).toMatchObject({ op: 'insert', frozen: true, where: { line: 2 } });
});

test('seed rows are counted by the last name of their table', async () => {
  const effects = await effectsOf(
    'insert into x values (1), (2); insert into x values (3); insert into s.y values (1); alter table x rename to z',
  );
  expect(seedCounts(effects, 'public')).toEqual([
    { table: { schema: 's', name: 'y' }, rows: 1 },
    { table: { schema: null, name: 'z' }, rows: 3 },
  ]);
});

test('a DELETE without a condition empties its table; one with a condition takes some rows', async () => {
  const effects = await effectsOf('delete from a; delete from b where id = 1; delete from c using d where c.id = d.id');
  expect(effects).toMatchObject([
    { op: 'rows-changed', how: 'truncate' },
    { op: 'rows-changed', how: 'delete' },
    { op: 'rows-changed', how: 'delete' },
  ]);
});

test('the example’s migrations give effects for every statement that has one', async () => {
  const folder = new URL('../../../examples/vividly/migrations/', import.meta.url);
  const files = (await readdir(folder)).filter((file) => file.endsWith('.sql') && !file.includes('.verify.'));
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) {
    const effects = await effectsOf(await readFile(new URL(file, folder), 'utf8'));
    expect(effects.length, file).toBeGreaterThan(0);
    expect(JSON.parse(JSON.stringify(effects)), file).toEqual(effects);
  }
});
