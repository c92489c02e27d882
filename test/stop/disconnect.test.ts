import { expect } from 'vitest';
import { createTestDatabase, majors } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { until } from '../support/child.ts';
import { detach, running, sessionsGone } from './detached.ts';
import { startProxy } from './proxy.ts';
import { elapse } from '../support/elapse.ts';
import { test } from '../support/test.ts';

const settings = [
  'client_connection_check_interval',
  'default_transaction_isolation',
  'idle_in_transaction_session_timeout',
  'lock_timeout',
  'tcp_keepalives_count',
  'tcp_keepalives_idle',
  'tcp_keepalives_interval',
  'tcp_user_timeout',
];
const keep = `create table kept as select name, setting from pg_settings where name in ('${settings.join("', '")}')`;

test.each(majors)('on PostgreSQL %i every session notices soon that nobody is at the other end', async (major) => {
  await using database = await createTestDatabase(major);
  using project = createProject(
    { 'migrations/1_a.sql': keep, 'migrations/2_b.sql': 'create table b (n int);\ncopy b from stdin;\n1\n\\.\n' },
    database.url,
  );
  const ran = await project.run('up', '--no-verify');
  expect(ran.exitCode, ran.err).toBe(0);
  const kept = await database.query<{ name: string; setting: string }>('select * from kept');
  expect(Object.fromEntries(kept.map(({ name, setting }) => [name, setting]))).toEqual({
    client_connection_check_interval: '1000',
    default_transaction_isolation: 'read committed',
    idle_in_transaction_session_timeout: '60000',
    lock_timeout: '30000',
    tcp_keepalives_count: '3',
    tcp_keepalives_idle: '8',
    tcp_keepalives_interval: '4',
    tcp_user_timeout: '20000',
  });
});

test('the locks of a killed runner are free long before its statement would have ended', async ({ database }) => {
  using project = createProject(
    {
      'migrations/1_a.sql': 'create table a (n int);',
      'migrations/2_b.sql': 'alter table a add column m int;\nselect pg_sleep(60);',
    },
    database.url,
  );
  const { pid } = await detach(project);
  await running(database, '%pg_sleep(60)%');
  process.kill(pid, 'SIGKILL');
  const locks = "select 1 from pg_locks where relation = 'a'::regclass and mode = 'AccessExclusiveLock'";
  await until('the locks are free', async () => (await database.query(locks)).length === 0, 20_000);
  await sessionsGone(database);
  expect(await database.query("select 1 from information_schema.columns where column_name = 'm'")).toEqual([]);
});

test('a runner that is to finish leaves its concurrent build to the server, and the next run finds it done', async ({
  database,
}) => {
  using project = createProject(
    {
      'migrations/1_a.sql': 'create table a (n int);',
      'migrations/2_b.sql': 'create index concurrently a_n on a (n);',
    },
    database.url,
  );
  await project.run('up', '--to', '1');
  const blocker = await database.connect();
  await blocker.query('begin; insert into a values (1)');
  const { pid } = await detach(project, '--on-disconnect', 'finish');
  await running(database, 'create index concurrently%', "and wait_event_type = 'Lock'");
  process.kill(pid, 'SIGKILL');
  const gone = "select 1 from pg_stat_activity where application_name like 'godwit% control'";
  await until('the runner is gone', async () => (await database.query(gone)).length === 0, 20_000);
  await elapse(1_500, 'a server that cancels what nobody waits for would have done it');
  await running(database, 'create index concurrently%');
  await blocker.query('commit');
  await sessionsGone(database);
  const index = "select indexrelid::int as oid, indisvalid as valid from pg_index where indexrelid = 'a_n'::regclass";
  const [built] = await database.query(index);
  expect(built).toMatchObject({ valid: true });
  const again = await project.run('up');
  expect(again.exitCode, again.err).toBe(0);
  expect(await database.query(index)).toEqual([built]);
});

test('a run that is to finish waits after a reset for its own build, and finds it done', async ({ database }) => {
  await using proxy = await startProxy(database.url);
  using project = createProject(
    {
      'migrations/1_a.sql': 'create table a (n int);',
      'migrations/2_b.sql': 'create index concurrently a_n on a (n);',
    },
    proxy.url,
  );
  await project.run('up', '--to', '1');
  const blocker = await database.connect();
  await blocker.query('begin; insert into a values (1)');
  const going = project.run('up', '--on-disconnect', 'finish');
  await running(database, 'create index concurrently%', "and wait_event_type = 'Lock'");
  const [before] = await database.query("select 'a_n'::regclass::oid::int as oid");
  proxy.cut();
  await elapse(1_500, 'a server that cancels what nobody waits for would have done it');
  await running(database, 'create index concurrently%');
  await blocker.query('commit');
  const ran = await going;
  expect(ran.exitCode, ran.err).toBe(0);
  const index = "select indexrelid::int as oid, indisvalid as valid from pg_index where indrelid = 'a'::regclass";
  expect(await database.query(index)).toEqual([{ oid: before?.['oid'], valid: true }]);
});

test('what is to happen when the runner has gone is asked for by name', async () => {
  using project = createProject({ 'migrations/1_a.sql': 'select 1;' });
  const ran = await project.run('up', '--on-disconnect', 'later');
  expect([ran.exitCode, ran.err]).toEqual([2, expect.stringContaining('cancel or finish')]);
});
