import { expect, test } from 'vitest';
import { createTestDatabase, majors } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { currencies, notFollowed, seeded, up, verify } from '../support/seeds.ts';

test.each(majors)('on PostgreSQL %i what a later migration does to followed rows is no alarm', async (major) => {
  await using database = await createTestDatabase(major);
  using project = await seeded(
    database,
    `${currencies}
create table cut (k int primary key); insert into cut values (1);
create table dropped (k int primary key); insert into dropped values (1);
create table parent (id int primary key); insert into parent values (1), (2);
create table child (id int primary key references parent on delete cascade); insert into child values (1), (2);
create table nested (k int primary key, v int); insert into nested values (1, 1), (2, 2);`,
  );
  project.write(
    'migrations/2_later.sql',
    `update currencies set name = 'Pound Sterling' where code = 'GBP';
delete from currencies where code = 'JPY';
truncate cut; drop table dropped; delete from parent where id = 1;
do $$ begin begin update nested set v = 9 where k = 1; exception when others then raise; end; delete from nested where k = 2; end $$;`,
  );
  await up(project);
  expect(await verify(project)).toMatchObject({ exitCode: 0, failed: [], intact: 5 });
  await database.query("update currencies set name = 'Pound' where code = 'GBP'; delete from nested");
  expect((await verify(project)).failed).toEqual([
    'warning: public.currencies (code GBP) changed: name',
    'error: public.nested (k 1) missing',
  ]);
});

test('what was missing or changed before a migration touches the table stays told', async () => {
  await using database = await createTestDatabase();
  using project = await seeded(database, currencies);
  await database.query(
    "delete from currencies where code = 'JPY'; update currencies set name = 'P' where code = 'GBP'",
  );
  project.write(
    'migrations/2_later.sql',
    'alter table currencies alter column code type varchar(3), alter column name type varchar(40), add stamp timestamptz default clock_timestamp(); delete from currencies where false;',
  );
  await up(project);
  expect(await verify(project)).toMatchObject({
    exitCode: 50,
    failed: ['warning: public.currencies (code GBP) changed: name', 'error: public.currencies (code JPY) missing'],
  });
});

test.each(majors)('on PostgreSQL %i altered, renamed and dropped columns and tables keep their rows', async (major) => {
  await using database = await createTestDatabase(major);
  using project = await seeded(
    database,
    `create table t (id int primary key, at timestamptz, amount numeric(10,2), gone text, label text);
insert into t values (1, '2024-01-01 00:00:00+00', 1.50, 'x', 'a'), (2, '2024-01-01 00:00:00+00', 2.50, 'y', 'b');`,
  );
  await database.query("update t set label = 'z' where id = 2");
  project.write(
    'migrations/2_alter.sql',
    `set timezone to 'UTC'; alter table t alter column at type timestamp, alter column amount type numeric(10,4), alter column id type bigint, drop column gone;
alter table t rename label to title; alter table t rename to renamed; create schema other; alter table renamed set schema other;`,
  );
  await up(project);
  expect(await verify(project)).toMatchObject({
    exitCode: 0,
    failed: ['warning: other.renamed (id 2) changed: title'],
    intact: 1,
  });
  project.write(
    'migrations/3_key.sql',
    'alter table other.renamed drop constraint t_pkey, add primary key (title), drop column id;',
  );
  await up(project);
  expect(await verify(project)).toMatchObject({ exitCode: 0, failed: [], intact: 0 });
});

test('rows are followed through renames of the same run', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_a.sql': `create schema s; create table one (k text primary key); insert into one values ('x');
create table two (k text primary key); insert into two values ('y');
alter table one rename to hold; alter table two rename to one; alter table hold rename to two;`,
      'migrations/2_b.sql': `alter table one set schema s; alter table two rename column k to key;`,
    },
    database.url,
  );
  expect(notFollowed(await up(project))).toEqual([]);
  await database.query('delete from s.one; delete from two');
  expect((await verify(project)).failed).toEqual(['error: public.two (key x) missing', 'error: s.one (k y) missing']);
});

test('rows of a file that runs in parts, or one statement at a time, are followed too', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_a.sql': `create table t (k int primary key); insert into t values (1); create index concurrently i on t (k); insert into t values (2);`,
      'migrations/2_b.sql': '-- godwit: transaction=none\ninsert into t values (3);\ninsert into t values (4);',
    },
    database.url,
  );
  expect(notFollowed(await up(project))).toEqual([]);
  expect((await verify(project)).intact).toBe(4);
});

test('a rollback forgets what its migration stated', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_a.sql': 'create table t (k int primary key);',
      'migrations/2_b.sql': 'insert into t values (1);',
      'migrations/2_b.down.sql': 'delete from t;',
      'migrations/3_c.sql': 'insert into t values (2); create table x (a int);',
      'migrations/3_c.down.sql': 'drop table x;',
    },
    database.url,
  );
  await up(project);
  expect((await verify(project)).intact).toBe(2);
  expect((await project.run('down', '--to', '2')).exitCode).toBe(0);
  expect((await verify(project)).intact).toBe(1);
});

test('an upsert of a later migration is what counts then', async () => {
  await using database = await createTestDatabase();
  using project = await seeded(database, currencies);
  project.write(
    'migrations/2_b.sql',
    `insert into currencies (code, name, rank) values ('EUR', 'Euro €', 1), ('USD', 'Dollar', 2) on conflict (code) do update set name = excluded.name, rank = excluded.rank;
insert into currencies (code, name) values ('GBP', 'again') on conflict do nothing;`,
  );
  expect(notFollowed(await up(project))).toEqual([]);
  expect(await verify(project)).toMatchObject({ failed: [], intact: 4 });
  await database.query('update currencies set rank = 9');
  expect((await verify(project)).failed).toEqual([
    'warning: public.currencies (code EUR) changed: rank',
    'warning: public.currencies (code USD) changed: rank',
  ]);
});

test('of two statements for one row that is told which wrote it', async () => {
  await using database = await createTestDatabase();
  using _ = await seeded(
    database,
    `create table t (k int primary key, a int, b int);
insert into t (k, a) values (1, 1);
insert into t (k, b) values (1, 9) on conflict do nothing;
insert into t (k, a) values (2, 1);
insert into t (k, b) values (2, 9) on conflict (k) do update set b = excluded.b;`,
  );
  expect(
    await database.query(
      'select key_values[1] as k, line, columns ? $1 as a, columns ? $2 as b from godwit.seed order by 1',
      ['2', '3'],
    ),
  ).toEqual([
    { k: '1', line: 2, a: true, b: false },
    { k: '2', line: 5, a: true, b: true },
  ]);
});

test('behind a savepoint a row bears the id of a subtransaction', async () => {
  await using database = await createTestDatabase();
  using _ = await seeded(database, currencies);
  const is = async (id: number, exactly: boolean) =>
    (await database.query<{ own: boolean }>(`select godwit.is_own('${id}', '{700,710,720,721}', ${exactly}) as own`))[0]
      ?.own;
  for (const [id, own] of [
    [699, false],
    [700, true],
    [709, true],
    [710, false],
    [720, true],
    [721, false],
  ] as const)
    expect(await is(id, false), String(id)).toBe(own);
  expect(await is(709, true)).toBe(false);
  expect(await is(720, true)).toBe(true);
});

test('a run that died before it followed its rows leaves that to the next one', async () => {
  await using database = await createTestDatabase();
  using project = await seeded(database, currencies);
  // As it is when the process ends between the last COMMIT and the end of the run.
  await database.query(`begin; update godwit.guard set only_row = only_row; delete from currencies where code = 'JPY';
insert into currencies values ('USD', 'Dollar'); commit`);
  await database.query(`truncate godwit.seed; insert into godwit.unfollowed select 1, run, array[
    (select xmin::text from currencies where code = 'GBP')::xid8, ((select xmin::text from currencies where code = 'GBP')::bigint + 1)::text::xid8]
    from godwit.migration`);
  project.write('migrations/2_b.sql', 'create table x (a int);');
  expect(notFollowed(await up(project))).toHaveLength(1);
  expect((await verify(project)).intact).toBe(2);
});

test('behind a restore rows are followed under the new numbers of their tables and columns', async () => {
  await using database = await createTestDatabase();
  using project = await seeded(database, currencies);
  await database.query(`update godwit.guard set system_id = 'another server';
update godwit.object set oid = oid::bigint + 1000000, home = home::bigint + 1000000, sub = case when sub > 0 then sub + 20 else 0 end
  where class = 'pg_class'::regclass;
update godwit.seed set relation = relation::bigint + 1000000, key_columns = '{21}',
  columns = (select jsonb_object_agg(key::int + 20, value) from jsonb_each(columns))`);
  project.write('migrations/2_b.sql', 'create table x (a int);');
  await up(project);
  expect(await verify(project)).toMatchObject({ exitCode: 0, failed: [], intact: 3 });
  await database.query("delete from currencies where code = 'JPY'");
  expect((await verify(project)).failed).toEqual(['error: public.currencies (code JPY) missing']);
});
