import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'vitest';
import { createInterrupts } from '../../src/cli/interrupts.ts';
import { runProgram } from '../../src/cli/program.ts';
import { until } from '../support/child.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { detach, running, sessionsGone } from './detached.ts';
import { elapse } from '../support/elapse.ts';
import { test } from '../support/test.ts';

const files = {
  'migrations/1_a.sql': 'create table a (n int);',
  'migrations/2_b.sql': 'create table b (n int);\nselect pg_sleep(4);',
  'migrations/3_c.sql': 'create table c (n int);',
};

/** The built program, as it is shipped. */
function godwit(cwd: string, url: string, ...argv: readonly string[]) {
  const child = spawn(process.execPath, ['dist/godwit.cjs', ...argv, '--config', `${cwd}/godwit.config.json`], {
    env: { PATH: process.env['PATH'], HOME: cwd, DATABASE_URL: url },
  });
  const text = { out: '', err: '' };
  child.stdout.on('data', (part: Buffer) => (text.out += part.toString('utf8')));
  child.stderr.on('data', (part: Buffer) => (text.err += part.toString('utf8')));
  return { child, text, ended: once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string) };
}

const config = { 'godwit.config.json': '{"environments":{"local":{"database":{"env":"DATABASE_URL"}}}}' };
const long = { ...files, ...config, 'migrations/2_b.sql': 'create table b (n int);\nselect pg_sleep(60);' };
const tables = "select to_regclass('a') is not null as a, to_regclass('b') is not null as b";

/** Runs `up` on a terminal where a person presses Ctrl-C during the second migration and answers like this. */
async function upWithCtrlC(answer: string) {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  const interrupts = createInterrupts(
    () => {},
    () => performance.now(),
  );
  let err = '';
  const asked: string[] = [];
  const going = runProgram({
    argv: ['up', '--no-verify'],
    signal: interrupts.signal,
    onCtrlC: interrupts.onCtrlC,
    io: {
      cwd: project.folder,
      env: { HOME: project.folder, USER: 'tester', DATABASE_URL: database.url },
      out: () => {},
      err: (text) => (err += text),
      terminal: false,
      interactive: true,
      columns: () => 100,
      ask: (question) => {
        asked.push(question);
        return Promise.resolve(answer);
      },
      input: () => Promise.resolve(''),
    },
  });
  await running(database, '%pg_sleep(4)%');
  interrupts.interrupted();
  const exitCode = await going;
  const applied = await database.query('select count(*)::int as n from godwit.migration');
  return { exitCode, err, asked, applied };
}

test('Ctrl-C on a terminal asks, and with a no the run goes on to its end', async () => {
  const { exitCode, err, asked, applied } = await upWithCtrlC('n');
  expect([exitCode, applied], err).toEqual([0, [{ n: 3 }]]);
  expect(asked).toEqual([expect.stringContaining('Stop the run at its next safe point?')]);
});

test('Ctrl-C on a terminal asks, and without a no the run stops', async () => {
  const { exitCode, err, applied } = await upWithCtrlC('');
  expect([exitCode, applied], err).toEqual([130, [{ n: 1 }]]);
  expect(err).toContain('Stopping at the next safe point');
});

test.each(['SIGHUP', 'SIGTERM'] as const)('%s ends an attached run safely: 130, and up goes on', async (signal) => {
  await using database = await createTestDatabase();
  using project = createProject(long, database.url);
  const { child, ended } = godwit(project.folder, database.url, 'up');
  await running(database, '%pg_sleep(60)%');
  child.kill(signal);
  expect(await ended).toBe(130);
  expect(await database.query(tables)).toEqual([{ a: true, b: false }]);
  expect(await database.query('select outcome from godwit.run')).toEqual([{ outcome: 'interrupted' }]);
});

test('a reader that leaves in the midst of a run ends it safely, and the exit code says so', async ({ database }) => {
  using project = createProject(
    {
      ...long,
      'migrations/2_b.sql': 'create table b (n int);\nselect pg_sleep(3);',
      'migrations/3_c.sql': 'select pg_sleep(60);',
    },
    database.url,
  );
  const { child, ended } = godwit(project.folder, database.url, 'up', '--json');
  await running(database, '%pg_sleep(3)%');
  child.stdout.destroy();
  child.stderr.destroy();
  expect(await ended).toBe(130);
  // It notices with the first line that nobody takes: behind the second migration, or in it when that takes long.
  const [applied] = await database.query('select count(*)::int as n from godwit.migration');
  expect([1, 2]).toContain(applied?.['n']);
  await sessionsGone(database);
});

test('a second Ctrl-C leaves at once; the server rolls back, and up goes on', async ({ database }) => {
  // The request to cancel is repeated: all of them are swallowed.
  const stubborn = `do $$ begin for i in 1..50 loop
    begin perform pg_sleep(60); exception when query_canceled then null; end;
  end loop; end $$;`;
  using project = createProject({ ...long, 'migrations/2_b.sql': stubborn }, database.url);
  const { child, text, ended } = godwit(project.folder, database.url, 'up');
  // Asleep already: before that, the block that swallows the request is not entered.
  await running(database, '%pg_sleep(60)%', "and wait_event = 'PgSleep'");
  child.kill('SIGINT');
  await elapse(600, 'a signal that follows at once counts as the same one');
  child.kill('SIGINT');
  expect(await ended, text.err).toBe(130);
  project.write('migrations/2_b.sql', 'create table b (n int);');
  await sessionsGone(database);
  expect(await godwit(project.folder, database.url, 'up').ended).toBe(0);
  expect(await database.query(tables)).toEqual([{ a: true, b: true }]);
});

test('Ctrl-C leaves a detached run that is only followed alone', async ({ database }) => {
  using project = createProject({ ...files, ...config }, database.url);
  const { run } = await detach(project);
  await running(database, '%pg_sleep(4)%');
  const { child, text, ended } = godwit(project.folder, database.url, 'runs', 'attach', run);
  await until('it follows the run', () => text.err !== '');
  child.kill('SIGINT');
  expect([await ended, text.err]).toEqual([130, expect.stringContaining('continues on its own')]);
  expect((await project.run('runs', 'attach', run)).exitCode).toBe(0);
});
