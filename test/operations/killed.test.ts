import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { startOwnServer } from '../support/own-server.ts';
import { createProject } from '../support/project.ts';
import { shippedGodwit, startProgram } from '../support/running.ts';
import { detach, running, sessionsGone } from '../stop/detached.ts';
import { until } from '../support/child.ts';
import { elapse } from '../support/elapse.ts';

// What platforms and people kill: no session is left, and the next `up` goes on.

const files = {
  'migrations/1_a.sql': 'create table a (n int);',
  'migrations/2_b.sql': 'insert into a values (2);\nselect pg_sleep(30);',
};

test('SIGTERM, and SIGKILL 50 ms later', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  const run = startProgram([process.execPath, shippedGodwit, 'up'], {
    cwd: project.folder,
    env: { DATABASE_URL: database.url },
  });
  await running(database, '%pg_sleep(30)%');
  run.process.kill('SIGTERM');
  await elapse(50, 'as an impatient orchestrator does');
  run.process.kill('SIGKILL');
  await run.ended;
  await sessionsGone(database);
  project.write('migrations/2_b.sql', 'insert into a values (2);');
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  expect(await database.query('select n from a')).toEqual([{ n: 2 }]);
});

test('SIGKILL of the whole process group during a concurrent build: the next up ends it, and builds it', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { ...files, 'migrations/2_b.sql': 'create index concurrently a_n on a (n);' },
    database.url,
  );
  await project.run('up', '--to', '1');
  const other = await database.connect();
  await other.query('begin; insert into a values (1)');
  const child = spawn(process.execPath, [shippedGodwit, 'up'], {
    cwd: project.folder,
    env: { PATH: process.env['PATH'], HOME: project.folder, DATABASE_URL: database.url },
    stdio: 'ignore',
    detached: true,
  });
  await running(database, 'create index concurrently%', "and wait_event_type = 'Lock'");
  const ended = once(child, 'exit');
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  await ended;
  const up = project.run('up');
  await other.query('commit');
  const { exitCode, err } = await up;
  expect(exitCode, err).toBe(0);
  expect(await database.query("select indisvalid as valid from pg_index where indrelid = 'a'::regclass")).toEqual([
    { valid: true },
  ]);
});

test('a detached runner and the server are both killed: unknown while the server is away, known when it is back', async () => {
  const server = await startOwnServer();
  try {
    using project = createProject(files, server.url('postgres'));
    const { run, pid } = await detach(project);
    const asleep = "select 1 from pg_stat_activity where wait_event = 'PgSleep'";
    await until('it sleeps', async () => (await server.query('postgres', asleep)).length > 0);
    process.kill(pid, 'SIGKILL');
    await server.embedded.stop();
    expect((await project.run('runs', 'attach', run)).exitCode).toBe(42);
    const { dataDir } = server.embedded;
    await using again = await startOwnServer({}, { folder: dataDir });
    project.write('migrations/2_b.sql', 'insert into a values (2);');
    const back = await project.runWith({ DATABASE_URL: again.url('postgres') }, 'runs', 'attach', run);
    expect(back.exitCode, back.shown).toBe(130);
    const up = await project.runWith({ DATABASE_URL: again.url('postgres') }, 'up');
    expect(up.exitCode, up.shown).toBe(0);
  } finally {
    await server[Symbol.asyncDispose]();
  }
});

test.each(['Asia/Tokyo', 'Nonsense/Nowhere'])('times are told in UTC in the zone %s as anywhere', async (zone) => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': files['migrations/1_a.sql'] }, database.url);
  await project.run('up');
  const env = { DATABASE_URL: database.url, TZ: zone, PGTZ: zone };
  const run = startProgram([process.execPath, shippedGodwit, 'status', '--json'], { cwd: project.folder, env });
  const { exitCode, out } = await run.ended;
  const [row] = await database.query(
    `select to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at from godwit.migration`,
  );
  expect(exitCode).toBe(0);
  expect(out).toContain(`"at":"${String(row?.['at'])}"`);
});
