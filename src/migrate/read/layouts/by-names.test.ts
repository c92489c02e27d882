import { describe, expect, test } from 'vitest';
import { tools } from '../../contract/tool.ts';
import { toolAround, toolsByNames, type FolderNames } from './by-names.ts';

function listing(paths: readonly string[], label = 'migrations'): FolderNames {
  const folders = new Map<string, string[]>();
  for (const path of paths) {
    const [folder, name] = path.split('/');
    if (name !== undefined) folders.set(folder!, [...(folders.get(folder!) ?? []), name]);
  }
  return { label, files: paths.filter((path) => !path.includes('/')), folders };
}

function found(paths: readonly string[], label?: string): readonly string[] {
  return toolsByNames(listing(paths, label)).map(({ tool }) => tool);
}

describe('names of files tell whose folder it is', () => {
  test.each([
    ['golang-migrate', ['000001_a.up.sql', '000001_a.down.sql']],
    ['flyway', ['V1__init.sql', 'V1.1__more.sql']],
    ['flyway', ['R__views.sql']],
    ['prisma', ['20240101000000_init/migration.sql', 'migration_lock.toml']],
    ['prisma', ['0_init/migration.sql']],
    ['drizzle', ['0000_a.sql', 'meta/_journal.json', 'meta/0000_snapshot.json']],
    ['drizzle', ['20240101000000_a/migration.sql', '20240101000000_a/snapshot.json']],
    ['atlas', ['20240101000000_a.sql', 'atlas.sum']],
    ['sqitch', ['sqitch.plan', 'deploy/a.sql']],
    ['alembic', ['env.py', 'script.py.mako', 'versions/1975ea83b712_a.py']],
    ['alembic', ['1975ea83b712_a.py', '__init__.py']],
    ['liquibase', ['db.changelog-master.yaml']],
    ['rails', ['20240101000000_create_users.rb']],
    ['knex', ['20240101000000_users.js']],
    ['typeorm', ['1700000000000-CreateUsers.ts']],
    ['node-pg-migrate', ['1700000000000_users.js']],
    ['goose', ['00001_a.go']],
  ])('%s: %j', (tool, paths) => {
    expect(found(paths)).toEqual([tool]);
    expect(tools).toContain(tool);
  });

  test('Supabase is known by the name of its folder', () => {
    expect(found(['20240101000000_a.sql'], 'supabase/migrations')).toEqual(['supabase']);
  });

  test('a native folder is nobody else’s', () => {
    const names = [
      '0001_a.sql',
      '0001_a.down.sql',
      '0001_a.verify.sql',
      '2_V1__x.sql',
      '3_changelog.sql',
      'README.md',
      'CHANGELOG.md',
      'seed.ts',
    ];
    expect(found([...names, 'archive/0000_old.sql'])).toEqual([]);
  });

  test('two tools in one folder are both named', () => {
    expect(found(['V1__a.sql', '2_b.up.sql'])).toEqual(['golang-migrate', 'flyway']);
  });

  test('a folder that tells nothing may lie beside the configuration of a tool', () => {
    expect(toolAround(['../README.md', '../sqitch.plan'])).toEqual({ tool: 'sqitch', because: '../sqitch.plan' });
    expect(toolAround(['../README.md', '../package.json'])).toBeUndefined();
  });
});
