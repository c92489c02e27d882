import { expect, test } from 'vitest';
import { createConnector } from '../../src/adapters/postgres/connector.ts';
import { readDatabaseUrl } from '../../src/adapters/url/database-url.ts';
import { tools, type Tool } from '../../src/migrate/contract/tool.ts';
import type { ForeignHistory } from '../../src/migrate/contract/foreign-history.ts';
import { findForeignHistories } from '../../src/migrate/runner/adopt/foreign/find-foreign.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { foreignTableIn, foreignTables } from '../support/foreign-tables.ts';

async function found(database: TestDatabase): Promise<readonly ForeignHistory[]> {
  const address = readDatabaseUrl(database.url, 'the test', { user: 'postgres' });
  if (!address.ok) throw new Error(address.findings[0]?.why);
  const options = { pipelined: true, applicationName: 'test', settings: {} };
  const session = await createConnector(address.value.address).open(options);
  if (!session.ok) throw new Error(session.findings[0]?.why);
  try {
    const histories = await findForeignHistories(session.value);
    if (!histories.ok) throw new Error(histories.findings[0]?.why);
    return histories.value;
  } finally {
    await session.value.close();
  }
}

const schemaOf = (tool: Tool): string => (tool === 'drizzle' ? 'drizzle' : `of_${tool.replaceAll('-', '_')}`);

test('the history tables of all tools are told apart by their columns, in whatever schema', async () => {
  await using database = await createTestDatabase();
  await database.query(tools.map((tool) => foreignTableIn(tool, schemaOf(tool))).join(';\n'));
  // Tables of applications that look alike.
  await database.query(`create table events (id int, timestamp bigint, name varchar);
create table files (id text, hash text, created_at bigint); create table grants (id text, applied_at timestamptz);
create table releases (version varchar); create table switches (version bigint, dirty boolean, more int);
create table versions (version bigint, inserted_at timestamp);`);
  const histories = await found(database);
  const told = histories.map(({ tool, table, entries, unsettled, unreadable }) => ({
    tool,
    table,
    knows: entries.map(({ version, name, hash }) => [version, name, hash].filter((one) => one !== '').join(' ')),
    unsettled,
    unreadable,
  }));
  const expected = foreignTables.map(({ tool, name, knows }) => ({
    tool,
    table: `${schemaOf(tool)}.${name}`,
    knows,
    unsettled: [],
    unreadable: '',
  }));
  const byTool = (one: { readonly tool: string }, other: { readonly tool: string }): number =>
    one.tool < other.tool ? -1 : 1;
  expect(told.toSorted(byTool)).toEqual(expected.toSorted(byTool));
  expect(histories.find(({ tool }) => tool === 'drizzle')?.entries[0]?.at).toBe('2024-01-01T00:00:00Z');
  expect(histories.find(({ tool }) => tool === 'golang-migrate')?.entries[0]?.upTo).toBe(true);
});

test.each<readonly [Tool, string, { readonly knows: readonly string[]; readonly unsettled: readonly string[] }]>([
  [
    'goose',
    // An old goose noted a rollback as a row; a new one removes the row.
    'insert into @.goose_db_version (version_id, is_applied) values (20240102000000, false)',
    { knows: ['20240101000000'], unsettled: [] },
  ],
  [
    'golang-migrate',
    'update @.schema_migrations set dirty = true',
    {
      knows: ['20240102000000'],
      unsettled: ['version 20240102000000 is dirty: a migration began there and did not end'],
    },
  ],
  [
    'golang-migrate',
    'update @.schema_migrations set version = -1, dirty = true',
    { knows: [], unsettled: ['version -1 is dirty: a migration began there and did not end'] },
  ],
  [
    'flyway',
    `insert into @.flyway_schema_history values (4, '2', 'posts', 'UNDO_SQL', 'U2__posts.sql', 1, 'a', now(), 1, true),
  (5, '3', 'x', 'SQL', 'V3__x.sql', 1, 'a', now(), 1, false)`,
    { knows: ['1 V1__users.sql'], unsettled: ['V3__x.sql failed'] },
  ],
  [
    'prisma',
    `insert into @._prisma_migrations (id, checksum, migration_name, finished_at, rolled_back_at) values ('x', '', 'failed', null, null), ('y', '', 'undone', null, now())`,
    { knows: ['20240101000000_users c', '20240102000000_posts d'], unsettled: ['failed failed, or is under way'] },
  ],
  [
    'atlas',
    `update @.atlas_schema_revisions set applied = 1, total = 3, error = 'boom' where version = '20240102000000'`,
    {
      knows: ['20240101000000 users'],
      unsettled: ['of version 20240102000000, 1 of 3 statements are applied'],
    },
  ],
  [
    'atlas',
    `update @.atlas_schema_revisions set type = 6, applied = 1, total = 3 where version = '20240102000000'`,
    { knows: ['20240101000000 users', '20240102000000 posts'], unsettled: [] },
  ],
  [
    'liquibase',
    `update @.databasechangelog set exectype = 'FAILED' where id = '2'; update @.databasechangeloglock set locked = true`,
    {
      knows: ['1 db/users.sql'],
      unsettled: ['changeset 2 of db/posts.sql failed', 'Liquibase holds its lock: it is at work, or has died'],
    },
  ],
  [
    'knex',
    'update @.knex_migrations_lock set is_locked = 1',
    {
      knows: ['20240101000000_users.js', '20240102000000_posts.js'],
      unsettled: ['Knex holds its lock: it is at work, or has died'],
    },
  ],
])('%s: what was undone is not applied, and what failed is told', async (tool, change, expected) => {
  await using database = await createTestDatabase();
  await database.query(`${foreignTableIn(tool)};\n${change.replaceAll('@.', 'public.')}`);
  const [history, ...others] = await found(database);
  const knows = history?.entries.map(({ version, name, hash }) =>
    [version, name, hash].filter((one) => one !== '').join(' '),
  );
  expect({ knows, unsettled: history?.unsettled }).toEqual(expected);
  expect(others).toEqual([]);
});

test('a table that may not be read is told, and no obstacle', async () => {
  await using database = await createTestDatabase();
  const reader = await database.role('reader');
  await database.query(foreignTableIn('knex', 'closed'));
  const asReader = { ...database, url: reader.url };
  const [history] = await found(asReader);
  expect(history).toMatchObject({ tool: 'knex', table: 'closed.knex_migrations', entries: [] });
  expect(history?.unreadable).toContain('permission denied');
});
