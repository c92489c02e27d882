import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../support/child.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { namedRun } from '../support/named-run.ts';

const node = process.execPath;

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test('a detached command goes on by itself, and whoever attaches sees its output from the beginning', async () => {
  await using database = await createTestDatabase();
  using project = createProject({}, database.url);
  const script = "console.log('from the beginning'); console.error('and beside'); process.exit(5)";
  const started = await project.run('exec', '--detach', '--', node, '-e', script);
  expect(started.exitCode, started.err).toBe(0);
  const attached = await project.run('runs', 'attach', namedRun(project.folder, started.err));
  expect([attached.exitCode, attached.out]).toEqual([40, 'from the beginning\n']);
  expect(attached.err).toContain('and beside');
  expect(attached.err).toContain('ended with exit code 5');
}, 240_000);

test('when the runner is killed its command is ended, the database is free, and the outcome is not known: 42', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int primary key);' }, database.url);
  const file = join(project.folder, 'pid');
  const script = `require('node:fs').writeFileSync(${JSON.stringify(file)}, String(process.pid)); setInterval(() => {}, 1000)`;
  const started = await project.run('exec', '--detach', '--', node, '-e', script);
  const run = namedRun(project.folder, started.err);
  await until('the command works', () => existsSync(file) && readFileSync(file, 'utf8') !== '', 30_000);
  const command = Number(readFileSync(file, 'utf8'));
  process.kill(Number.parseInt(project.read(`.godwit/runs/${run}/pid`), 10), 'SIGKILL');
  const attached = await project.run('runs', 'attach', run);
  expect([attached.exitCode, attached.err]).toEqual([42, expect.stringContaining('[command-lost]')]);
  await until('the command is gone', () => !alive(command), 30_000);
  const listed = await project.run('runs', 'list', '--json');
  expect(listed.json[0]).toMatchObject({ runs: [{ command: 'exec', outcome: 'interrupted' }] });
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
}, 240_000);

test('a lost connection is made again while the command goes on, with the lock', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int primary key);' }, database.url);
  const script = `const { existsSync, writeFileSync } = require('node:fs');
    writeFileSync('there', '');
    const look = setInterval(() => { if (existsSync('go')) clearInterval(look); }, 50)`;
  const started = await project.run('exec', '--detach', '--', node, '-e', script);
  const run = namedRun(project.folder, started.err);
  await until('the command works', () => existsSync(join(project.folder, 'there')), 30_000);
  const sessions = `select pid from pg_stat_activity where datname = current_database() and application_name like 'godwit ${run}%'`;
  await until('it has its sessions', async () => (await database.query(sessions)).length === 2, 30_000);
  const locks =
    "select pid from pg_locks where locktype = 'advisory' and classid = 1735353463 and objid = 26996 and granted and database = (select oid from pg_database where datname = current_database())";
  const [before] = await database.query(locks);
  await database.query(sessions.replace('select pid', 'select pg_terminate_backend(pid)'));
  await until(
    'the lock is held again',
    async () => {
      const [now] = await database.query(locks);
      return now !== undefined && now['pid'] !== before?.['pid'];
    },
    240_000,
  );
  expect((await project.run('up', '--wait', '0s')).exitCode).toBe(20);
  project.write('go', '');
  expect((await project.run('runs', 'attach', run)).exitCode).toBe(0);
}, 600_000);
