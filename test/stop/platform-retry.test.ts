import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { TestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { detach, running } from './detached.ts';
import { test } from '../support/test.ts';

/** What a platform does that retries a failed job: the same runner with the same task, whatever became of the one before. */
async function retry(folder: string, database: TestDatabase, killAt?: string): Promise<number | string> {
  const child = spawn(process.execPath, ['dist/runner.cjs', folder], {
    stdio: ['ignore', 'ignore', 'ignore'],
    env: { PATH: process.env['PATH'], DATABASE_URL: database.url },
  });
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  if (killAt !== undefined) {
    await running(database, killAt);
    child.kill('SIGKILL');
  }
  return await ended;
}

test('a platform that retries a killed attempt three times: one run, each thing applied once, the verdict is true', async ({
  database,
}) => {
  using project = createProject(
    {
      'migrations/1_a.sql': 'create table log (n int);',
      'migrations/2_b.sql': 'insert into log values (2);\nselect pg_sleep(3);',
      'migrations/3_c.sql': 'insert into log values (3);\ncreate index concurrently log_n on log (n);',
      'migrations/4_d.sql': 'insert into log values (4);\nselect pg_sleep(3.5);',
    },
    database.url,
  );
  const { run, pid } = await detach(project);
  await running(database, '%pg_sleep(3)%');
  process.kill(pid, 'SIGKILL');
  const folder = join(project.folder, '.godwit/runs', run);
  expect(await retry(folder, database, '%pg_sleep(3)%')).toBe('SIGKILL');
  expect(await retry(folder, database, '%pg_sleep(3.5)%')).toBe('SIGKILL');
  expect(await retry(folder, database)).toBe(0);
  // Nothing is left for a fourth one.
  expect(await retry(folder, database)).toBe(0);
  expect(await database.query('select n from log order by n')).toEqual([{ n: 2 }, { n: 3 }, { n: 4 }]);
  expect(await database.query('select id from godwit.migration order by seq')).toEqual(
    ['1', '2', '3', '4'].map((id) => ({ id })),
  );
  expect(await database.query('select run, outcome, exit_code as code from godwit.run')).toEqual([
    { run, outcome: 'done', code: 0 },
  ]);
  expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
});

test('a retry while the attempt before still holds the database waits for it, and nothing overlaps', async ({
  database,
}) => {
  using project = createProject(
    {
      'migrations/1_a.sql': 'create table log (n int);',
      'migrations/2_b.sql': 'insert into log values (2);\nselect pg_sleep(3);',
    },
    database.url,
  );
  const { run } = await detach(project);
  await running(database, '%pg_sleep(3)%');
  expect(await retry(join(project.folder, '.godwit/runs', run), database)).toBe(0);
  expect(await database.query('select n from log')).toEqual([{ n: 2 }]);
  expect((await project.run('runs', 'attach', run)).exitCode).toBe(0);
});

test('an attempt that was frozen and whose connections broke does nothing more when the platform’s next one has begun', async ({
  database,
}) => {
  using project = createProject(
    {
      'migrations/1_a.sql': 'create table log (n int);',
      'migrations/2_b.sql': 'insert into log values (2);\nselect pg_sleep(3);',
      'migrations/3_c.sql': 'insert into log values (3);\nselect pg_sleep(4);',
      'migrations/4_d.sql': 'insert into log values (4);',
    },
    database.url,
  );
  const { run, pid } = await detach(project);
  await running(database, '%pg_sleep(3)%');
  process.kill(pid, 'SIGSTOP');
  await database.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'godwit%'",
  );
  const second = retry(join(project.folder, '.godwit/runs', run), database);
  await running(database, '%pg_sleep(4)%');
  process.kill(pid, 'SIGCONT');
  expect(await second).toBe(0);
  const attached = await project.run('runs', 'attach', run);
  expect([attached.exitCode, attached.err]).toEqual([20, expect.stringContaining('[taken-over]')]);
  expect(await database.query('select n from log order by n')).toEqual([{ n: 2 }, { n: 3 }, { n: 4 }]);
});
