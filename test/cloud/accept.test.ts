import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildCloud, type Cloud } from '../support/cloud.ts';
import { createTestDatabase } from '../support/database.ts';
import { createMachine } from '../support/machine.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await buildCloud();
});
afterAll(async () => await cloud[Symbol.asyncDispose]());

test(
  'a job takes a difference, and what was known of the database before it is not shown any more',
  { timeout: 180_000 },
  async () => {
    await using database = await createTestDatabase();
    const engine = { project: `acme-a${process.pid}` };
    const dev = { ...cloud.environment('dev', database.url, engine), verify: { ignore: ['public.tmp_*'] } };
    const files = {
      'migrations/1_a.sql': 'create table a (id int primary key, n int default 1); create table tmp_a (id int);',
      'godwit.config.json': JSON.stringify({ environments: { dev } }),
    };
    using ann = createMachine(files, cloud.env);
    const up = await ann.run('up', '-e', 'dev');
    expect(up.exitCode, up.err).toBe(0);
    await database.query('alter table a alter n set default 2; drop table tmp_a');
    const drifted = await ann.run('verify', '-e', 'dev');
    expect([drifted.exitCode, drifted.shown]).toEqual([50, expect.stringContaining('ignored by public.tmp_*')]);
    using bob = ann.clone();
    const taken = await bob.run('verify', '-e', 'dev', '--accept', 'public.a.n', '--reason', 'asked for by ops');
    expect([taken.exitCode, taken.err]).toEqual([0, expect.stringContaining('1 difference accepted')]);
    const after = await ann.run('verify', '-e', 'dev');
    expect(after.exitCode, after.shown).toBe(0);
    const runs = await ann.run('runs', 'list', '-e', 'dev');
    expect(runs.shown).toContain('public.a.n: asked for by ops');
    const refused = await bob.run('verify', '-e', 'dev', '--accept', 'public.a.m', '--reason', 'x');
    expect([refused.exitCode, refused.err]).toEqual([2, expect.stringContaining('Did you mean `public.a.n`?')]);
  },
);
