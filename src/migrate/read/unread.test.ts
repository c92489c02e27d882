import { expect, test } from 'vitest';
import { nodeHashing } from '../../adapters/files/hashing.ts';
import { createFolder } from '../../../test/support/layout-folder.ts';
import { readBareFile } from './read-bare-file.ts';
import { readFolder } from './read-folder.ts';

async function told(files: Readonly<Record<string, string>>, label?: string): Promise<readonly string[]> {
  using folder = createFolder(files, label);
  const read = await readFolder(folder, nodeHashing);
  const findings = read.ok ? read.value.findings : read.findings;
  return findings.map(({ code, severity, why }) => `${severity} ${code}: ${why}`);
}

test('`folder-empty`: a folder without a migration is told', async () => {
  expect(await told({ '.gitkeep': '', 'README.md': '' })).toEqual([
    'warning folder-empty: migrations holds no migration.',
  ]);
});

test('`folder-unread`: folders with SQL in an otherwise empty folder are refused', async () => {
  const files = { 'core/1_a.sql': '', 'core/2_b.sql': '', 'billing/1_a.sql': '', 'notes/a.txt': '' };
  expect(await told(files)).toEqual([
    'error folder-unread: migrations itself holds no migration, only folders with SQL files: migrations/billing (1 file), migrations/core (2 files).',
  ]);
});

test('`folder-unread`: folders with SQL beside migrations are named', async () => {
  expect(await told({ '1_a.sql': 'SELECT 1;', 'archive/0_x.sql': '' })).toEqual([
    'note folder-unread: SQL files in migrations/archive (1 file) are not read.',
  ]);
  expect(await told({ '1_a.up.sql': 'SELECT 1;', 'archive/0_x.sql': '' })).toHaveLength(1);
});

test('`folder-unread`: the seed of Supabase is not run, and that is said', async () => {
  const files = { '20240101000000_a.sql': 'SELECT 1;', '../seed.sql': 'SELECT 1;' };
  expect(await told(files, 'supabase/migrations')).toEqual([
    'note folder-unread: Supabase runs supabase/seed.sql besides the migrations; Godwit does not.',
  ]);
});

test('`foreign-layout`: where no name has a version, the plan beside the folder tells the tool', async () => {
  const [problem] = await told({ 'users.sql': 'BEGIN;', '../sqitch.plan': '' }, 'deploy');
  expect(problem).toContain('This is a folder of Sqitch (../sqitch.plan).');
});

test('`foreign-layout`: a standalone script with both directions in it is refused', async () => {
  using folder = createFolder({
    'a.sql': 'SELECT 1;\n-- +goose Down\nDROP TABLE users;',
    'b.sql': '-- Deploy p:b to pg\nSELECT 1;',
  });
  expect(await readBareFile(folder, 'a.sql', nodeHashing)).toMatchObject({
    findings: [{ code: 'foreign-layout', where: { file: 'migrations/a.sql', line: 2 } }],
  });
  expect(await readBareFile(folder, 'b.sql', nodeHashing)).toMatchObject({ ok: true });
});
