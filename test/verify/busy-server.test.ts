import { expect, test } from 'vitest';
import { until } from '../support/child.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

test('what a run did is described while many other transactions of the server are under way', async () => {
  await using database = await createTestDatabase();
  const sql = 'create table a (id int primary key, name text);\nselect pg_sleep(1);';
  using project = createProject({ 'migrations/1_a.sql': sql }, database.url);
  const running = project.run('up');
  const asleep = "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
  await until('the migration sleeps', async () => (await database.query(asleep)).length > 0, 30_000);
  // Each has an id behind that of the migration, and none of them ends before the run does.
  const others = await Promise.all(Array.from({ length: 8 }, () => database.connect()));
  for (const other of others) await other.query('begin; select pg_current_xact_id()');
  const ran = await running;
  expect([ran.exitCode, ran.err]).toEqual([0, expect.stringContaining('Created 1 table')]);
  for (const other of others) await other.query('commit');
  await database.query('alter table a drop column name');
  const verified = await project.run('verify');
  expect([verified.exitCode, verified.err]).toEqual([50, expect.stringContaining('drift column public.a.name')]);
});
