import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const files = {
  'migrations/1_shop.sql': `create table users (id int primary key, email text);
create index users_email on users (email);
create table orders (id int primary key, owner int references users);
create view people as select id from users;
create function touch() returns trigger language plpgsql as $$ begin return new; end $$;
create trigger touched before update on users for each row execute function touch();
insert into users values (1, 'a');
`,
};

test('whoever holds a table exclusively delays neither `verify` nor `up`, and what could not be seen is named', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  const other = await database.connect();
  // It is held until the end of the test: whatever waited for it would never end.
  await other.query('begin; lock table users in access exclusive mode');

  const verified = await project.run('verify');
  expect([verified.exitCode, verified.shown]).toEqual([0, expect.stringContaining('[not-compared]')]);
  expect(verified.shown).toContain('public.users: locked by ');

  project.write('migrations/2_lines.sql', 'create table lines (n int);\nalter table orders add column note text;');
  const applied = await project.run('up');
  expect([applied.exitCode, applied.err]).toEqual([0, expect.stringContaining('Created 1 table, 1 column')]);

  await other.query('rollback');
  await database.query('drop index users_email');
  const found = await project.run('verify');
  expect([found.exitCode, found.shown]).toEqual([50, expect.stringContaining('drift index public.users_email')]);
});

test('what waits for a lock of others is left out like what they hold', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  const reader = await database.connect();
  await reader.query('begin; lock table users in access share mode');
  const waiting = (await database.connect()).query('alter table users add column more int');
  const verified = await project.run('verify');
  expect([verified.exitCode, verified.shown]).toEqual([0, expect.stringContaining('public.users: locked by ')]);
  await reader.query('commit');
  await waiting;
});

test('what a run could not describe is described by the next `up`, also where nothing is pending', async () => {
  await using database = await createTestDatabase();
  const base =
    'create table users (id int);\ncreate table orders (n int, owner int);\ncreate view owners as select users.id, n from users join orders on owner = id;';
  using project = createProject({ 'migrations/1_shop.sql': base }, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  const other = await database.connect();
  await other.query('begin; lock table users in access exclusive mode');
  project.write('migrations/2_number.sql', 'alter table orders rename column n to number;');
  const applied = await project.run('up');
  expect([applied.exitCode, applied.err]).toEqual([
    0,
    expect.stringContaining('holds an exclusive lock on public.owners'),
  ]);
  await other.query('rollback');
  const left = await project.run('verify');
  expect([left.exitCode, left.shown]).toEqual([0, expect.stringContaining('not described yet')]);

  const again = await project.run('up');
  expect([again.exitCode, again.err]).toEqual([0, expect.stringContaining('Nothing to do')]);
  const verified = await project.run('verify', '--strict');
  expect([verified.exitCode, verified.shown]).toEqual([0, expect.not.stringContaining('not-compared')]);
  await database.query(
    'create or replace view owners as select users.id, number + 1 as n from users join orders on owner = id',
  );
  expect((await project.run('verify')).exitCode).toBe(50);
});
