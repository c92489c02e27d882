import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { until } from '../support/child.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { shippedGodwit } from '../support/running.ts';

function godwit(cwd: string, url: string, ...argv: readonly string[]) {
  const child = spawn(process.execPath, [shippedGodwit, ...argv], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, DATABASE_URL: url },
  });
  const text = { out: '', err: '' };
  child.stdout.on('data', (part: Buffer) => (text.out += part.toString('utf8')));
  child.stderr.on('data', (part: Buffer) => (text.err += part.toString('utf8')));
  return { child, text, ended: once(child, 'exit').then(([code]) => code as number | null) };
}

test('the program ends with the exit code of its command', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int primary key);' }, database.url);
  expect(await godwit(project.folder, database.url, 'up').ended).toBe(0);
  expect(await godwit(project.folder, database.url, 'stauts').ended).toBe(2);
  expect(await godwit(project.folder, 'nonsense', 'up').ended).toBe(2);
});

test('a reader that leaves early is no error', async () => {
  using project = createProject({});
  const { child, text, ended } = godwit(project.folder, '', 'explain');
  child.stdout.destroy();
  await ended;
  expect(text.err).toBe('');
});

test('Ctrl-C stops a run at a safe point: 130, and nothing of the migration stands, and nothing is kept of it', async () => {
  await using database = await createTestDatabase();
  const files = { 'migrations/1_a.sql': 'create table a (id int primary key);\nselect pg_sleep(60);' };
  using project = createProject(files, database.url);
  const { child, text, ended } = godwit(project.folder, database.url, 'up');
  await until('the migration sleeps', async () => {
    const rows = await database.query(
      "select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()",
    );
    return rows.length > 0;
  });
  child.kill('SIGINT');
  expect([await ended, text.err]).toEqual([130, expect.stringContaining('[interrupted]')]);
  expect(await database.query("select to_regclass('a') as a")).toEqual([{ a: null }]);
  expect(readdirSync(`${project.folder}/.cache/godwit/code`)).toEqual([]);
});
