import { expect, test } from 'vitest';
import { buildCloud } from '../support/cloud.ts';
import { createTestDatabase } from '../support/database.ts';
import { createMachine } from '../support/machine.ts';

test('F1: a job prunes the audit, and another machine proves what is left', { timeout: 180_000 }, async () => {
  await using cloud = await buildCloud();
  await using database = await createTestDatabase();
  const dev = cloud.environment('dev', database.url, { project: `acme-p${process.pid}` });
  const files = {
    'migrations/1_a.sql': 'create table a (id int primary key);',
    'migrations/2_b.sql': 'create table b (id int primary key);',
    'godwit.config.json': JSON.stringify({ environments: { dev } }),
  };
  using ann = createMachine(files, cloud.env);
  expect((await ann.run('up', '-e', 'dev', '--to', '1')).exitCode).toBe(0);
  expect((await ann.run('up', '-e', 'dev')).exitCode).toBe(0);
  using bob = ann.clone();
  const before = new Date().toISOString();
  const preview = await bob.run('runs', 'prune', '-e', 'dev', '--before', before, '--dry-run');
  expect([preview.exitCode, preview.shown]).toEqual([0, expect.stringMatching(/\d events of 1 run/)]);
  const pruned = await bob.run('runs', 'prune', '-e', 'dev', '--before', before, '--yes');
  expect([pruned.exitCode, pruned.err]).toEqual([0, expect.stringContaining('✔ 1 run pruned')]);
  const chain = await ann.run('runs', 'verify-chain', '-e', 'dev');
  expect([chain.exitCode, chain.shown]).toEqual([0, expect.stringMatching(/1 run before .* pruned by .*, run 01/)]);
  const runs = await ann.run('runs', 'list', '-e', 'dev');
  expect(runs.shown).toContain('1 run before');
});
