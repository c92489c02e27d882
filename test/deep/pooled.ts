import { Client } from 'pg';
import { expect } from 'vitest';
import { until } from '../support/child.ts';
import type { TestDatabase } from '../support/database.ts';
import type { Pooler } from '../support/pgbouncer.ts';

/** What stays with a server connection when its user goes: settings, locks, temporary tables, prepared statements. */
export const leftovers: string = `select current_setting('search_path') as path, current_setting('lock_timeout') as lock,
  current_setting('statement_timeout') as statement, current_setting('role') as role,
  current_setting('client_encoding') as encoding, current_setting('DateStyle') as dates,
  (select count(*)::int from pg_locks where pid = pg_backend_pid() and locktype = 'advisory') as locks,
  (select count(*)::int from pg_prepared_statements) as prepared,
  (select count(*)::int from pg_cursors where name <> '') as cursors,
  (select count(*)::int from pg_class where relpersistence = 't' and pg_table_is_visible(oid)) as temporary`;

/** A connection as nobody has used it. */
export const clean = {
  path: '"$user", public',
  lock: '0',
  statement: '0',
  role: 'none',
  encoding: 'UTF8',
  dates: 'ISO, MDY',
  locks: 0,
  prepared: 0,
  cursors: 0,
  temporary: 0,
};

/** Looks at every server connection that the pool has, by holding as many transactions open at once. */
export async function nothingStays(pooler: Pooler, database: TestDatabase, size = 3): Promise<void> {
  const clients = await Promise.all(
    Array.from({ length: size }, async () => {
      const client = new Client({ connectionString: pooler.through(database.url) });
      await client.connect();
      return client;
    }),
  );
  try {
    await Promise.all(clients.map((client) => client.query('begin')));
    for (const client of clients) expect((await client.query(leftovers)).rows).toEqual([clean]);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
  const lease = await database.query('select holder, held_by, leased_until from godwit.guard');
  expect(lease).toEqual([{ holder: '', held_by: '', leased_until: null }]);
}

/** Waits until a statement sleeps. */
export async function asleep(database: TestDatabase): Promise<void> {
  const sleeping = "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
  await until('the database sleeps', async () => (await database.query(sleeping)).length > 0, 30_000);
}
