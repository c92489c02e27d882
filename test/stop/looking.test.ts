import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect } from 'vitest';
import { createProject } from '../support/project.ts';
import { start } from './command.ts';
import { running, sessionsGone } from './detached.ts';
import { hurriedRun } from './hurried-run.ts';
import { startProxy } from './proxy.ts';
import { test } from '../support/test.ts';

const slowView = (seconds: number): string =>
  `create function slow() returns int language sql as $$ select 1 from pg_sleep(${seconds}) $$;\ncreate view v as select slow();`;

test('a connection that is lost while `verify` looks says nothing about the database', async ({ database }) => {
  using project = createProject(
    {
      'migrations/1_a.sql': slowView(1),
    },
    database.url,
  );
  expect((await project.run('up', '--no-verify')).exitCode).toBe(0);
  const going = project.run('verify');
  await running(database, '%', "and wait_event = 'PgSleep'");
  await database.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'godwit%'",
  );
  const ran = await going;
  expect(ran.exitCode, ran.err).toBe(0);
  expect(ran.err).not.toContain('terminating');
});

test('Ctrl-C ends a command that only looks, and its query', async ({ database }) => {
  using project = createProject({ 'migrations/1_a.sql': slowView(60) }, database.url);
  expect((await project.run('up', '--no-verify')).exitCode).toBe(0);
  const run = start(project, database.url, 'verify');
  await running(database, '%', "and wait_event = 'PgSleep'");
  run.stop();
  const { exitCode, err } = await run.ended;
  expect([exitCode, err]).toEqual([130, expect.stringContaining('The command only reads')]);
  await sessionsGone(database);
});

test('a connection that falls silent while `verify` looks is made again', async ({ database }) => {
  await using proxy = await startProxy(database.url);
  using project = createProject({ 'migrations/1_a.sql': slowView(1) }, database.url);
  expect((await project.run('up', '--no-verify')).exitCode).toBe(0);
  const going = hurriedRun(project, proxy.url, 20, 'verify');
  await running(database, '%', "and wait_event = 'PgSleep'");
  proxy.mute('present');
  const { exitCode, events } = await going;
  expect(exitCode, JSON.stringify(events.slice(-3))).toBe(0);
  expect(events.filter(({ kind }) => kind === 'checks').length).toBe(1);
});

test.each(['up', 'status'])(
  'Ctrl-C ends `%s` at once while it connects to a server that does not answer',
  async (command) => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `postgresql://u@127.0.0.1:${(server.address() as AddressInfo).port}/d`;
    using project = createProject({ 'migrations/1_a.sql': 'select 1;' }, url);
    const connected = once(server, 'connection');
    const run = start(project, url, command);
    const [socket] = (await connected) as [Socket];
    run.stop();
    const { exitCode, err } = await run.ended;
    // The connection is begun before the run is.
    const words = /Cancelled while connecting|stopped before it created anything/;
    expect([exitCode, err]).toEqual([130, expect.stringMatching(words)]);
    socket.destroy();
    server.close();
  },
);
