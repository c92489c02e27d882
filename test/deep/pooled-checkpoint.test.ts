import { describe, expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { startPooler } from '../support/pgbouncer.ts';
import { createProject } from '../support/project.ts';
import { missing } from '../support/tools.ts';
import { nothingStays } from './pooled.ts';

describe.skipIf(missing('pgbouncer', 'pg_dump'))('through a pooler', () => {
  test('no dump is made, with the way round; by the direct address it is', async () => {
    await using database = await createTestDatabase(15);
    await using pooler = await startPooler(database.url);
    const dev = { database: { env: 'POOLED' } };
    const direct = { database: { env: 'POOLED' }, directUrl: { env: 'DIRECT' } };
    const files = {
      'godwit.config.json': JSON.stringify({ environments: { dev } }),
      'migrations/1_users.sql': 'create table users (id int primary key);',
      'migrations/2_drop.sql': 'drop table users;',
    };
    const env = { POOLED: pooler.through(database.url), DIRECT: database.url, PATH: process.env['PATH'] ?? '' };
    using project = createProject(files, undefined, env);
    expect((await project.run('up', '-e', 'dev', '--to', '1')).exitCode).toBe(0);
    const refused = await project.run('up', '-e', 'dev');
    expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('[needs-checkpoint]')]);
    expect(refused.err).toContain('directUrl');
    await nothingStays(pooler, database);
    project.write('godwit.config.json', JSON.stringify({ environments: { dev: direct } }));
    const ran = await project.run('up', '-e', 'dev');
    expect([ran.exitCode, ran.err]).toEqual([0, expect.stringContaining('checkpoint: dump')]);
  }, 600_000);
});
