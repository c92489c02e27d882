import { expect, test } from 'vitest';
import { detectTools } from './detect.ts';
import { createFolder } from '../../../../test/support/layout-folder.ts';

async function found(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  using folder = createFolder(files);
  const detected = await detectTools(folder);
  return detected.ok ? detected.value.map(({ tool, because }) => `${tool}: ${because}`) : ['unreadable'];
}

test('names are looked at first', async () => {
  expect(await found({ '20240101000000_a/migration.sql': 'SELECT 1;' })).toEqual([
    'prisma: 20240101000000_a/migration.sql',
  ]);
});

test('files whose names tell nothing are looked into', async () => {
  const files = { '1_a.sql': 'SELECT 1;', '2_b.sql': '-- see 1\n-- +goose Up\nSELECT 1;', '3_c.sql': '-- migrate:up' };
  expect(await found(files)).toEqual([
    'goose: migrations/2_b.sql, line 2: -- +goose Up',
    'dbmate: migrations/3_c.sql, line 1: -- migrate:up',
  ]);
});

test('what lies around a folder is told up to the project', async () => {
  using folder = createFolder({ '../schema.prisma': '', '../../package.json': '' }, 'db/prisma/migrations');
  expect(await folder.around()).toEqual([
    '../migrations',
    '../schema.prisma',
    '../../package.json',
    '../../prisma',
    '../../../db',
  ]);
});
