import { describe, expect, test } from 'vitest';
import { nodeHashing } from '../../../adapters/files/hashing.ts';
import { createFolder } from '../../../../test/support/layout-folder.ts';
import type { LayoutChoice } from '../../contract/tool.ts';
import { readFolder } from '../read-folder.ts';

type Files = Readonly<Record<string, string>>;

/** Layout and migrations in one line each, or the problems. */
async function readAs(files: Files, layout: LayoutChoice = 'auto'): Promise<readonly string[]> {
  using folder = createFolder(files);
  const read = await readFolder(folder, nodeHashing, { layout });
  if (!read.ok) return read.findings.map(({ code, where, why }) => `${code} ${where?.file}: ${why}`);
  const lines = read.value.migrations.map(({ id, name, up, down, verify, knownAs }) => {
    const parts = [up, down, verify].map((script) => {
      if (script === undefined) return '-';
      const { file, section, transaction } = script;
      return `${file.slice('migrations/'.length)}${section === undefined ? '' : `:${section.line}`}${transaction === 'none' ? ' alone' : ''}`;
    });
    return `${id} ${name} [${parts.join(', ')}] ${knownAs ?? ''}`.trim();
  });
  return [read.value.layout, ...lines];
}

describe('a folder is read in the layout of the tool that made it', () => {
  test.each<[string, Files, readonly string[]]>([
    [
      'native',
      { '0002_b.sql': 'SELECT 1;', '0010_c.sql': '-- Down\nSELECT 1;', '0010_c.down.sql': 'SELECT 1;' },
      ['2 b [0002_b.sql, -, -]', '10 c [0010_c.sql, 0010_c.down.sql, -]'],
    ],
    [
      'dbmate',
      {
        '20240101000000_a.sql': '-- migrate:up\nSELECT 1;\n-- migrate:down\nSELECT 2;',
        '20240102000000_b.sql': '-- migrate:up transaction:false\nSELECT 1;\n-- migrate:down\n',
      },
      [
        '20240101000000 a [20240101000000_a.sql:2, 20240101000000_a.sql:4, -] 20240101000000',
        '20240102000000 b [20240102000000_b.sql:2 alone, -, -] 20240102000000',
      ],
    ],
    [
      'goose',
      { '00001_a.sql': '-- +goose Up\nSELECT 1;', '00001_a.verify.sql': 'SELECT true;' },
      ['1 a [00001_a.sql:2, -, 00001_a.verify.sql] 1'],
    ],
    [
      'node-pg-migrate',
      {
        '1700000000000_a.sql': '-- Up Migration\nSELECT 1;\n-- Down Migration\n',
        '1700000000001_b-c.sql': 'SELECT 1;',
      },
      [
        '1700000000000 a [1700000000000_a.sql:2, -, -] 1700000000000_a',
        '1700000000001 b-c [1700000000001_b-c.sql, -, -] 1700000000001_b-c',
      ],
    ],
    [
      'sql-migrate',
      { '20240101000000-a.sql': '-- +migrate Up\nSELECT 1;', '20240102000000_b.sql': '-- +migrate Up\nSELECT 1;' },
      [
        '20240101000000 a [20240101000000-a.sql:2, -, -] 20240101000000-a.sql',
        '20240102000000 b [20240102000000_b.sql:2, -, -] 20240102000000_b.sql',
      ],
    ],
    [
      'golang-migrate',
      { '000001_a.up.sql': 'SELECT 1;', '000001_other.down.sql': 'SELECT 1;', '000010_b.up.sql': 'SELECT 1;' },
      ['1 a [000001_a.up.sql, 000001_other.down.sql, -] 1', '10 b [000010_b.up.sql, -, -] 10'],
    ],
    [
      'flyway',
      {
        'V1__a.sql': 'SELECT 1;',
        'V2_10__c.sql': 'SELECT 1;',
        'V2.1__b.sql': 'SELECT 1;',
        'U2.1__undo.sql': 'SELECT 1;',
        'V003.0__d.sql': 'SELECT 1;',
        'V003.0__d.sql.conf': 'executeInTransaction=false\n',
      },
      [
        '1 a [V1__a.sql, -, -] 1',
        '2.1 b [V2.1__b.sql, U2.1__undo.sql, -] 2.1',
        '2.10 c [V2_10__c.sql, -, -] 2.10',
        '3 d [V003.0__d.sql alone, -, -] 003.0',
      ],
    ],
    [
      'prisma',
      {
        '0_init/migration.sql': 'SELECT 1;',
        '20240101000000_a/migration.sql': 'SELECT 1;',
        '20240101000000_a/down.sql': 'SELECT 1;',
        'migration_lock.toml': '# comment\nprovider = "postgresql"\n',
      },
      [
        '0 init [0_init/migration.sql, -, -] 0_init',
        '20240101000000 a [20240101000000_a/migration.sql, 20240101000000_a/down.sql, -] 20240101000000_a',
      ],
    ],
    [
      'drizzle',
      {
        '0000_a.sql': 'SELECT 1;\n--> statement-breakpoint\nSELECT 2;',
        '0001_b.sql': 'SELECT 1;',
        'meta/_journal.json': JSON.stringify({
          dialect: 'pg',
          entries: [
            { idx: 0, when: 1700000000000, tag: '0000_a' },
            { idx: 1, when: 1700000000001, tag: '0001_b' },
          ],
        }),
      },
      ['0 a [0000_a.sql, -, -] 1700000000000', '1 b [0001_b.sql, -, -] 1700000000001'],
    ],
    [
      'drizzle',
      { '20240101000000_a/migration.sql': 'SELECT 1;', '20240101000000_a/snapshot.json': '{}' },
      ['20240101000000 a [20240101000000_a/migration.sql, -, -] 20240101000000_a'],
    ],
    [
      'atlas',
      {
        '20240101000000.sql': '-- atlas:txmode none\n\nSELECT 1;',
        '20240102000000_b.sql': 'SELECT 1;',
        'atlas.sum': '',
      },
      [
        '20240101000000 20240101000000 [20240101000000.sql alone, -, -] 20240101000000',
        '20240102000000 b [20240102000000_b.sql, -, -] 20240102000000',
      ],
    ],
  ])('%s', async (layout, files, migrations) => {
    expect(await readAs(files)).toEqual([layout, ...migrations]);
  });

  test('several migrations with one version are apart where the tool knows them by their names', async () => {
    const files = {
      '8_b.sql': '-- +migrate Up\nSELECT 1;\n-- +migrate Down\nSELECT 2;',
      '8_a.sql': '-- +migrate Up\nSELECT 1;',
      '9_c.sql': '-- +migrate Up\nSELECT 1;',
    };
    expect(await readAs(files)).toEqual([
      'sql-migrate',
      '8 a [8_a.sql:2, -, -] 8_a.sql',
      '8.1 b [8_b.sql:2, 8_b.sql:4, -] 8_b.sql',
      '9 c [9_c.sql:2, -, -] 9_c.sql',
    ]);
  });

  test('a date without time comes after the times of its day, as in a list of names', async () => {
    const files = {
      '20240101_b/migration.sql': 'SELECT 1;',
      '20240101235900_a b/migration.sql': 'SELECT 1;',
      '20240102000000_c/migration.sql': 'SELECT 1;',
    };
    expect((await readAs(files)).map((line) => line.split(' [')[0])).toEqual([
      'prisma',
      '20240101235900 a b',
      '20240101999999 b',
      '20240102000000 c',
    ]);
  });

  test('the layout can be named', async () => {
    const files = { '0001_a.sql': '-- Up Migration\nSELECT 1;' };
    expect(await readAs(files)).toEqual(['native', '1 a [0001_a.sql, -, -]']);
    expect(await readAs(files, 'native')).toEqual(['native', '1 a [0001_a.sql, -, -]']);
    expect(await readAs(files, 'node-pg-migrate')).toEqual(['node-pg-migrate', '1 a [0001_a.sql:2, -, -] 0001_a']);
  });
});

describe('`foreign-layout`: what cannot be read right is refused', () => {
  test.each<[string, Files]>([
    ['This is a folder of Rails (20240101000000_create_users.rb).', { '20240101000000_create_users.rb': '' }],
    ['This is a folder of Knex (20240101000000_users.js).', { '20240101000000_users.js': '' }],
    ['This is a folder of TypeORM (1700000000000-Users.ts).', { '1700000000000-Users.ts': '' }],
    ['This is a folder of Alembic (script.py.mako).', { 'script.py.mako': '', 'versions/1975ea83b712_a.py': '' }],
    ['This is a folder of Liquibase (db.changelog-master.xml).', { 'db.changelog-master.xml': '' }],
    [
      'This is a folder of Liquibase (migrations/1_a.sql, line 1: --liquibase formatted sql).',
      { '1_a.sql': '--liquibase formatted sql\n--changeset me:1\nSELECT 1;\n--rollback SELECT 2;' },
    ],
    ['This is a folder of Sqitch (sqitch.plan).', { 'sqitch.plan': '%project=a', 'deploy/a.sql': 'SELECT 1;' }],
    ['This is a folder of Sqitch (migrations/a.sql, line 1: -- Deploy p:a to pg).', { 'a.sql': '-- Deploy p:a to pg' }],
    ['golang-migrate (2_b.up.sql), Flyway (V1__a.sql)', { 'V1__a.sql': 'SELECT 1;', '2_b.up.sql': 'SELECT 1;' }],
    [
      'dbmate (migrations/1_a.sql, line 1: -- migrate:up), goose',
      { '1_a.sql': '-- migrate:up', '2_b.sql': '-- +goose Up' },
    ],
    ['goose runs no file without `-- +goose Up`', { '1_a.sql': '-- +goose Up\nSELECT 1;', '2_b.sql': 'SELECT 1;' }],
    [
      'goose keeps the way back in the same file',
      { '1_a.sql': '-- +goose Up\nSELECT 1;', '1_a.down.sql': 'SELECT 1;' },
    ],
    ['00002_b.go is a migration of goose in code', { '1_a.sql': '-- +goose Up\nSELECT 1;', '00002_b.go': '' }],
    ['3_c.sql is next to pairs of golang-migrate', { '2_b.up.sql': 'SELECT 1;', '3_c.sql': 'SELECT 1;' }],
    ['R__views.sql is repeatable', { 'V1__a.sql': 'SELECT 1;', 'R__views.sql': 'SELECT 1;' }],
    ['B5__base.sql is a baseline', { 'V1__a.sql': 'SELECT 1;', 'B5__base.sql': 'SELECT 1;' }],
    ['V2__b.java is a migration in code', { 'V1__a.sql': 'SELECT 1;', 'V2__b.java': '' }],
    ['afterMigrate.sql is a callback', { 'V1__a.sql': 'SELECT 1;', 'afterMigrate.sql': 'SELECT 1;' }],
    ['${schema} is a placeholder', { 'V1__a.sql': 'SELECT 1;\nCREATE TABLE ${schema}.t ();' }],
    ['says `shouldExecute`', { 'V1__a.sql': 'SELECT 1;', 'V1__a.sql.conf': 'shouldExecute=false' }],
    ['20240101000000_a has no migration.sql', { '0_b/migration.sql': 'SELECT 1;', '20240101000000_a/x.sql': '' }],
    ['were written for mysql', { '0_b/migration.sql': 'SELECT 1;', 'migration_lock.toml': 'provider = "mysql"' }],
    ['Prisma runs migrations/10_b/migration.sql before', { '2_a/migration.sql': '', '10_b/migration.sql': '' }],
    ['dbmate runs migrations/10_b.sql before', { '2_a.sql': '-- migrate:up', '10_b.sql': '-- migrate:up' }],
    [
      'node-pg-migrate runs migrations/20200101',
      { '1600000000000_a.sql': '-- Up Migration\n-- Down Migration', '20200101000000000_b.sql': 'SELECT 1;' },
    ],
    [
      '0001_b.sql is not in meta/_journal.json',
      {
        '0000_a.sql': '',
        '0001_b.sql': '',
        'meta/_journal.json': '{"entries":[{"idx":0,"when":1,"tag":"0000_a"}]}',
      },
    ],
    [
      'It lists 0000_a, but there is no file',
      { 'meta/_journal.json': '{"entries":[{"idx":0,"when":1,"tag":"0000_a"}]}' },
    ],
    ['were written for "sqlite"', { 'meta/_journal.json': '{"dialect":"sqlite","entries":[]}' }],
    ['It is not JSON', { '0000_a.sql': '', 'meta/_journal.json': '{' }],
    ['`-- atlas:delimiter \\n`', { '1_a.sql': '-- atlas:delimiter \\n\n\nSELECT 1', 'atlas.sum': '' }],
  ])('%s', async (why, files) => {
    const problems = await readAs(files);
    expect(problems.join('\n')).toContain(why);
    expect(problems.every((problem) => problem.startsWith('foreign-layout '))).toBe(true);
  });
});

test('a changed way back is no changed migration', async () => {
  const checksumOf = async (down: string): Promise<string | undefined> => {
    using folder = createFolder({ '1_a.sql': `-- migrate:up\nSELECT 1;\n-- migrate:down\n${down}` });
    const read = await readFolder(folder, nodeHashing);
    return read.ok ? read.value.migrations[0]?.up.checksum : undefined;
  };
  expect(await checksumOf('SELECT 2;')).toBe(await checksumOf('SELECT 3;'));
  expect(await checksumOf('SELECT 2;')).toHaveLength(64);
});
