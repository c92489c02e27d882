import { expect, test } from 'vitest';
import { createTestDatabase, majors, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

const base =
  "create table log (n int primary key, tx bigint default txid_current());\ncreate type mood as enum ('ok');\n";

function project(database: TestDatabase, second: string): TestProject {
  return createProject({ 'migrations/1_base.sql': base, 'migrations/2_own.sql': second }, database.url);
}

/** The rows of `log`, those of one transaction together. */
async function together(database: TestDatabase): Promise<readonly string[]> {
  const rows = await database.query(
    "select string_agg(n::text, ' ' order by n) as ns from log group by tx order by min(n)",
  );
  return rows.map(({ ns }) => String(ns));
}

async function notes(database: TestDatabase): Promise<readonly string[]> {
  const rows = await database.query(
    "select concat_ws(' ', ordinal, tag, state, case when seq is null then 'in part' end, case when ms is null then 'untimed' end) as note from godwit.statement where migration = '2' order by ordinal",
  );
  return rows.map(({ note }) => String(note));
}

test.each(majors)(
  'BEGIN … COMMIT around parts of a file make transactions of their own (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    using folder = project(
      database,
      'begin;\ninsert into log values (1);\ninsert into log values (2);\ncommit;\ninsert into log values (3);\ninsert into log values (4);\nstart transaction;\ninsert into log values (5);\nend;\n',
    );
    const ran = await folder.run('up');
    expect([ran.exitCode, ran.err]).toEqual([0, expect.not.stringContaining('warning')]);
    expect(await together(database)).toEqual(['1 2', '3 4', '5']);
    expect(await notes(database)).toEqual([0, 1, 2, 3, 4].map((n) => `${n} INSERT done`));
  },
);

test('the way Prisma changes an enum, with statements behind it', async () => {
  await using database = await createTestDatabase();
  using folder = project(
    database,
    `create table t (m mood);
-- AlterEnum
BEGIN;
CREATE TYPE mood_new AS ENUM ('ok', 'good');
ALTER TABLE t ALTER COLUMN m TYPE mood_new USING (m::text::mood_new);
ALTER TYPE mood RENAME TO mood_old;
ALTER TYPE mood_new RENAME TO mood;
DROP TYPE mood_old;
COMMIT;

-- AlterTable
ALTER TABLE t ADD COLUMN n int;`,
  );
  const ran = await folder.run('up', '--yes');
  expect([ran.exitCode, ran.err]).toEqual([0, expect.not.stringContaining('warning')]);
  expect(await database.query('select enum_range(null::mood)::text as labels')).toEqual([{ labels: '{ok,good}' }]);
});

test('a part that fails leaves those before it recorded, and up goes on with it', async () => {
  await using database = await createTestDatabase();
  const file = (third: number): string =>
    `begin; insert into log values (1); commit;\nbegin;\ninsert into log values (2);\ninsert into log values (${third});\ncommit;\ninsert into log values (4);`;
  using folder = project(database, file(1));
  const failed = await folder.run('up');
  expect([failed.exitCode, failed.err]).toEqual([41, expect.stringContaining('migrations/2_own.sql:4')]);
  expect(await together(database)).toEqual(['1']);
  expect(await notes(database)).toEqual(['0 INSERT done in part']);
  folder.write('migrations/2_own.sql', file(3));
  const again = await folder.run('up');
  expect(again.exitCode, again.err).toBe(0);
  expect(await together(database)).toEqual(['1', '2 3', '4']);
  expect(await notes(database)).toEqual([0, 1, 2, 3].map((n) => `${n} INSERT done`));
});

test.each([
  ['a COMMIT at the end', 'insert into log values (1);\ninsert into log values (2);\nCOMMIT;', ['1 2']],
  ['a COMMIT in the middle', 'insert into log values (1);\ncommit;\ninsert into log values (2);', ['1', '2']],
  [
    'COMMIT; BEGIN for a tool that wraps the file',
    "alter type mood add value 'good';\ncommit;\nbegin;\ninsert into log select 1 where 'good'::mood is not null;",
    ['1'],
  ],
  [
    'COMMIT AND CHAIN',
    'begin isolation level serializable; insert into log values (1); commit and chain; insert into log select 2 where current_setting($$transaction_isolation$$) = $$serializable$$; commit;',
    ['1', '2'],
  ],
])('%s ends what stands before it', async (_what, sql, expected) => {
  await using database = await createTestDatabase();
  using folder = project(database, sql);
  const ran = await folder.run('up');
  expect([ran.exitCode, ran.err]).toEqual([0, expect.not.stringContaining('warning')]);
  expect(await together(database)).toEqual(expected);
});

test('what a file sets for its session holds in all its parts', async () => {
  await using database = await createTestDatabase();
  using folder = project(
    database,
    `create schema app;
SELECT pg_catalog.set_config('search_path', 'app', false);
savepoint a; set search_path to nowhere; rollback to a;
begin; create table one (a int); commit;
create table two (a int);
set search_path to public;
begin; create table three (a int); commit;`,
  );
  const ran = await folder.run('up');
  expect([ran.exitCode, ran.err]).toEqual([0, expect.not.stringContaining('warning')]);
  const tables = "select oid::regclass::text as name from pg_class where relname in ('one', 'two', 'three') order by 1";
  expect((await database.query(tables)).map(({ name }) => name)).toEqual(['app.one', 'app.two', 'three']);
});

test.each(majors)('a file gets the isolation level that it asks for (PostgreSQL %i)', async (major) => {
  await using database = await createTestDatabase(major);
  const level = "current_setting('transaction_isolation') || current_setting('transaction_read_only')";
  using folder = project(
    database,
    `create table seen (level text);
create function saw(wanted text) returns void language plpgsql as $$ begin
  if ${level} <> wanted then raise exception '% instead of %', ${level}, wanted; end if; end $$;
commit;
set transaction isolation level serializable;
insert into seen select ${level};
commit;
begin isolation level repeatable read;
insert into seen select ${level};
commit;
begin; set transaction read only;
select saw('read committedon');
end;
begin transaction isolation level serializable, read only, deferrable;
savepoint a; select saw('serializableon'); rollback to a;
commit;
insert into seen select ${level};`,
  );
  const ran = await folder.run('up');
  expect([ran.exitCode, ran.err]).toEqual([0, expect.not.stringContaining('warning')]);
  expect((await database.query('select level from seen')).map(({ level: found }) => found)).toEqual([
    'serializableoff',
    'repeatable readoff',
    'read committedoff',
  ]);
});

test('a part that is READ ONLY may not write', async () => {
  await using database = await createTestDatabase();
  using folder = project(database, 'begin read only;\nselect 1;\ninsert into log values (1);\ncommit;');
  const ran = await folder.run('up');
  expect([ran.exitCode, ran.err]).toEqual([40, expect.stringContaining('read-only transaction')]);
  expect(ran.err).toContain('migrations/2_own.sql:3');
});

test('whole files in SERIALIZABLE go through the pipeline one behind the other', async () => {
  await using database = await createTestDatabase();
  const files = Array.from({ length: 40 }, (_, n): [string, string] => [
    `migrations/${n + 2}_s.sql`,
    `begin isolation level serializable; insert into log values (${n}); commit;`,
  ]);
  using folder = createProject({ 'migrations/1_base.sql': base, ...Object.fromEntries(files) }, database.url);
  const ran = await folder.run('up');
  expect(ran.exitCode, ran.err).toBe(0);
  expect((await together(database)).length).toBe(40);
});
