import { expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const files = { 'migrations/1_a.sql': 'create table a (n int);' };

/** The lease of a run through a pooler, as it is in its guard row: it ran out a moment ago. */
async function outrunLease(database: TestDatabase): Promise<void> {
  await database.query(
    `update godwit.guard set holder = '01POOLED', held_by = 'godwit 01POOLED (by ann, through a pooler)', leased_until = clock_timestamp() - interval '1 second'`,
  );
}

test('a run through a pooler whose statement outlasts its lease is alive, also for one that has a session', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  await outrunLease(database);
  const pooled = await database.connect();
  await pooled.query(
    "begin; set local application_name to 'godwit 01POOLED'; update godwit.guard set only_row = only_row",
  );
  project.write('migrations/2_b.sql', 'create table b (n int);');
  const busy = await project.run('up', '--wait', '0s');
  expect([busy.exitCode, busy.err]).toEqual([20, expect.stringContaining('01POOLED (by ann, through a pooler)')]);
  await pooled.query('rollback');
  const up = await project.run('up', '--wait', '0s');
  expect(up.exitCode, up.err).toBe(0);
});

test('the lease of a run that has died is not kept alive by the next run', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  await outrunLease(database);
  project.write('migrations/2_b.sql', 'create table b (n int);');
  expect((await project.run('up', '--wait', '0s')).exitCode).toBe(0);
  expect(await database.query('select holder, leased_until from godwit.guard')).toEqual([
    { holder: '', leased_until: null },
  ]);
  project.write('migrations/3_c.sql', 'create table c (n int);');
  const next = await project.run('up', '--wait', '0s');
  expect(next.exitCode, next.err).toBe(0);
});
