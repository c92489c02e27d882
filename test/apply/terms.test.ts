import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

test('a role that may create nothing but use schema godwit can apply to its own schema', async () => {
  await using database = await createTestDatabase();
  const role = await database.role('migrator');
  await database.query(
    `create schema godwit authorization ${role.name}; grant create, usage on schema public to ${role.name}`,
  );
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int);' }, role.url);
  const ran = await project.run('up');
  expect(ran.exitCode, ran.err).toBe(0);
});

test('a role without any right is refused with the command that cures it, but may look at the plan', async () => {
  await using database = await createTestDatabase();
  const role = await database.role('nobody');
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int);' }, role.url);
  const refused = await project.run('up');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain(`CREATE SCHEMA godwit AUTHORIZATION ${role.name}`);
  const plan = await project.run('plan');
  expect(plan.exitCode, plan.shown).toBe(0);
});

test('unqualified names are looked for where they were applied, whatever the search_path of who verifies', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int);' }, database.url);
  await project.run('up');
  await database.query(`create schema other; alter database ${database.name} set search_path to other`);
  const ran = await project.run('verify');
  expect(ran.exitCode, ran.shown).toBe(0);
});

test('a timeout that a file asks for holds for a statement outside of transactions too', async () => {
  await using database = await createTestDatabase();
  const text = '-- godwit: transaction=none\n-- godwit: statement-timeout=100ms\nselect pg_sleep(20);';
  using project = createProject({ 'migrations/1_slow.sql': text }, database.url);
  const ran = await project.run('up', '--json');
  expect(ran.exitCode).toBe(40);
  expect(ran.out).toContain('57014');
});

test('an empty down file undoes nothing, so it is refused (`down-empty`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { 'migrations/1_a.sql': 'create table a (id int);', 'migrations/1_a.down.sql': '-- later\n' },
    database.url,
  );
  await project.run('up');
  const ran = await project.run('down');
  expect(ran.exitCode).toBe(10);
  expect(ran.err).toContain('down-empty');
});

test('a backslash in a string stays what it is, whatever the database says of strings', async () => {
  await using database = await createTestDatabase();
  await database.query(`alter database ${database.name} set standard_conforming_strings to off`);
  using project = createProject(
    { 'migrations/1_a.sql': String.raw`create table a (path text primary key); insert into a values ('C:\new\');` },
    database.url,
  );
  const ran = await project.run('up');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(await database.query('select path from a')).toEqual([{ path: String.raw`C:\new` + '\\' }]);
});
