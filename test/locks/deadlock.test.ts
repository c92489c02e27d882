import { expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { begin, eventsOf, patientMs } from './busy.ts';

/** Lets an application lock the tables the other way round until it has been told to stop. */
async function crosses(database: TestDatabase, times: number): Promise<number> {
  const client = await database.connect({ application_name: 'reports' });
  // Whoever waits longer than its own timeout is the one that dies: the migration.
  await client.query("set deadlock_timeout to '60s'");
  const waits =
    "select 1 from pg_locks where relation = 'log'::regclass and not granted and mode = 'AccessExclusiveLock'";
  let crossed = 0;
  for (; crossed < times; crossed += 1) {
    await client.query('begin; lock table log in share mode');
    const going = Date.now() + 20_000;
    while ((await database.query(waits)).length === 0) {
      if (Date.now() > going) return crossed;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await client.query('lock table users in share mode');
    await client.query('commit');
  }
  return crossed;
}

const crossing =
  '-- godwit: lock-timeout=30s\nalter table users add column age int;\nalter table log add column at timestamptz;';

test(
  'a deadlock with the application is tried again',
  async () => {
    await using database = await createTestDatabase();
    using folder = await begin(database, crossing);
    const [ran] = await Promise.all([folder.run('up', '--json'), crosses(database, 2)]);
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
    const [ran, crossed] = await Promise.all([folder.run('up', '--json'), crosses(database, 4)]);
    expect(crossed).toBe(4);
    expect(ran.exitCode, ran.out).toBe(40);
    expect(eventsOf(ran.json, 'lock.retry').map(({ attempt }) => attempt)).toEqual([2, 3, 4]);
    expect(eventsOf(ran.json, 'finding').map(({ finding }) => finding.code)).toContain('deadlock');
    expect(
      await database.query("select 1 from pg_attribute where attrelid = 'users'::regclass and attname = 'age'"),
    ).toEqual([]);
  },
  patientMs,
);
