import { expect, test } from 'vitest';
import { createTestDatabase, majors } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const base = `create table people (id int primary key, name text, code int not null unique);
create table notes (id int primary key, n int);
alter table people replica identity using index people_code_key;
comment on table people is 'who';
comment on column people.name is 'how';
comment on constraint people_pkey on people is 'key';
create type place as (x int);
comment on type place is 'where';
create function one() returns int language sql as 'select 1';
comment on function one() is 'first';
create view names as select name from people;
comment on column names.name is 'shown';
create view ones as select 1 as n;
grant select (n) on ones to public;
create publication told for table people, notes;
create function order_of(int, int) returns int language sql immutable as 'select 0';
create operator family pairs using btree;
alter operator family pairs using btree add operator 1 < (int4, int8), function 1 (int4, int8) order_of(int, int);`;

/** Each takes something away, or renames it, without writing a row of the object whose words it changes. */
const changes = [
  ...['table people', 'column people.name', 'constraint people_pkey on people', 'type place', 'function one()'].map(
    (object) => `comment on ${object} is null`,
  ),
  'comment on column names.name is null',
  'revoke select (n) on ones from public',
  'alter table people drop constraint people_code_key',
  'alter publication told drop table notes',
  'alter table people rename to persons',
  'drop table notes',
  'alter operator family pairs using btree drop operator 1 (int4, int8)',
  'alter function order_of(int, int) rename to ranking',
];

test.each(majors)('what a migration takes away without a trace is no drift (PostgreSQL %i)', async (major) => {
  await using database = await createTestDatabase(major);
  using project = createProject({ 'migrations/1_base.sql': base }, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  for (const [index, sql] of changes.entries()) {
    project.write(`migrations/${index + 2}_change.sql`, `${sql};`);
    const up = await project.run('up');
    expect([sql, up.exitCode, up.err]).toEqual([sql, 0, expect.stringMatching(/Changed|dropped/i)]);
    const verified = await project.run('verify', '--strict');
    expect([sql, verified.exitCode, verified.shown]).toEqual([sql, 0, expect.anything()]);
  }
});

test('what was taken away by hand without a trace is not taken for the work of the next run', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_base.sql': base }, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  await database.query(`comment on column people.name is null; comment on column names.name is null;
comment on function one() is null; alter publication told drop table notes; alter table people drop constraint people_code_key`);
  project.write('migrations/2_people.sql', 'alter table people rename column id to number;');
  expect((await project.run('up')).exitCode).toBe(0);
  const drifted = await project.run('verify');
  expect(drifted.exitCode).toBe(50);
  for (const name of ['people.name', 'names.name', 'one()', 'publication told', 'people.people_code_key'])
    expect(drifted.shown).toContain(name);
  expect(drifted.shown).toContain('replica identity');
});

test('what was put right by hand without a trace is the migrations’ again', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { 'migrations/1_e.sql': "create type mood as enum ('x');\ncreate table t (m mood);" },
    database.url,
  );
  await project.run('up');
  await database.query("comment on column t.m is 'by hand'");
  project.write('migrations/2_other.sql', 'create table other (id int);');
  expect((await project.run('up')).exitCode).toBe(0);
  await database.query('comment on column t.m is null');
  project.write('migrations/3_mood.sql', 'alter type mood rename to moods;');
  expect((await project.run('up')).exitCode).toBe(0);
  const verified = await project.run('verify', '--strict');
  expect(verified.exitCode, verified.shown).toBe(0);
});
