import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createProject } from '../support/project.ts';
import { detach, running, sessionsGone } from './detached.ts';
import { test } from '../support/test.ts';

const files = {
  'migrations/1_a.sql': 'create table a (n int);',
  'migrations/2_b.sql': 'create table b (n int);\nselect pg_sleep(60);',
};

test('a run that is at work is shown with its migration, what it waits for and who holds it', async ({ database }) => {
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
  const [{ pid }] = (await blocker.query('select pg_backend_pid() as pid')).rows;
  const { run } = await detach(project);
  await running(database, 'create index concurrently%', "and wait_event_type = 'Lock'");
  const shown = await project.run('runs', 'show', run, '--json');
  expect(shown.json[0]).toMatchObject({
    run: { outcome: 'running' },
    live: {
      migration: '2',
      sessions: [{ state: 'active', waits: expect.stringContaining('Lock: '), blockedBy: [pid] }],
    },
  });
  expect((await project.run('runs', 'show', run)).shown).toContain(`held by pid ${pid}`);
  await blocker.query('commit');
  expect((await project.run('runs', 'attach', run)).exitCode).toBe(0);
  expect((await project.run('runs', 'show', run, '--json')).json[0]).not.toHaveProperty('live');
});

test('a run is cancelled through the database by somebody who cannot reach its runner', async ({ database }) => {
  using project = createProject(files, database.url);
  using elsewhere = createProject(files, database.url);
  const { run } = await detach(project);
  await running(database, '%pg_sleep(60)%');
  const cancelled = await elsewhere.run('runs', 'cancel', run, '--json');
  expect(cancelled.json[0]).toMatchObject({ run, outcome: 'interrupted', exitCode: 0 });
  const attached = await project.run('runs', 'attach', run);
  expect([attached.exitCode, attached.err]).toEqual([130, expect.stringContaining('The run was cancelled by ')]);
  expect(await database.query("select to_regclass('a') is not null as a, to_regclass('b') is not null as b")).toEqual([
    { a: true, b: false },
  ]);
  expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
  await sessionsGone(database);
});

test('to cancel a run that has ended says how it ended, also without the ledger', async ({ database }) => {
  using project = createProject({ 'migrations/1_a.sql': files['migrations/1_a.sql'] }, database.url);
  const { run } = await detach(project);
  expect((await project.run('runs', 'attach', run)).exitCode).toBe(0);
  rmSync(join(project.folder, '.godwit'), { recursive: true });
  const cancelled = await project.run('runs', 'cancel', run);
  expect([cancelled.exitCode, cancelled.err]).toEqual([
    0,
    expect.stringMatching(`Run ${run.slice(0, 12)}\\w* has ended: done\\.`),
  ]);
});

test('a statement that somebody else cancels is a failure, not a stop', async ({ database }) => {
  using project = createProject(files, database.url);
  const going = project.run('up');
  await running(database, '%pg_sleep(60)%', "and wait_event = 'PgSleep'");
  await database.query(
    "select pg_cancel_backend(pid) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'",
  );
  expect((await going).exitCode).toBe(40);
});
