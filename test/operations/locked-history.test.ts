import type { Client } from 'pg';
import { expect, test } from 'vitest';
import { until } from '../support/child.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { start } from '../stop/command.ts';

// Somebody holds LOCK TABLE on a table of the history: whoever reads it says who, once, and goes on waiting.

const files = { 'migrations/1_a.sql': 'create table a (n int);', 'migrations/1_a.down.sql': 'drop table a;' };

async function applied(database: TestDatabase): Promise<TestProject> {
  const project = createProject(files, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  return project;
}

/** A session of a DBA that holds the table, and lets it go again after a while. */
async function lock(database: TestDatabase, table: string, ms?: number): Promise<Client> {
  const dba = await database.connect({ application_name: 'dba' });
  await dba.query(`begin; lock table godwit.${table}`);
  if (ms !== undefined) setTimeout(() => void dba.query('rollback'), ms);
  return dba;
}

const told = (table: string): RegExp =>
  new RegExp(
    `Waiting for godwit\\.${table}, which is locked, for \\d s; in the way: application “dba” \\(user \\w+, pid \\d+, idle in transaction`,
    'g',
  );

test.each([
  ['migration', 'status'],
  ['run', 'plan'],
  ['migration', 'verify'],
  ['event', 'runs show RUN'],
  ['guard', 'up'],
  ['statement', 'down --dry-run'],
])('while %s is locked, `%s` names the holder once, and goes on when it is free', async (table, command) => {
  await using database = await createTestDatabase();
  using project = await applied(database);
  const [row] = await database.query('select run from godwit.run');
  const words = command.split(' ').map((word) => (word === 'RUN' ? String(row?.['run']) : word));
  await lock(database, table, 4_500);
  const { exitCode, shown } = await project.run(...words);
  expect(exitCode, shown).toBe(0);
  expect(shown.match(told(table)), shown).toHaveLength(1);
});

test('with --json the same is an event of a run', async () => {
  await using database = await createTestDatabase();
  using project = await applied(database);
  await lock(database, 'migration', 4_500);
  const { exitCode, json } = await project.run('up', '--json');
  expect(exitCode).toBe(0);
  expect(json.filter(({ kind }) => kind === 'lock.blocked')).toMatchObject([
    { id: '', on: 'godwit.migration', blockers: [{ application: 'dba' }] },
  ]);
});

test('what is answered soon opens no second connection', async () => {
  await using database = await createTestDatabase();
  using project = await applied(database);
  const count = async () =>
    (await database.query('select sessions::int as n from pg_stat_database where datname = current_database()'))[0]?.[
      'n'
    ];
  await database.query('select pg_stat_clear_snapshot()');
  const before = Number(await count());
  const dba = await lock(database, 'migration', 700);
  expect((await project.run('status')).exitCode).toBe(0);
  await dba.end();
  // The DBA's and ours; the server counts them as they end.
  await until('both are counted', async () => Number(await count()) >= before + 2);
  expect(await count()).toBe(before + 2);
});

test('a role without a second connection waits without a word', async () => {
  await using database = await createTestDatabase();
  const role = await database.role('single', 'connection limit 1');
  await database.query(
    `grant create on database "${database.name}" to ${role.name}; grant all on schema public to ${role.name}`,
  );
  using project = createProject(files, role.url);
  expect((await project.run('up')).exitCode).toBe(0);
  await lock(database, 'migration', 4_000);
  const { exitCode, shown } = await project.run('status');
  expect(exitCode, shown).toBe(0);
  expect(shown).not.toContain('Waiting for');
});

test.each(['status', 'verify', 'plan', 'runs list', 'up'])(
  'Ctrl-C ends `%s` at once while the history is locked: 130',
  async (words) => {
    await using database = await createTestDatabase();
    using project = await applied(database);
    await lock(database, 'migration');
    const command = start(project, database.url, ...words.split(' '));
    const waits = "select 1 from pg_locks where not granted and relation = 'godwit.migration'::regclass";
    await until('it waits', async () => (await database.query(waits)).length > 0);
    const began = performance.now();
    command.stop();
    const { exitCode, err } = await command.ended;
    expect([exitCode, performance.now() - began < 2_000], err).toEqual([130, true]);
  },
);
