import { expect, test } from 'vitest';
import { until } from '../support/child.ts';
import { buildCloud } from '../support/cloud.ts';
import { createTestDatabase } from '../support/database.ts';
import { createMachine } from '../support/machine.ts';

test(
  'a stable job stays for the next run, and a run of it is found and stopped by its id',
  { timeout: 120_000 },
  async () => {
    await using cloud = await buildCloud();
    await using database = await createTestDatabase();
    const dev = cloud.environment('dev', database.url, { job: 'stable' });
    const files = {
      'migrations/1_a.sql': 'create table a (id int);',
      'migrations/2_b.sql': 'create table b (id int);',
      'migrations/3_c.sql': 'create table c (id int);\nselect pg_sleep(60);',
    };
    const config = JSON.stringify({ environments: { dev } });
    using ann = createMachine({ ...files, 'godwit.config.json': config }, cloud.env);
    expect((await ann.run('up', '-e', 'dev', '--to', '1')).exitCode).toBe(0);
    const detached = await ann.run('up', '-e', 'dev', '--detach', '--json');
    const run = detached.json.at(-1)?.['run'] as string;
    const sleepers = "select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()";
    await until('it sleeps', async () => (await database.query(sleepers)).length > 0, 30_000);
    using bob = ann.clone();
    expect((await bob.run('runs', 'cancel', '-e', 'dev', run.slice(0, 22))).exitCode).toBe(0);
    expect((await bob.run('runs', 'attach', '-e', 'dev', run)).exitCode).toBe(130);
    expect((await bob.run('status', '-e', 'dev', '--json')).json[0]).toMatchObject({ pending: 1 });
    const jobs = cloud.leaked().filter((name) => name.endsWith('/jobs/dev-godwit'));
    expect(jobs.length).toBe(1);
  },
);
