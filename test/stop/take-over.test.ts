import { expect } from 'vitest';
import type { TestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { until } from '../support/child.ts';
import { detach, running, sessionsGone } from './detached.ts';
import { test } from '../support/test.ts';

/** How a run is named that holds the database: by the beginning of its id. */
const holder = (run: string): RegExp => new RegExp(`godwit ${run.slice(0, 8)}\\w* \\(user postgres from`);

async function busy(database: TestDatabase): Promise<readonly unknown[]> {
  return await database.query('select outcome, exit_code as code from godwit.run order by started_at');
}

test('a live run keeps the database, and whoever asks is told who holds it', async ({ database }) => {
  using project = createProject(
    { 'migrations/1_a.sql': 'create table a (n int);', 'migrations/2_b.sql': 'select pg_sleep(60);' },
    database.url,
  );
  const { run } = await detach(project);
  await running(database, '%pg_sleep(60)%');
  const refused = await project.run('up', '--wait', '1ms');
  expect([refused.exitCode, refused.err]).toEqual([20, expect.stringMatching(holder(run))]);
  expect(refused.err).toContain('--take-over');
  await project.run('runs', 'cancel', run);
  await sessionsGone(database);
  expect(await busy(database)).toEqual([{ outcome: 'interrupted', code: 130 }]);
});

test('a live run is taken over: its statement is ended, nothing of it counts, and the audit says so (`took-over`)', async ({
  database,
}) => {
  using project = createProject(
    {
      'migrations/1_a.sql': 'create table a (n int);',
      'migrations/2_b.sql': 'insert into a values (2);\nselect pg_sleep(60);',
    },
    database.url,
  );
  const { run } = await detach(project);
  await running(database, '%pg_sleep(60)%');
  // What only sleeps may change: the migration was not applied.
  project.write('migrations/2_b.sql', 'insert into a values (2);');
  const taken = await project.run('up', '--take-over');
  expect([taken.exitCode, taken.err]).toEqual([0, expect.stringMatching(holder(run))]);
  expect(await database.query('select n from a')).toEqual([{ n: 2 }]);
  const attached = await project.run('runs', 'attach', run);
  expect([attached.exitCode, attached.err]).toEqual([20, expect.stringContaining('[taken-over]')]);
  const [event] = await database.query<{ body: string }>("select body from godwit.event where kind = 'took-over'");
  expect(JSON.parse(event?.body ?? '{}')).toMatchObject({ from: expect.stringContaining(run) });
  expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
  await sessionsGone(database);
});

test('a frozen runner that wakes behind a takeover does not execute its next statement outside of transactions', async ({
  database,
}) => {
  using project = createProject(
    {
      'migrations/1_a.sql': 'create table a (n int);\ncreate table log (n int);',
      'migrations/2_b.sql': 'create index concurrently a_n on a (n);\ninsert into log values (1);',
    },
    database.url,
  );
  await project.run('up', '--to', '1');
  // The intent of the build waits for this lock; the runner is frozen meanwhile, so that the build is its next statement.
  const blocker = await database.connect();
  await blocker.query('begin; lock table godwit.statement in share mode');
  const { run, pid } = await detach(project);
  const waiting = "select 1 from pg_locks where relation = 'godwit.statement'::regclass and not granted";
  await until('the intent waits', async () => (await database.query(waiting)).length > 0);
  process.kill(pid, 'SIGSTOP');
  try {
    await blocker.query('commit');
    const noted = "select 1 from godwit.statement where state = 'intent'";
    await until('the intent is noted', async () => (await database.query(noted)).length > 0);
    const taken = await project.run('up', '--take-over');
    expect(taken.exitCode, taken.err).toBe(0);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  const index = "select indexrelid::int as oid, indisvalid as valid from pg_index where indrelid = 'a'::regclass";
  const built = await database.query(index);
  const attached = await project.run('runs', 'attach', run);
  expect([attached.exitCode, attached.err]).toEqual([20, expect.stringContaining('[taken-over]')]);
  expect(built).toMatchObject([{ valid: true }]);
  expect(await database.query(index)).toEqual(built);
  expect(await database.query('select n from log')).toEqual([{ n: 1 }]);
  await sessionsGone(database);
});

test('a frozen runner with a pipeline under way that wakes behind a takeover adds nothing to it', async ({
  database,
}) => {
  const rows = Array.from({ length: 80 }, (_, n): [string, string] => [
    `migrations/${n + 2}_row.sql`,
    `insert into log values (${n});${n === 5 ? ' select pg_sleep(3);' : ''}`,
  ]);
  using project = createProject(
    { 'migrations/1_a.sql': 'create table log (n int);', ...Object.fromEntries(rows) },
    database.url,
  );
  const { run, pid } = await detach(project);
  await running(database, '%pg_sleep(3)%');
  process.kill(pid, 'SIGSTOP');
  try {
    const taken = await project.run('up', '--take-over');
    expect(taken.exitCode, taken.err).toBe(0);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  const attached = await project.run('runs', 'attach', run);
  expect([attached.exitCode, attached.err]).toEqual([20, expect.stringContaining('[taken-over]')]);
  expect(await database.query('select count(*)::int as n, count(distinct n)::int as different from log')).toEqual([
    { n: 80, different: 80 },
  ]);
});

test('a session that is no run of godwit and has taken the lock is named, and not ended', async ({ database }) => {
  using project = createProject({ 'migrations/1_a.sql': 'create table a (n int);' }, database.url);
  const stranger = await database.connect({ application_name: 'somebody' });
  await stranger.query('select pg_advisory_lock(1735353463, 26996)');
  const ran = await project.run('up', '--take-over');
  expect([ran.exitCode, ran.err]).toEqual([20, expect.stringContaining('somebody (user postgres')]);
  await stranger.query('select pg_advisory_unlock(1735353463, 26996)');
  expect((await project.run('up')).exitCode).toBe(0);
});
