import { expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { fencesOf } from './fences.ts';

const files = {
  'migrations/1_a.sql': 'create table shop.a (id int primary key);\ncreate index concurrently a_id on shop.a (id);',
  'migrations/1_a.down.sql': 'drop table shop.a;',
};

/** The SQL blocks of docs/history.md that hold this text, with names of this test in place of those of the page. */
function documented(text: string, names: Readonly<Record<string, string>> = {}): string {
  const found = fencesOf('docs/history.md').filter((fence) => fence.language === 'sql' && fence.text.includes(text));
  expect(found, text).toHaveLength(1);
  return Object.entries(names).reduce((sql, [name, own]) => sql.replaceAll(name, own), found[0]?.text ?? '');
}

/** A database with schema shop, and a role that may work there but not create schemas. */
async function withoutRights(): Promise<{
  readonly database: TestDatabase;
  readonly migrator: { name: string; url: string };
}> {
  const database = await createTestDatabase();
  const migrator = await database.role('migrator');
  await database.query(`create schema shop; grant usage, create on schema shop to ${migrator.name}`);
  return { database, migrator };
}

test('a role without CREATE on the database is refused; the documented grant is needed for its first run only', async () => {
  const { database, migrator } = await withoutRights();
  await using _ = database;
  using project = createProject(files, migrator.url);
  const refused = await project.run('up');
  expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('[no-privilege]')]);
  const names = { app: database.name, migrator: migrator.name };
  await database.query(documented('GRANT CREATE ON DATABASE', names));
  const first = await project.run('up');
  expect(first.exitCode, first.err).toBe(0);
  await database.query(documented('REVOKE CREATE ON DATABASE', names));
  const down = await project.run('down');
  expect(down.exitCode, down.err).toBe(0);
  const again = await project.run('up');
  expect(again.exitCode, again.err).toBe(0);
});

test('a second role migrates with the documented grants, and an auditor reads with those for reading', async () => {
  const { database, migrator } = await withoutRights();
  await using _ = database;
  await database.query(documented('GRANT CREATE ON DATABASE', { app: database.name, migrator: migrator.name }));
  using project = createProject(files, migrator.url);
  expect((await project.run('up')).exitCode).toBe(0);

  const deployer = await database.role('deployer');
  const more = {
    ...files,
    'migrations/2_b.sql': 'create table shop.b (id int);\ncreate index concurrently b_id on shop.b (id);',
    'migrations/2_b.down.sql': 'drop index concurrently shop.b_id;\ndrop table shop.b;',
  };
  using second = createProject(more, deployer.url);
  expect((await second.run('up')).err).toContain('[no-privilege]');
  await database.query(`grant usage, create on schema shop to ${deployer.name}`);
  await database.query(documented('GRANT INSERT ON godwit.run', { deployer: deployer.name }));
  for (const command of ['up', 'verify', 'down', 'up']) {
    const ran = await second.run(command);
    expect(ran.exitCode, `${command}: ${ran.shown}`).toBe(0);
  }

  const auditor = await database.role('auditor');
  using reader = createProject(more, auditor.url);
  expect((await reader.run('status')).shown).toContain('[no-privilege]');
  await database.query(documented('TO auditor', { auditor: auditor.name }));
  for (const command of ['status', 'plan', 'runs list', 'runs verify-chain', 'adopt --export']) {
    const ran = await reader.run(...command.split(' '));
    expect(ran.exitCode, `${command}: ${ran.shown}`).toBe(0);
  }
});

test('the documented queries tell what is applied, and which audit chain was changed (`audit-broken`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/007_a.sql': 'create table a (id int);' }, database.url);
  await project.run('up');
  expect(await database.query(documented('AS newest'))).toMatchObject([{ id: '7', name: 'a', kind: 'applied' }]);
  expect(await database.query(documented('AS intact'))).toMatchObject([{ intact: true }]);
  await database.query(`update godwit.event set body = replace(body, '"7"', '"8"') where n = 2`);
  expect(await database.query(documented('AS intact'))).toMatchObject([{ intact: false }]);
  const told = await project.run('runs', 'verify-chain');
  expect([told.exitCode, told.shown]).toEqual([50, expect.stringContaining('[audit-broken]')]);
});

test('the schema can be dropped without touching anything else', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int);' }, database.url);
  await project.run('up');
  await database.query(documented('DROP SCHEMA godwit'));
  expect(await database.query("select to_regclass('a') is not null as there")).toEqual([{ there: true }]);
});
