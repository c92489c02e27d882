import { expect } from 'vitest';
import { buildCloud } from '../support/cloud.ts';
import { foreignTableIn } from '../support/foreign-tables.ts';
import { createMachine } from '../support/machine.ts';
import { test } from '../support/test.ts';

test('a job notices the history of another tool, and takes it over', { timeout: 120_000 }, async ({ database }) => {
  await using cloud = await buildCloud();
  const dev = cloud.environment('dev', database.url, { project: `acme-${process.pid}-foreign` });
  const files = {
    'migrations/20240101000000_a.sql': 'create table a (id int primary key);',
    'migrations/20240102000000_b.sql': 'create table b (id int);\ninsert into b values (1);',
    'godwit.config.json': JSON.stringify({ environments: { dev } }),
  };
  using ann = createMachine(files, { ...cloud.env, GODWIT_LINES_PATIENCE: '2s' });
  await database.query(`${foreignTableIn('goose')};\ncreate table a (id int primary key); create table b (id int)`);
  const status = await ann.run('status', '-e', 'dev');
  expect(status.shown).toContain('Next: `godwit adopt --from goose -e dev`');
  const adopted = await ann.run('adopt', '--from', 'auto', '-e', 'dev');
  expect(adopted.exitCode, adopted.err).toBe(0);
  expect((await ann.run('status', '-e', 'dev')).shown).toMatch(/20240102000000 b +baseline from goose/);
  expect(cloud.leaked()).toEqual([]);
});
