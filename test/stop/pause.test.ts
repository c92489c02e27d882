import { expect } from 'vitest';
import { createProject } from '../support/project.ts';
import { until } from '../support/child.ts';
import { detach, running, sessionsGone } from './detached.ts';
import { elapse } from '../support/elapse.ts';
import { test } from '../support/test.ts';

/** Each statement is awaited before the next one is sent. */
const steps = (seconds: number): string =>
  `-- godwit: transaction=none\ninsert into log values (1);\nselect pg_sleep(${seconds});\ninsert into log values (2);\ninsert into log values (3);`;

test('a platform that announces a pause gets a runner that holds still, and goes on when it is woken', async ({
  database,
}) => {
  using project = createProject(
    { 'migrations/1_a.sql': 'create table log (n int);', 'migrations/2_b.sql': steps(3) },
    database.url,
  );
  const { run, pid } = await detach(project);
  await running(database, '%pg_sleep(3)%');
  process.kill(pid, 'SIGTSTP');
  const asleep = "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
  await until('the statement is over', async () => (await database.query(asleep)).length === 0);
  await elapse(500, 'a runner that is not suspended would go on');
  expect(await database.query('select n from log')).toEqual([{ n: 1 }]);
  process.kill(pid, 'SIGCONT');
  const attached = await project.run('runs', 'attach', run);
  expect([attached.exitCode, attached.err]).toEqual([0, expect.stringContaining('was suspended and resumed')]);
  expect(await database.query('select n from log order by n')).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
});

test('a runner that holds still and is told to end does not wait to be woken', async ({ database }) => {
  using project = createProject(
    { 'migrations/1_a.sql': 'create table log (n int);', 'migrations/2_b.sql': steps(3) },
    database.url,
  );
  const { run, pid } = await detach(project);
  await running(database, '%pg_sleep(3)%');
  process.kill(pid, 'SIGTSTP');
  const asleep = "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
  await until('the statement is over', async () => (await database.query(asleep)).length === 0);
  process.kill(pid, 'SIGTERM');
  expect((await project.run('runs', 'attach', run)).exitCode).toBe(130);
  expect(await database.query('select n from log')).toEqual([{ n: 1 }]);
});

test('a runner whose connections broke while it was stopped makes them again, and each thing is applied once', async ({
  database,
}) => {
  using project = createProject(
    {
      'migrations/1_a.sql': 'create table log (n int);',
      'migrations/2_b.sql': 'insert into log values (1);\nselect pg_sleep(3);',
    },
    database.url,
  );
  const { run, pid } = await detach(project);
  await running(database, '%pg_sleep(3)%');
  process.kill(pid, 'SIGSTOP');
  await database.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'godwit%'",
  );
  await sessionsGone(database);
  process.kill(pid, 'SIGCONT');
  const attached = await project.run('runs', 'attach', run);
  expect(attached.exitCode, attached.err).toBe(0);
  expect(await database.query('select n from log order by n')).toEqual([{ n: 1 }]);
});
