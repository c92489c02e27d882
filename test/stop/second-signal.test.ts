import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/child.ts';
import { startOwnServer, type OwnServer } from '../support/own-server.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { shippedGodwit, startProgram, type Running } from '../support/running.ts';
import { startProxy } from './proxy.ts';
import { elapse } from '../support/elapse.ts';

// A second signal ends the program within seconds, whatever the server does, and the next `up` goes on.

let server: OwnServer;
beforeAll(async () => {
  server = await startOwnServer({ fsync: 'off' });
});
afterAll(async () => await server[Symbol.asyncDispose]());

const files = {
  'migrations/1_a.sql': 'create table a (n int);',
  'migrations/2_b.sql': 'insert into a values (2);\nselect pg_sleep(60);',
};

let count = 0;
async function fresh(): Promise<{ readonly project: TestProject; readonly name: string; readonly url: string }> {
  count += 1;
  const name = `d${count}`;
  await server.query('postgres', `create database ${name}`);
  const url = server.url(name);
  return { project: createProject(files, url), name, url };
}

function up(project: TestProject, url: string): Running {
  return startProgram([process.execPath, shippedGodwit, 'up'], { cwd: project.folder, env: { DATABASE_URL: url } });
}

async function pidAsleep(name: string): Promise<number> {
  const query = `select pid from pg_stat_activity where wait_event = 'PgSleep' and datname = '${name}'`;
  await until('the second migration sleeps', async () => (await server.query(name, query)).length > 0);
  const [row] = await server.query<{ pid: number }>(name, query);
  return row?.pid ?? 0;
}

/** Sends SIGTERM twice, and tells how it ended and how long the second one took. */
async function stopTwice(run: Running) {
  run.process.kill('SIGTERM');
  await until('it says that it stops', () => run.said().includes('Stopping at the next safe point'));
  await elapse(600, 'a signal that follows at once counts as the same one');
  const began = performance.now();
  run.process.kill('SIGTERM');
  const { exitCode, err } = await run.ended;
  return { exitCode, err, soon: performance.now() - began < 3_000 };
}

async function upGoesOn(project: TestProject, name: string): Promise<void> {
  const left = `select 1 from pg_stat_activity where datname = '${name}' and application_name like 'godwit%'`;
  await until('its sessions are gone', async () => (await server.query('postgres', left)).length === 0, 30_000);
  expect(await server.query(name, 'select n from a')).toEqual([]);
  project.write('migrations/2_b.sql', 'insert into a values (2);');
  const again = await project.run('up');
  expect(again.exitCode, again.err).toBe(0);
  expect(await server.query(name, 'select n from a')).toEqual([{ n: 2 }]);
}

const left = { exitCode: 130, soon: true };

test('while the server’s process stands still', async () => {
  const { project, name, url } = await fresh();
  using _ = project;
  const run = up(project, url);
  const pid = await pidAsleep(name);
  process.kill(pid, 'SIGSTOP');
  const { err, ...ended } = await stopTwice(run);
  process.kill(pid, 'SIGCONT');
  expect(ended, err).toEqual(left);
  expect(err).toContain('send the signal again to leave at once');
  expect(err).toContain('Left at once. What was committed is recorded');
  await upGoesOn(project, name);
});

test('while the whole server stands still', async () => {
  const { project, name, url } = await fresh();
  using _ = project;
  const run = up(project, url);
  await pidAsleep(name);
  const rows = await server.query<{ pid: number }>('postgres', 'select pid from pg_stat_activity');
  const [postmaster] = await server.query<{ pid: number }>(
    'postgres',
    "select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int as pid",
  );
  const pids = [postmaster?.pid ?? 0, ...rows.map(({ pid }) => pid)].filter((pid) => isThere(pid));
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  const { err, ...ended } = await stopTwice(run);
  for (const pid of pids) process.kill(pid, 'SIGCONT');
  expect(ended, err).toEqual(left);
  await upGoesOn(project, name);
});

test('while the network swallows everything', async () => {
  const { project, name, url } = await fresh();
  using _ = project;
  await using proxy = await startProxy(url);
  const run = up(project, proxy.url);
  await pidAsleep(name);
  proxy.mute('all');
  const { err, ...ended } = await stopTwice(run);
  expect(ended, err).toEqual(left);
  await proxy[Symbol.asyncDispose]();
  await upGoesOn(project, name);
});

test('a runner in a process of its own leaves, too, and who follows it hears how it ended', async () => {
  const { project, name } = await fresh();
  using _ = project;
  const started = await project.run('up', '--detach');
  const run = /runs attach (\w+)/.exec(started.err)?.[1] ?? '';
  const pid = await pidAsleep(name);
  process.kill(pid, 'SIGSTOP');
  const cancelled = await project.run('runs', 'cancel', run);
  expect(cancelled.err).toContain('run the same command again to make it leave at once');
  await elapse(600, 'a signal that follows at once counts as the same one');
  await project.run('runs', 'cancel', run);
  const attached = await project.run('runs', 'attach', run);
  process.kill(pid, 'SIGCONT');
  expect(attached.exitCode, attached.err).toBe(130);
  expect(attached.err).toContain('The runner received a second stop request');
  await upGoesOn(project, name);
});

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
