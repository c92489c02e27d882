import { expect, test } from 'vitest';
import { createTestDatabase } from '../../../../test/support/database.ts';
import { effectsOf } from '../../../../test/support/effects.ts';

const long = 'a_table_with_a_name_that_is_nearly_as_long_as_the_server_takes';
const scripts = [
  'create table t (a int primary key, b int unique, c int check (c > 0), d int references t, check (a > b), unique (b, c))',
  `create table ${long} (column_with_a_rather_long_name int unique, x int references ${long} (column_with_a_rather_long_name), primary key (column_with_a_rather_long_name, x))`,
  `create table "žluťoučký kůň úpěl ďábelské ódy a ještě něco" ("příliš dlouhý sloupec" int unique check ("příliš dlouhý sloupec" > 0))`,
  'create table t (a int, b text); create index on t (a, a, lower(b), (a + 1), abs(a)) include (b)',
  "create table t (a int, b text); create index on t ((b::varchar), (coalesce(b, 'x')), (case when a > 0 then b end)) where a > 0",
  'create table t (a int4range, exclude using gist (a with &&))',
  'create table t (a int, b int, exclude using gist (int4range(a, b) with &&))',
];

test.each(scripts)('the server names what has no name in %s', async (sql) => {
  await using database = await createTestDatabase();
  await database.query(sql);
  const made = (await effectsOf(sql)).flatMap((effect) =>
    effect.op === 'create' && effect.facts['auto'] !== undefined ? [effect.facts['auto']] : [],
  );
  const rows = await database.query<{ name: string }>(
    "select conname as name from pg_constraint where conrelid::regclass::text !~ '^pg_|information_schema' and contype <> 'n' and connamespace = 'public'::regnamespace union select relname from pg_class where relkind = 'i' and relnamespace = 'public'::regnamespace",
  );
  expect(made.toSorted()).toEqual(rows.map(({ name }) => name).toSorted());
});
