import { Client } from 'pg';
import { expect, test } from 'vitest';
import { createTestDatabase, serverUrl, type TestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { until } from '../support/child.ts';
import { start } from '../stop/command.ts';

const tables = 'create table a (n int);\n';
/** Takes this many seconds whenever it is queried, in a migration and in its verification. */
const slowView = (seconds: number): string =>
  `create function slow() returns int language sql as $$ select 1 from pg_sleep(${seconds}) $$;\ncreate view v as select slow();`;

async function asleep(database: TestDatabase): Promise<void> {
  const sleeping = "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
  await until('the database sleeps', async () => (await database.query(sleeping)).length > 0);
}

async function cut(database: TestDatabase): Promise<void> {
  await database.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'godwit%'",
  );
}

async function runs(database: TestDatabase): Promise<readonly unknown[]> {
  return await database.query('select outcome, exit_code as code from godwit.run order by started_at');
}

/** No session is left over, and the run lock is free. */
async function nothingLeft(database: TestDatabase): Promise<void> {
  const sessions =
    "select 1 from pg_stat_activity where datname = current_database() and application_name like 'godwit%'";
  await until('all sessions are gone', async () => (await database.query(sessions)).length === 0);
}

test('a stopped run ends its statement at once, also one beside COPY on a session of its own', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { 'migrations/1_a.sql': `${tables}copy a (n) from stdin;\n1\n\\.\nselect pg_sleep(20);` },
    database.url,
  );
  const run = start(project, database.url, 'up');
  await asleep(database);
  const since = performance.now();
  run.stop();
  const { exitCode, err } = await run.ended;
  expect(exitCode, err).toBe(130);
  expect(performance.now() - since).toBeLessThan(8_000);
  expect(await database.query("select to_regclass('a') as a")).toEqual([{ a: null }]);
  expect(await runs(database)).toEqual([{ outcome: 'interrupted', code: 130 }]);
  await nothingLeft(database);
});

test('a run stopped during verification says that it was interrupted, not that all is well', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': tables + slowView(4) }, database.url);
  const run = start(project, database.url, 'up');
  await asleep(database);
  run.stop();
  const { exitCode, err } = await run.ended;
  expect([exitCode, err]).toEqual([130, expect.stringContaining('verification did not finish')]);
  expect(await runs(database)).toEqual([{ outcome: 'interrupted', code: 130 }]);
});

test('a connection cut during verification is made again, and the run is closed', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': tables + slowView(1) }, database.url);
  const run = start(project, database.url, 'up');
  await asleep(database);
  await cut(database);
  const { exitCode, err } = await run.ended;
  expect(exitCode, err).toBe(0);
  expect(err).not.toContain('terminating');
  expect(await runs(database)).toEqual([{ outcome: 'done', code: 0 }]);
  await nothingLeft(database);
});

test('a connection cut in the middle of a pipeline or of COPY: each migration is applied once', async () => {
  await using database = await createTestDatabase();
  const files = Array.from({ length: 40 }, (_, n): [string, string] => [
    `migrations/${n + 2}_row.sql`,
    `insert into a values (${n});${n === 10 ? ' select pg_sleep(0.5);' : ''}`,
  ]);
  using project = createProject(
    {
      'migrations/1_a.sql': tables,
      ...Object.fromEntries(files),
      'migrations/99_copy.sql': 'copy a (n) from stdin;\n99\n\\.\nselect pg_sleep(0.5);',
    },
    database.url,
  );
  const run = start(project, database.url, 'up');
  await asleep(database);
  await cut(database);
  await until('COPY is under way', async () => {
    const done = await database.query("select 1 from godwit.migration where id = '41'");
    return done.length > 0;
  });
  await asleep(database);
  await cut(database);
  const { exitCode, err } = await run.ended;
  expect(exitCode, err).toBe(0);
  expect(await database.query('select count(*)::int as n, count(distinct n)::int as different from a')).toEqual([
    { n: 41, different: 41 },
  ]);
});

test('a statement that ends the server’s session each time is tried three times, not for ever (`connection-lost`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { 'migrations/1_a.sql': tables, 'migrations/2_end.sql': 'select pg_terminate_backend(pg_backend_pid());' },
    database.url,
  );
  const ran = await project.run('up');
  expect([ran.exitCode, ran.err]).toEqual([42, expect.stringContaining('[connection-lost]')]);
  expect(await runs(database)).toEqual([{ outcome: 'unknown', code: 42 }]);
  expect(await database.query('select epoch::int from godwit.epoch')).toEqual([{ epoch: 4 }]);
});

test('a flood of notices is cut off, and said to be', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { 'migrations/1_a.sql': "do $$ begin for i in 1..20000 loop raise notice 'row %', i; end loop; end $$;" },
    database.url,
  );
  const ran = await project.run('up', '--json');
  expect(ran.exitCode).toBe(0);
  const notices = ran.json.filter(({ kind }) => kind === 'notice');
  expect(notices.length).toBe(501);
  expect(notices.at(-1)).toMatchObject({ text: '19500 further server messages are not shown.' });
  expect(ran.json.at(-1)).toMatchObject({ kind: 'run.finished', events: ran.json.length });
});

test('a database that is gone during verification leaves a doubt, and is not called unreachable: it was changed', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': tables + slowView(3) }, database.url);
  const server = new Client({ connectionString: serverUrl() });
  await server.connect();
  const run = start(project, database.url, 'up');
  await asleep(database);
  await until('it is verified', async () => (await database.query('select 1 from godwit.migration')).length > 0);
  await server.query(`alter database ${database.name} allow_connections false`);
  await cut(database);
  const { exitCode, err } = await run.ended;
  await server.query(`alter database ${database.name} allow_connections true`);
  await server.end();
  expect([exitCode, err]).toEqual([42, expect.stringContaining('not verified')]);
});
