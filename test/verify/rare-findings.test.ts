import { expect, test } from 'vitest';
import { until } from '../support/child.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

const files = { 'migrations/1_a.sql': 'create table a (n int);' };

async function warned(project: TestProject, ...argv: readonly string[]): Promise<readonly string[]> {
  const ran = await project.run(...argv);
  expect(ran.exitCode, ran.err).toBe(0);
  return [...ran.err.matchAll(/\[([a-z-]+)\]/g)].map(([, code]) => code ?? '');
}

test('`existing-differs`: IF NOT EXISTS that met something else rolls the migration back', async () => {
  await using database = await createTestDatabase();
  await database.query('create table a (name text)');
  using project = createProject({ 'migrations/1_a.sql': 'create table if not exists a (n int);' }, database.url);
  const ran = await project.run('up');
  expect([ran.exitCode, ran.err]).toEqual([40, expect.stringContaining('[existing-differs]')]);
  expect(await database.query('select count(*)::int as n from godwit.migration')).toEqual([{ n: 0 }]);
});

test('`existing-other`: a column of another type that IF NOT EXISTS has met is named', async () => {
  await using database = await createTestDatabase();
  await database.query('create table a (n text)');
  using project = createProject({ 'migrations/1_a.sql': 'create table if not exists a (n int);' }, database.url);
  expect(await warned(project, 'up')).toContain('existing-other');
});

test('`baseline-moved`: a database that is a copy is compared by names, and the next run binds it again', async () => {
  await using original = await createTestDatabase();
  using project = createProject(files, original.url);
  expect((await project.run('up')).exitCode).toBe(0);
  await using copy = await createTestDatabase(undefined, original.name);
  const here = createProject({ ...files, 'migrations/2_b.sql': 'create table b (n int);' }, copy.url);
  expect(await warned(here, 'verify')).toContain('baseline-moved');
  expect(await warned(here, 'up')).toContain('baseline-moved');
  expect(await warned(here, 'verify')).not.toContain('baseline-moved');
});

test('`no-baseline`: nothing is claimed of objects that no run has described', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  // As a history that was made by an older release, and that nothing has changed since.
  await database.query('truncate godwit.object; update godwit.guard set server_major = 0');
  expect(await warned(project, 'verify')).toContain('no-baseline');
});

test('`not-described`: what a run made is applied also where the server refuses to describe it', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  project.write(
    'migrations/2_b.sql',
    // Written so that reading the file does not show it.
    "create table b (n int);\ndo $$ begin execute 'alter function god' || 'wit.describe_run(jsonb) rename to gone'; end $$;",
  );
  expect(await warned(project, 'up')).toContain('not-described');
});

test('`history-locked`: whoever only reads and is caught in a deadlock says who is in the way', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  // Whoever waited first is ended; the reader has had the time to look who is in its way.
  await database.query(`alter database ${database.name} set deadlock_timeout = '6s'`);
  const dba = await database.connect({ application_name: 'dba' });
  await dba.query("set deadlock_timeout = '1min'; begin; lock table godwit.migration");
  const status = project.run('status');
  const waits = "select 1 from pg_locks where not granted and relation = 'godwit.migration'::regclass";
  await until('it waits', async () => (await database.query(waits)).length > 0);
  await dba.query('lock table godwit.guard; rollback');
  const { exitCode, err } = await status;
  expect([exitCode, err]).toEqual([20, expect.stringContaining('[history-locked]')]);
  expect(err).toContain('application “dba”');
});

test('`database-refused`: a server that lets nobody make tables is quoted, and nothing is changed', async () => {
  await using database = await createTestDatabase();
  await database.query(`create function no_ddl() returns event_trigger language plpgsql as 'begin raise exception $$not on Fridays$$; end';
    create event trigger no_ddl on ddl_command_start execute function no_ddl()`);
  using project = createProject(files, database.url);
  const ran = await project.run('up');
  expect([ran.exitCode, ran.err]).toEqual([expect.any(Number), expect.stringContaining('[database-refused]')]);
  expect(ran.err).toContain('not on Fridays');
  expect(await database.query("select to_regnamespace('godwit') as there")).toEqual([{ there: null }]);
});
