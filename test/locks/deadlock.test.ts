import type { Client } from 'pg';
import { expect, test } from 'vitest';
import { until } from '../support/child.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { begin, eventsOf, patientMs } from './busy.ts';

/** A session of the application that holds `log` and will want `users`, the other way round than the migration. */
async function holder(database: TestDatabase): Promise<Client> {
  const client = await database.connect({ application_name: 'reports' });
  // Whoever waits longer than its own timeout is the one that dies: the migration.
  await client.query("set deadlock_timeout to '60s'; begin; lock table log in share mode");
  return client;
}

/** Crosses the migration so many times; from one time to the next `log` is always held. */
async function crosses(database: TestDatabase, first: Client, times: number): Promise<void> {
  const waits =
    "select 1 from pg_locks where relation = 'log'::regclass and not granted and mode = 'AccessExclusiveLock'";
  let current = first;
  for (let n = 1; n <= times; n += 1) {
    await until('the migration wants log', async () => (await database.query(waits)).length > 0, 40_000);
    // It queues behind the migration, and has the lock when that one has died.
    const next = n < times ? holder(database) : undefined;
    await current.query('lock table users in share mode');
    const following = await next;
    await current.query('commit');
    if (following !== undefined) current = following;
  }
}

const crossing =
  '-- godwit: lock-timeout=30s\nalter table users add column age int;\nalter table log add column at timestamptz;';

test(
  'a deadlock with the application is tried again (`deadlock`)',
  async () => {
    await using database = await createTestDatabase();
    using folder = await begin(database, crossing);
    const first = await holder(database);
    const [ran] = await Promise.all([folder.run('up', '--json'), crosses(database, first, 2)]);
    expect(ran.exitCode, ran.out).toBe(0);
    expect(eventsOf(ran.json, 'lock.retry').map(({ cause }) => cause)).toEqual(['deadlock', 'deadlock']);
  },
  patientMs,
);

test(
  'a deadlock that comes back is a clean failure after three further tries',
  async () => {
    await using database = await createTestDatabase();
    using folder = await begin(database, crossing);
    const first = await holder(database);
    const [ran] = await Promise.all([folder.run('up', '--json'), crosses(database, first, 4)]);
    expect(ran.exitCode, ran.out).toBe(40);
    expect(eventsOf(ran.json, 'lock.retry').map(({ attempt }) => attempt)).toEqual([2, 3, 4]);
    expect(eventsOf(ran.json, 'finding').map(({ finding }) => finding.code)).toContain('deadlock');
    expect(
      await database.query("select 1 from pg_attribute where attrelid = 'users'::regclass and attname = 'age'"),
    ).toEqual([]);
  },
  patientMs,
);
