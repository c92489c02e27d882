import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { GodwitError, testDatabase } from '../../src/testing.ts';
import { createProject } from '../support/project.ts';

const files = {
  'migrations/1_users.sql': 'create table users (id bigint primary key);',
  'migrations/2_seed.sql': 'insert into users values (1);',
};

async function rows(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

const users = 'select id::int from users order by id';

test('each database is a new one with all migrations applied, and is gone after use', async () => {
  using project = createProject(files);
  await using kept = await testDatabase({ cwd: project.folder });
  const first = await testDatabase({ cwd: project.folder });
  await rows(first.url, 'insert into users values (2)');
  expect(await rows(kept.url, users)).toEqual([{ id: 1 }]);
  expect(await rows(kept.url, 'select id from godwit.migration order by seq')).toEqual([{ id: '1' }, { id: '2' }]);
  await first.close();
  await first.close();
  await expect(rows(first.url, 'select')).rejects.toThrow(/does not exist/);
});

test('reset makes the same database again, whoever is connected', async () => {
  using project = createProject(files);
  await using database = await testDatabase({ cwd: project.folder });
  const client = new Client({ connectionString: database.url });
  client.on('error', () => {});
  await client.connect();
  await client.query('delete from users; create table more (id int)');
  await database.reset();
  expect(await rows(database.url, users)).toEqual([{ id: 1 }]);
  expect(await rows(database.url, "select to_regclass('more') as t")).toEqual([{ t: null }]);
});

test('changed migrations make another template; the tests that run meanwhile keep their databases', async () => {
  using project = createProject(files);
  await using before = await testDatabase({ cwd: project.folder });
  project.write('migrations/3_more.sql', 'create table more (id int);');
  await using after = await testDatabase({ cwd: project.folder });
  const has = "select to_regclass('more') is not null as has";
  expect(await Promise.all([before, after].map(({ url }) => rows(url, has)))).toEqual([
    [{ has: false }],
    [{ has: true }],
  ]);
});

test('several calls at once share one template', async () => {
  using project = createProject(files);
  const databases = await Promise.all(Array.from({ length: 5 }, () => testDatabase({ cwd: project.folder })));
  const [first] = databases;
  const templates = "select count(*)::int as n from pg_database where datname like 'godwit_template%'";
  expect(await rows(first?.url ?? '', templates)).toEqual([{ n: 1 }]);
  expect(new Set(databases.map(({ name }) => name)).size).toBe(5);
  await Promise.all(databases.map((database) => database.close()));
});

test('a project is configured as ever; neither its database nor its lock file nor its ledger is touched', async () => {
  const config = {
    migrations: 'sql',
    environments: { local: { database: { env: 'NOT_SET' } }, ci: { migrations: 'ci' } },
  };
  using project = createProject({
    'godwit.config.json': JSON.stringify(config),
    'sql/1_a.sql': 'create table a (id int);',
    'ci/1_b.sql': 'create table b (id int);',
  });
  const table = "select relname as name from pg_class where relname in ('a', 'b')";
  await using local = await testDatabase({ cwd: project.folder });
  await using ci = await testDatabase({ cwd: project.folder, environment: 'ci' });
  expect(await rows(local.url, table)).toEqual([{ name: 'a' }]);
  expect(await rows(ci.url, table)).toEqual([{ name: 'b' }]);
  expect(['godwit.lock.json', '.godwit/runs'].map((path) => existsSync(join(project.folder, path)))).toEqual([
    false,
    false,
  ]);
});

test('a migration that fails rejects with its finding, and the next call tries again', async () => {
  using project = createProject({ ...files, 'migrations/3_wrong.sql': 'create table users (id int);' });
  const failed: unknown = await testDatabase({ cwd: project.folder }).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(GodwitError);
  expect(failed).toMatchObject({ exitCode: 40, code: 'statement-failed', name: 'GodwitError' });
  expect(String(failed)).toContain('migrations/3_wrong.sql:1');
  project.write('migrations/3_wrong.sql', 'create table others (id int);');
  await using database = await testDatabase({ cwd: project.folder });
  expect(await rows(database.url, users)).toEqual([{ id: 1 }]);
});

test.each([
  [{ cwdd: '/' }, 'Did you mean `cwd`?'],
  [{ environment: 'dve' }, 'Did you mean `dev`?'],
  [{ major: 9 }, '14'],
])('what cannot be meant is refused: %o', async (wrong, told) => {
  const config = { environments: { dev: { database: { env: 'NOT_SET' } } } };
  using project = createProject({ ...files, 'godwit.config.json': JSON.stringify(config) });
  const options = { cwd: project.folder, ...wrong };
  await expect(testDatabase(options)).rejects.toThrow(told);
});
