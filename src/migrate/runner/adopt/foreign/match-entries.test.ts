import { expect, test } from 'vitest';
import { nodeHashing } from '../../../../adapters/files/hashing.ts';
import { createFolder } from '../../../../../test/support/layout-folder.ts';
import type { ForeignEntry } from '../../../contract/foreign-history.ts';
import type { Tool } from '../../../contract/tool.ts';
import { readFolder } from '../../../read/read-folder.ts';
import { matchEntries } from './match-entries.ts';

const first = '20240101000000';
const second = '20240102000000';

const entry = (one: Partial<ForeignEntry>): ForeignEntry => ({ version: '', name: '', hash: '', at: '', ...one });

async function claimed(
  files: Readonly<Record<string, string>>,
  tool: Tool,
  entries: readonly ForeignEntry[],
): Promise<readonly string[]> {
  using folder = createFolder(files);
  const read = await readFolder(folder, nodeHashing);
  if (!read.ok) throw new Error(read.findings.map(({ why }) => why).join('\n'));
  const history = { tool, table: 't', entries, unsettled: [], unreadable: '' };
  const claim = matchEntries(history, read.value.migrations);
  return [
    ...[...claim.claimed.keys()].map((id) => read.value.migrations.find((one) => one.id === id)?.up.file ?? ''),
    ...claim.strangers.map(({ version, name }) => `no file: ${version}${name}`),
  ];
}

const journal = JSON.stringify({
  dialect: 'postgresql',
  entries: [
    { idx: 0, when: 1_704_067_200_000, tag: '0000_users' },
    { idx: 1, when: 1_704_153_600_000, tag: '0001_posts' },
  ],
});

const native = {
  [`${first}_users.sql`]: 'select 1;',
  [`${second}_posts.sql`]: 'select 2;',
  [`20240103000000_tags.sql`]: 'select 3;',
};

test.each<readonly [Tool, Readonly<Record<string, string>>, readonly Partial<ForeignEntry>[], readonly string[]]>([
  [
    'dbmate',
    { [`${first}_users.sql`]: '-- migrate:up\nselect 1;', [`${second}_posts.sql`]: '-- migrate:up\nselect 2;' },
    [{ version: first }],
    [`${first}_users.sql`],
  ],
  [
    'goose',
    { '00001_users.sql': '-- +goose Up\nselect 1;', '00002_posts.sql': '-- +goose Up\nselect 2;' },
    [{ version: '1' }, { version: '2' }],
    ['00001_users.sql', '00002_posts.sql'],
  ],
  [
    'node-pg-migrate',
    {
      '1700000000000_users.sql': '-- Up Migration\nselect 1;\n-- Down Migration\nselect 2;',
      '1700000000001_posts.sql': '-- Up Migration\nselect 1;\n-- Down Migration\nselect 2;',
    },
    [{ name: '1700000000000_users' }, { name: '1600000000000_gone' }],
    ['1700000000000_users.sql', 'no file: 1600000000000_gone'],
  ],
  [
    'sql-migrate',
    { '1_users.sql': '-- +migrate Up\nselect 1;', '2_posts.sql': '-- +migrate Up\nselect 2;' },
    [{ name: '1_users.sql' }],
    ['1_users.sql'],
  ],
  [
    'golang-migrate',
    { '000001_users.up.sql': 'select 1;', '000002_posts.up.sql': 'select 2;', '000003_tags.up.sql': 'select 3;' },
    [{ version: '2', upTo: true }],
    ['000001_users.up.sql', '000002_posts.up.sql'],
  ],
  [
    'flyway',
    { 'V1__users.sql': 'select 1;', 'V1.2__posts.sql': 'select 2;', 'V2_1__tags.sql': 'select 3;' },
    [
      { version: '1.2', name: 'V1.2__posts.sql', upTo: true },
      { version: '2.1', name: 'V2_1__renamed.sql' },
    ],
    ['V1__users.sql', 'V1.2__posts.sql', 'V2_1__tags.sql'],
  ],
  [
    'prisma',
    { [`${first}_users/migration.sql`]: 'select 1;', [`${second}_posts/migration.sql`]: 'select 2;' },
    [{ name: `${first}_users`, hash: 'ab' }],
    [`${first}_users/migration.sql`],
  ],
  [
    'drizzle',
    { 'meta/_journal.json': journal, '0000_users.sql': 'select 1;', '0001_posts.sql': 'select 2;' },
    [{ version: '1704067200000', hash: 'edited since' }],
    ['0000_users.sql'],
  ],
  ['supabase', native, [{ version: first, name: 'users' }], [`${first}_users.sql`]],
  ['atlas', native, [{ version: second, name: 'baseline', upTo: true }], [`${first}_users.sql`, `${second}_posts.sql`]],
  // Folders of these are not read: the migrations were written anew, and have kept a version or a name.
  ['rails', native, [{ version: first }], [`${first}_users.sql`]],
  ['knex', native, [{ name: `${first}_users.js` }], [`${first}_users.sql`]],
  ['typeorm', native, [{ version: first, name: `Users${first}` }], [`${first}_users.sql`]],
  ['sqitch', native, [{ name: 'posts' }], [`${second}_posts.sql`]],
  ['liquibase', native, [{ version: '7', name: 'db/changes/users.sql' }], [`${first}_users.sql`]],
  ['alembic', native, [{ version: 'd3e5c5545e80' }], ['no file: d3e5c5545e80']],
])('entries of %s are found among the migrations', async (tool, files, entries, expected) => {
  const found = await claimed(files, tool, entries.map(entry));
  expect(found).toEqual(expected.map((one) => (one.startsWith('no file') ? one : `migrations/${one}`)));
});

test('a hash finds a migration whose file was renamed', async () => {
  const hash = nodeHashing.sha256().update('select 1;').hex();
  expect(await claimed({ '7_other.sql': 'select 1;' }, 'drizzle', [entry({ version: '1', hash })])).toEqual([
    'migrations/7_other.sql',
  ]);
});

test('a baseline without a file stands for everything before it', async () => {
  const entries = [entry({ version: '20240102500000', upTo: true })];
  expect(await claimed(native, 'flyway', entries)).toEqual([
    `migrations/${first}_users.sql`,
    `migrations/${second}_posts.sql`,
  ]);
});
