import { expect, test } from 'vitest';
import { memorySource } from '../../adapters/files/byte-source.ts';
import { nodeHashing } from '../../adapters/files/hashing.ts';
import { createParser } from '../../adapters/parser/libpg-query.ts';
import type { RowChange } from '../contract/row-change.ts';
import { analyse } from './analyse.ts';
import { checksumOf } from './checksum.ts';

async function changes(sql: string): Promise<readonly RowChange[]> {
  const source = memorySource(Buffer.from(sql));
  const script = { file: '1_a.sql', checksum: await checksumOf(source, nodeHashing), size: source.size };
  const made = await analyse(script, source, { parser: createParser(), hashing: nodeHashing });
  if (!made.ok) throw new Error(made.findings.map(({ why }) => why).join('; '));
  return made.value.rows;
}

/** A change in a line: `0 drop-table app.users`. */
function line(change: RowChange): string {
  if (change.op === 'unseen') return `${change.statement} unseen ${change.why}`;
  const { schema, name, path } = change.table;
  const column = 'column' in change && change.column !== undefined ? `.${change.column}` : '';
  const table = `${schema === null ? (path === undefined ? '' : `[${path.join()}] `) : `${schema}.`}${name}${column}`;
  if (change.op === 'insert') return `${change.statement} insert ${table} ${change.rows}`;
  if (change.op === 'rename')
    return `${change.statement} rename ${table} to ${change.to.schema ?? change.to.name ?? ''}`;
  if (change.op !== 'lose') return `${change.statement} ${change.op} ${table}`;
  const more = [change.cascade === true ? ' cascade' : '', change.only === true ? ' only' : ''].join('');
  return `${change.statement} ${change.how} ${table}${more}`;
}

test.each<[string, readonly string[]]>([
  ['drop table if exists a, app.b', ['0 drop-table a', '0 drop-table app.b']],
  ['drop table a cascade', ['0 drop-table a', '0 unseen cascade']],
  ['drop view v; drop materialized view m; drop sequence s; drop index i; drop foreign table f', []],
  ['drop type t cascade', ['0 unseen cascade']],
  ['drop schema a', []],
  ['drop schema a, b cascade', ['0 drop-schema a', '0 drop-schema b', '0 unseen cascade']],
  ['truncate only a, b cascade', ['0 truncate a cascade only', '0 truncate b cascade']],
  ['delete from a', ['0 delete a']],
  ['delete from only a where true', ['0 delete-some a only']],
  ['delete from a using b', ['0 delete-some a']],
  ['merge into a using b on true when matched then delete', ['0 delete-some a']],
  ['merge into a using b on true when matched then do nothing', []],
  ['with gone as (delete from a returning *) insert into b select * from gone', ['0 delete a']],
  [
    'alter table t drop column a, drop column if exists b cascade',
    ['0 drop-column t.a', '0 drop-column t.b', '0 unseen cascade'],
  ],
  ['alter table t add column a int; alter table t add column if not exists b int', ['0 make t.a']],
  ['alter type t drop attribute a; alter view v alter a drop default', []],
  ['alter table t alter a type varchar(9), alter b type text, alter c type int', ['0 retype t.a', '0 retype t.c']],
  ['insert into a values (1), (2); insert into a default values', ['0 insert a 2', '1 insert a 1']],
  ['insert into a select 1', []],
  ['copy a from stdin;\n1\n\\.\n', ['0 insert a 0']],
  ['create table a (id int); create table if not exists b (id int)', ['0 make a']],
  ['create temp table a as select 1; select 1 into b', ['0 make a', '1 make b']],
  [
    'alter table a rename to b; alter table a rename c to d; alter view v rename to w',
    ['0 rename a to b', '1 rename a.c to d'],
  ],
  ['alter table a set schema app', ['0 rename a to app']],
  [
    'do $$ begin end $$; call p(); select mine(); select count(*), now() from t',
    ['0 unseen opaque', '1 unseen opaque', '2 unseen opaque'],
  ],
])('%s', async (sql, expected) => {
  expect((await changes(sql)).map(line)).toEqual(expected);
});

test('names without a schema are looked for where the file has told the session to look', async () => {
  const sql = `drop table a;
set search_path to one, "Two";
drop table a, public.b;
select pg_catalog.set_config('search_path', 'three, four', false);
drop table a;
reset search_path;
drop table a;`;
  expect((await changes(sql)).map(line)).toEqual([
    '0 drop-table a',
    '2 drop-table [one,Two] a',
    '2 drop-table public.b',
    '4 drop-table [three,four] a',
    '6 drop-table a',
  ]);
});

test('a run of seed rows is one change', async () => {
  const sql = Array.from({ length: 60 }, (_, index) => `insert into a values (${index});`).join('\n');
  expect((await changes(sql)).map(line)).toEqual(['0 insert a 60']);
});
