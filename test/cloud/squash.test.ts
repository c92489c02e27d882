import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { history } from '../rollback/applied.ts';
import { buildCloud, type Cloud } from '../support/cloud.ts';
import { createTestDatabase } from '../support/database.ts';
import { createMachine } from '../support/machine.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await buildCloud();
});
afterAll(async () => await cloud[Symbol.asyncDispose]());

const originals = {
  'migrations/1_users.sql': 'create table users (id int primary key);\ninsert into users values (1);',
  'migrations/2_more.sql': 'alter table users add column name text;',
};

test(
  'F8: a job that meets a squashed migration has it rehearsed here, and a second one records it',
  { timeout: 120_000 },
  async () => {
    await using database = await createTestDatabase();
    const dev = cloud.environment('dev', database.url, { project: `acme-sq-${process.pid}` });
    using ann = createMachine(
      { ...originals, 'godwit.config.json': JSON.stringify({ environments: { dev } }) },
      { ...cloud.env, GODWIT_LINES_PATIENCE: '2s' },
    );
    const up = await ann.run('up', '-e', 'dev');
    expect(up.exitCode, up.err).toBe(0);
    const squash = await ann.run('squash', '2');
    expect(squash.exitCode, squash.err).toBe(0);
    // Two files of one version travel.
    const plan = await ann.run('plan', '-e', 'dev', '--fresh');
    expect(plan.exitCode, plan.shown).toBe(0);
    expect(plan.shown).toContain('1 migration would be recorded');
    for (const file of Object.keys(originals)) rmSync(join(ann.folder, file));
    const recorded = await ann.run('up', '-e', 'dev');
    expect(recorded.exitCode, recorded.err).toBe(0);
    expect(recorded.err).toContain('Rehearsing 1 migration on PostgreSQL');
    expect(await history(database)).toEqual(['applied 1', 'applied 2', 'squashed 2']);
    expect(cloud.leaked()).toEqual([]);
    expect((await ann.run('up', '-e', 'dev')).err).toContain('Nothing to do');
  },
);
