import { expect } from 'vitest';
import { createTestDatabase, majors } from '../support/database.ts';
import { appliedProject, appliedRunByRun, history } from './applied.ts';
import { test } from '../support/test.ts';

const three = {
  'migrations/1_a.sql': 'create table a (id int);',
  'migrations/1_a.down.sql': 'drop table a;',
  'migrations/2_b.sql': 'create table b (id int);',
  'migrations/2_b.down.sql': 'drop table b;',
  'migrations/3_c.sql': 'create table c (id int);',
  'migrations/3_c.down.sql': 'drop table c;',
};

test.each(majors)(
  'down undoes one migration, --to several in reverse order, and up applies them again (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    using project = await appliedProject(database, three);
    const one = await project.run('down');
    expect(one.exitCode, one.err).toBe(0);
    expect(one.err).toContain('1 migration undone');
    expect((await project.run('status')).shown).toMatch(/✔ 2 b[^]*• 3 c\s+pending/);

    const rest = await project.run('down', '--to', '0');
    expect(rest.exitCode, rest.err).toBe(0);
    expect(await history(database)).toEqual([
      'applied 1',
      'applied 2',
      'applied 3',
      'reverted 3',
      'reverted 2',
      'reverted 1',
    ]);
    expect(await database.query("select count(*)::int as n from pg_tables where schemaname = 'public'")).toEqual([
      { n: 0 },
    ]);
    const nothing = await project.run('down');
    expect(nothing.exitCode).toBe(10);
    expect(nothing.err).toContain('[nothing-to-undo]');

    const again = await project.run('up');
    expect(again.exitCode, again.err).toBe(0);
    expect((await history(database)).slice(6)).toEqual(['applied 1', 'applied 2', 'applied 3']);
    expect((await project.run('verify')).exitCode).toBe(0);
    const to = await project.run('down', '--to', '1');
    expect(to.exitCode, to.err).toBe(0);
    expect((await history(database)).slice(9)).toEqual(['reverted 3', 'reverted 2']);
    expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
  },
);

const everything = `create type mood as enum ('good');
create table a (id int);
alter table base add column extra int;
create index base_id on base (id);
create function f(int) returns int language sql as 'select $1';
create function note() returns trigger language plpgsql as 'begin return new; end';
create trigger noted before insert on base for each row execute function note();
create view v as select 1 as one;
create sequence s;
alter table base add constraint base_positive check (id > 0);`;

const wayBack = [
  'alter table base drop constraint base_positive',
  'drop sequence s',
  'drop view v',
  'drop trigger noted on base',
  'drop function note()',
  'drop function f(int)',
  'drop index base_id',
  'alter table base drop column extra',
  'drop table a',
  'drop type mood',
];

test.each([
  ['base_positive', 'constraint public.base.base_positive'],
  ['sequence s', 'sequence public.s'],
  ['view v', 'view public.v'],
  ['trigger noted', 'trigger public.base.noted'],
  ['function f', 'function public.f(integer)'],
  ['index base_id', 'index public.base_id'],
  ['column extra', 'column public.base.extra'],
  ['table a', 'table public.a'],
  ['type mood', 'type public.mood'],
])('a down file that forgets %s is found out', async (left, named) => {
  await using database = await createTestDatabase();
  const statements = wayBack.filter((statement) => !statement.includes(left));
  // A trigger keeps its function.
  const down = left === 'trigger noted' ? statements.filter((one) => !one.includes('note()')) : statements;
  using project = await appliedProject(database, {
    'migrations/1_base.sql': 'create table base (id int);',
    'migrations/2_all.sql': everything,
    'migrations/2_all.down.sql': `${down.join(';\n')};`,
  });
  const ran = await project.run('down');
  expect(ran.exitCode, ran.err).toBe(50);
  expect(ran.err).toContain(named);
  expect(ran.err).toContain('still there');
  // It is undone all the same: the file has run, and the history says so.
  expect((await history(database)).at(-1)).toBe('reverted 2');
});

test('a complete down file proves that everything is gone', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_base.sql': 'create table base (id int);',
    'migrations/2_all.sql': everything,
    'migrations/2_all.down.sql': `${wayBack.join(';\n')};`,
  });
  const ran = await project.run('down', '--json');
  expect(ran.exitCode, ran.out).toBe(0);
  const checks = ran.json.flatMap((event) => (event.kind === 'checks' ? event.checks : []));
  expect(checks.filter(({ ok, expected }) => ok && expected === 'gone').length).toBeGreaterThanOrEqual(10);
});

test('constraints and indexes that the server has named are found out too', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_base.sql': 'create table base (id int, other int);',
    'migrations/2_unnamed.sql': 'create index on base (other);\nalter table base add unique (id);',
    'migrations/2_unnamed.down.sql': 'select 1;',
  });
  const ran = await project.run('down');
  expect(ran.exitCode, ran.err).toBe(50);
  expect(ran.err).toContain('index public.base_other_idx');
  expect(ran.err).toContain('constraint public.base.base_id_key');
});

test('what a migration of an earlier run has changed is compared with its former words', async ({ database }) => {
  using project = await appliedRunByRun(database, {
    'migrations/1_users.sql': 'create table users (id int, email text not null);',
    'migrations/2_loose.sql': 'alter table users alter column email drop not null, alter column id type bigint;',
    'migrations/2_loose.down.sql': 'alter table users alter column email set not null;',
  });
  const ran = await project.run('down');
  expect(ran.exitCode).toBe(0);
  expect(ran.err).toMatch(/! restored column public\.users\.id[^]*expected +type: integer[^]*found +type: bigint/);
  expect(ran.err).not.toContain('users.email');
});

test('an object that was dropped and is not made again is told', async ({ database }) => {
  using project = await appliedRunByRun(database, {
    'migrations/1_users.sql': 'create table users (id int, email text);\ncreate index users_email on users (email);',
    'migrations/2_drop.sql': 'drop table users;',
    'migrations/2_drop.down.sql': 'create table users (id int);',
  });
  const ran = await project.run('down');
  expect(ran.exitCode).toBe(0);
  expect(ran.err).toContain('! restored column public.users.email');
  expect(ran.err).toContain('! restored index public.users_email');
});

test('a renamed table has its old name again', async ({ database }) => {
  using project = await appliedRunByRun(database, {
    'migrations/1_users.sql': 'create table users (id int);',
    'migrations/2_rename.sql': 'alter table users rename to people;',
    'migrations/2_rename.down.sql': 'alter table people rename to users;',
  });
  const ran = await project.run('down');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(ran.err).not.toContain('!');
  await project.run('up');
  project.write('migrations/2_rename.down.sql', 'select 1;');
  const forgotten = await project.run('down');
  expect(forgotten.exitCode, forgotten.err).toBe(0);
  expect(forgotten.err).toContain('! restored table public.users');
});

test('what lies between two migrations of one run is not known, and nothing is claimed of it', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_users.sql': 'create table users (id int);',
    'migrations/2_wide.sql': 'alter table users alter column id type bigint;',
    'migrations/2_wide.down.sql': 'alter table users alter column id type int;',
  });
  const ran = await project.run('down');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(ran.err).not.toContain('!');
});

test('objects are proven gone in the schema where they were made, whoever undoes them', async ({ database }) => {
  await database.query('create schema app');
  await database.query(`alter database ${database.name} set search_path to app`);
  using project = await appliedProject(database, {
    'migrations/1_a.sql': 'create table a (id int);\ncreate table b (id int);',
    'migrations/1_a.down.sql': 'drop table app.a;',
  });
  await database.query(`alter database ${database.name} set search_path to public`);
  const ran = await project.run('down');
  expect(ran.exitCode, ran.err).toBe(50);
  expect(ran.err).toContain('table app.b');
});

test('a down file that fails is rolled back, and the history still says applied', async ({ database }) => {
  using project = await appliedProject(database, {
    ...three,
    'migrations/3_c.down.sql': 'drop table c;\ndrop table nowhere;',
  });
  const failed = await project.run('down', '--to', '0');
  expect(failed.exitCode).toBe(40);
  expect(failed.err).toContain('migrations/3_c.down.sql:2');
  expect(await history(database)).toEqual(['applied 1', 'applied 2', 'applied 3']);
  expect(await database.query("select to_regclass('c')::text as c")).toEqual([{ c: 'c' }]);
  expect((await project.run('status')).shown).toContain('3 migrations applied');
});

test('a missing down file refuses the whole rollback before anything is changed (`down-missing`)', async ({
  database,
}) => {
  using project = await appliedProject(database, three);
  project.remove('migrations/2_b.down.sql');
  const refused = await project.run('down', '--to', '0');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain('[down-missing]');
  expect(refused.err).toContain('migrations/2_b.sql');
  expect((await history(database)).length).toBe(3);
  expect((await project.run('down')).exitCode).toBe(0);
});

test('--dry-run and plan --down show the way back, and down --plan binds to it', async ({ database }) => {
  using project = await appliedProject(database, three);
  const dry = await project.run('down', '--to', '1', '--dry-run');
  expect(dry.exitCode, dry.shown).toBe(0);
  expect(dry.shown).toMatch(/3 c[^]*2 b/);
  expect(dry.shown).toContain('drops table c');
  const plan = await project.run('plan', '--down', '--out', 'back.json');
  expect(plan.exitCode, plan.shown).toBe(0);
  expect(plan.shown).toContain('godwit down --plan back.json');
  expect((await project.run('up', '--plan', 'back.json')).exitCode).not.toBe(0);
  expect((await history(database)).length).toBe(3);
  project.write('migrations/3_c.down.sql', 'drop table c; -- other');
  const changed = await project.run('down', '--plan', 'back.json');
  expect(changed.exitCode).toBe(10);
  expect(changed.err).toContain('[plan-changed]');
  project.write('migrations/3_c.down.sql', 'drop table c;');
  const done = await project.run('down', '--plan', 'back.json');
  expect(done.exitCode, done.err).toBe(0);
  expect((await history(database)).at(-1)).toBe('reverted 3');
  const twice = await project.run('down', '--plan', 'back.json');
  expect(twice.exitCode).toBe(10);
});
