import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/child.ts';
import { startOwnServer, type OwnServer } from '../support/own-server.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { shippedGodwit, startProgram, type Running } from '../support/running.ts';

// F10: a COMMIT that waits for a synchronous standby that is gone.

let server: OwnServer;
let url: string;
beforeAll(async () => {
  server = await startOwnServer({ fsync: 'off' });
});
afterAll(async () => await server[Symbol.asyncDispose]());

const standbys = async (names: string): Promise<void> => {
  await server.query('postgres', `alter system set synchronous_standby_names = '${names}'`);
  await server.query('postgres', 'select pg_reload_conf()');
};
const query = async (sql: string) => await server.query(new URL(url).pathname.slice(1), sql);
const asleep = async (): Promise<void> =>
  await until(
    'the second migration sleeps',
    async () => (await query("select 1 from pg_stat_activity where wait_event = 'PgSleep'")).length > 0,
  );
const applied = async () => (await query('select id from godwit.migration order by seq')).map(({ id }) => id);

let count = 0;
async function fresh(files: Readonly<Record<string, string>>): Promise<TestProject> {
  count += 1;
  await standbys('');
  await server.query('postgres', `create database d${count}`);
  url = server.url(`d${count}`);
  return createProject(files, url);
}

function godwit(project: TestProject, ...argv: readonly string[]): Running {
  return startProgram([process.execPath, shippedGodwit, ...argv], { cwd: project.folder, env: { DATABASE_URL: url } });
}

const files = {
  'migrations/1_a.sql': 'create table a (n int);',
  'migrations/2_b.sql': 'insert into a values (2);\nselect pg_sleep(2);',
};
const waits = /committed here, has waited .* for a synchronous standby .* “nosuch”, none is connected/;

test('F10: the wait for a synchronous standby is named, and a stop ends it: what is committed is told as applied (`not-replicated`)', async () => {
  using project = await fresh(files);
  const run = godwit(project, 'up', '--no-verify');
  await asleep();
  await standbys('nosuch');
  await until('the wait is told', () => waits.test(run.said()), 20_000);
  const began = performance.now();
  run.process.kill('SIGTERM');
  const { exitCode, err } = await run.ended;
  expect([exitCode, performance.now() - began < 10_000], err).toEqual([130, true]);
  expect(err).toContain('✔ 2 b');
  expect(err.match(/\[not-replicated\]/g)).toHaveLength(1);
  expect(err).not.toContain('canceling wait');
  expect(await applied()).toEqual(['1', '2']);
  expect(await query('select outcome from godwit.run')).toEqual([{ outcome: 'interrupted' }]);
  await standbys('');
  expect((await project.run('up')).exitCode).toBe(0);
  expect(await query('select n from a')).toEqual([{ n: 2 }]);
});

test('F10: a stop before anything is applied is as quick, and the next up does all of it', async () => {
  using project = await fresh(files);
  await standbys('nosuch');
  const run = godwit(project, 'up');
  await until('the wait is told', () => waits.test(run.said()), 20_000);
  const began = performance.now();
  run.process.kill('SIGTERM');
  const { exitCode, err } = await run.ended;
  expect([exitCode, performance.now() - began < 10_000], err).toEqual([130, true]);
  await standbys('');
  expect((await project.run('up')).exitCode).toBe(0);
  expect(await applied()).toEqual(['1', '2']);
});

test('F10: once nobody has to be waited for any more, the run ends well by itself', async () => {
  using project = await fresh(files);
  const run = godwit(project, 'up', '--json');
  await asleep();
  await standbys('nosuch');
  await until('the wait is told', () => run.said().includes('"kind":"standby.wait"'), 20_000);
  await standbys('');
  const { exitCode, out } = await run.ended;
  expect(exitCode, out).toBe(0);
  expect(out).toContain('"standbys":"nosuch","connected":""');
  expect(out).not.toContain('not-replicated');
});

test('F10: a run that waits for a standby is cancelled from beside it, and taken over', async () => {
  using project = await fresh({ ...files, 'migrations/3_c.sql': 'create table c (n int);' });
  using beside = createProject({}, url);
  const run = godwit(project, 'up', '--to', '2');
  await asleep();
  await standbys('nosuch');
  await until('the wait is told', () => waits.test(run.said()), 20_000);
  const [row] = await query('select run from godwit.run');
  const cancelled = await beside.run('runs', 'cancel', String(row?.['run']));
  expect([cancelled.exitCode, cancelled.err]).toEqual([0, expect.stringContaining('has ended: interrupted')]);
  expect((await run.ended).exitCode).toBe(130);
  expect(await applied()).toEqual(['1', '2']);

  const held = godwit(project, 'up');
  await until('the wait is told', () => waits.test(held.said()), 20_000);
  const next = godwit(project, 'up', '--take-over');
  expect((await held.ended).exitCode).toBe(20);
  await standbys('');
  const { exitCode, err } = await next.ended;
  expect(exitCode, err).toBe(0);
  expect(await applied()).toEqual(['1', '2', '3']);
});

test('F10: the end of a command is written without waiting for a standby', async () => {
  using project = await fresh(files);
  await project.run('up');
  const run = godwit(project, 'exec', '--', 'sleep', '3');
  await until(
    'the command runs',
    async () => (await query("select 1 from godwit.event where kind = 'exec'")).length > 0,
  );
  await standbys('nosuch');
  const { exitCode, err } = await run.ended;
  expect(exitCode, err).toBe(0);
  expect(await query("select exit_code from godwit.run where command = 'exec'")).toEqual([{ exit_code: 0 }]);
  await standbys('');
});

test('F10: a command that has not begun because its first rows wait for a standby is stopped at once', async () => {
  using project = await fresh(files);
  await project.run('up');
  await standbys('nosuch');
  const run = godwit(project, 'exec', '--', 'sleep', '60');
  await until('the wait is told', () => waits.test(run.said()), 20_000);
  const began = performance.now();
  run.process.kill('SIGTERM');
  const { exitCode, err } = await run.ended;
  expect([exitCode, performance.now() - began < 10_000], err).toEqual([130, true]);
  await standbys('');
});
