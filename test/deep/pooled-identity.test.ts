import { expect, test } from 'vitest';
import { createTestDatabase, serverUrl } from '../support/database.ts';
import { startPooler } from '../support/pgbouncer.ts';
import { createProject } from '../support/project.ts';
import { missing } from '../support/tools.ts';

const config = (identity?: string) =>
  JSON.stringify({
    environments: {
      prod: { database: { env: 'PROD_URL' }, protected: false, checkpoint: 'never' },
      stg: { database: { env: 'STG_URL' }, checkpoint: 'never', ...(identity === undefined ? {} : { identity }) },
    },
  });

test.skipIf(missing('pgbouncer')).each([true, false])(
  'F11: the identity is settled through a pooler, and the lease given back; by itself: %s',
  { timeout: 240_000 },
  async (byItself) => {
    await using prod = await createTestDatabase();
    await using pooler = await startPooler(serverUrl());
    using project = createProject({
      'godwit.config.json': config(byItself ? 'copied-from prod' : undefined),
      'migrations/1_a.sql': 'create table a (id int);',
    });
    expect((await project.runWith({ PROD_URL: prod.url }, 'up', '-e', 'prod')).exitCode).toBe(0);
    await using stg = await createTestDatabase(undefined, prod.name);
    project.write('migrations/2_b.sql', 'create table b (id int);');
    const env = { STG_URL: pooler.through(stg.url) };
    const settle = byItself ? ['up'] : ['adopt', '--identity', '--reason', 'a copy'];
    const settled = await project.runWith(env, ...settle, '-e', 'stg');
    expect(settled.exitCode, settled.err).toBe(0);
    expect(settled.err).toContain('is stg now');
    expect(await stg.query('select environment, holder from godwit.guard')).toEqual([
      { environment: 'stg', holder: '' },
    ]);
    const up = await project.runWith(env, 'up', '-e', 'stg');
    expect(up.exitCode, up.err).toBe(0);
    expect(await stg.query('select seq::int from godwit.guard')).toEqual([{ seq: 2 }]);
  },
);
