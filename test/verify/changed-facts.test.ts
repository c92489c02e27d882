import { expect, test } from 'vitest';
import { createTestDatabase, majors } from '../support/database.ts';
import { checksOf, failuresOf } from '../support/derived-checks.ts';

const intact: readonly (readonly [title: string, sql: string])[] = [
  ['a check goes with its column', 'create table t (a int, b int, check (b > 0)); alter table t drop column b'],
  [
    'an index goes with a column of its condition',
    'create table t (a int, b int); create index on t (a) where b > 0; alter table t drop column b',
  ],
  [
    'an unnamed index keeps its name when its column is renamed',
    'create table t (b text); create index on t (b); alter table t rename b to c; alter index t_b_idx rename to t_c; alter table t rename to u',
  ],
  [
    'a shortened name is known',
    `create table a_table_with_a_name_that_is_nearly_as_long_as_the_server_takes (some_column int unique);
     alter table a_table_with_a_name_that_is_nearly_as_long_as_the_server_takes
       drop constraint a_table_with_a_name_that_is_nearly_as_long_as_t_some_column_key`,
  ],
  [
    'arrays of a renamed type follow',
    "create schema s; create type e as enum ('x'); create table t (a e[], b e); alter type e rename to f; alter type f set schema s",
  ],
];

test.each(majors.flatMap((major) => intact.map(([title, sql]) => [major, title, sql] as const)))(
  'on PostgreSQL %i, %s',
  async (major, _, sql) => {
    await using database = await createTestDatabase(major);
    await database.query(sql);
    expect(failuresOf(await checksOf(database, [sql]))).toEqual([]);
  },
);

test('row security that is no longer forced is told', async () => {
  await using database = await createTestDatabase();
  const sql = 'create table t (a int); alter table t enable row level security, force row level security';
  await database.query(sql);
  expect(failuresOf(await checksOf(database, [sql]))).toEqual([]);
  await database.query('alter table t no force row level security');
  expect(failuresOf(await checksOf(database, [sql]))).toEqual([
    'table public.t: row security forced: yes, not row security forced: no',
  ]);
});

test('grants and comments on a schema are told by its name alone', async () => {
  await using database = await createTestDatabase();
  const sql = "create schema app; comment on schema app is 'x'; grant usage on schema app to public";
  await database.query(`${sql}; comment on schema app is null; revoke usage on schema app from public`);
  const failed = (await checksOf(database, [sql])).filter(({ ok }) => !ok);
  expect(failed.map(({ object }) => object)).toEqual(['on schema app', 'usage on app to public']);
});
