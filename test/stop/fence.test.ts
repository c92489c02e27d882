import { expect } from 'vitest';
import { createProject, type TestProject } from '../support/project.ts';
import { until } from '../support/child.ts';
import { start } from './command.ts';
import { test } from '../support/test.ts';

const sleeping = "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";

/** 40 migrations, of which one in their midst sleeps: those behind it are on their way already. */
function queued(url: string, sleeper = 'insert into log values (5); select pg_sleep(30);'): TestProject {
  const files = Array.from({ length: 40 }, (_, n): [string, string] => [
    `migrations/${n + 1}_row.sql`,
    n === 0 ? 'create table log (n int);' : n === 5 ? sleeper : `insert into log values (${n});`,
  ]);
  return createProject(Object.fromEntries(files), url);
}

test('a stop fences what is queued: nothing behind the cancelled migration is applied', async ({ database }) => {
  using project = queued(database.url);
  const run = start(project, database.url, 'up');
  await until('it sleeps', async () => (await database.query(sleeping)).length > 0);
  run.stop();
  const { exitCode, err } = await run.ended;
  expect(exitCode, err).toBe(130);
  expect(await database.query('select count(*)::int as n, max(n) as last from log')).toEqual([{ n: 4, last: 4 }]);
  // One for the run, one for the stop.
  expect(await database.query('select epoch::int from godwit.epoch')).toEqual([{ epoch: 2 }]);
  const again = await project.run('up', '--no-verify', '--to', '5');
  expect(again.exitCode).toBe(0);
});

test('a statement that swallows the request to cancel is followed by nothing', async ({ database }) => {
  const stubborn = `do $$ begin insert into log values (5); perform pg_sleep(30);
    exception when query_canceled then raise notice 'never mind'; end $$;`;
  using project = queued(database.url, stubborn);
  const run = start(project, database.url, 'up');
  await until('it sleeps', async () => (await database.query(sleeping)).length > 0);
  run.stop();
  const { exitCode, err } = await run.ended;
  expect(exitCode, err).toBe(130);
  // It was entered before the stop, so it counts; those behind it entered nothing.
  expect(await database.query('select max(n) as last from log')).toEqual([{ last: 4 }]);
  expect(await database.query('select id from godwit.migration order by seq desc limit 1')).toEqual([{ id: '6' }]);
  const left = "select 1 from pg_stat_activity where application_name like 'godwit%' and datname = current_database()";
  await until('all sessions are gone', async () => (await database.query(left)).length === 0);
});

test('a stop during a concurrent build clears what it leaves and begins nothing further', async ({ database }) => {
  using project = createProject(
    {
      'migrations/1_a.sql': 'create table a (n int);',
      'migrations/2_b.sql': 'create index concurrently a_n on a (n);\ncreate index concurrently a_m on a (n);',
    },
    database.url,
  );
  await project.run('up', '--to', '1');
  const blocker = await database.connect();
  await blocker.query('begin; insert into a values (1)');
  const run = start(project, database.url, 'up');
  const building =
    "select 1 from pg_stat_activity where datname = current_database() and query ilike 'create index concurrently a_n%' and wait_event_type = 'Lock'";
  await until('the index is being built', async () => (await database.query(building)).length > 0);
  run.stop();
  await blocker.query('commit');
  const { exitCode, err } = await run.ended;
  expect(exitCode, err).toBe(130);
  expect(await database.query('select 1 from pg_index where not indisvalid')).toEqual([]);
  expect(await database.query("select to_regclass('a_m') as second")).toEqual([{ second: null }]);
  const again = await project.run('up');
  expect(again.exitCode, again.err).toBe(0);
  expect(await database.query("select to_regclass('a_m') is not null as second")).toEqual([{ second: true }]);
});
