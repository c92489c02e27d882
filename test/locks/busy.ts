import type { Client } from 'pg';
import { expect } from 'vitest';
import type { RunEvent } from '../../src/migrate/contract/event.ts';
import type { TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { until } from '../support/child.ts';

/** On a busy machine the pauses between tries add up. */
export const patientMs: number = 90_000;

/** The tables that every database has here. */
export const users: string = 'create table users (id bigint primary key, email text);\ncreate table log (what text);\n';

/** A database in which `users` is there, and a migration that is to change it. */
export async function begin(database: TestDatabase, text: string, config?: object): Promise<TestProject> {
  const files = { 'migrations/1_users.sql': users, 'migrations/2_change.sql': text };
  const written =
    config === undefined
      ? {}
      : {
          'godwit.config.json': JSON.stringify({
            environments: { local: { database: { env: 'DATABASE_URL' }, locks: config } },
          }),
        };
  const folder = createProject({ ...files, ...written }, database.url);
  const ran = await folder.run('up', '--to', '1');
  expect(ran.exitCode, ran.err).toBe(0);
  return folder;
}

/** A session of the application, in a transaction in which it has done this. */
export async function application(database: TestDatabase, does: string): Promise<Client> {
  const client = await database.connect({ application_name: 'reports' });
  await client.query(`begin; ${does}`);
  return client;
}

/** The events of one kind. */
export function eventsOf<Kind extends RunEvent['kind']>(
  events: readonly RunEvent[],
  kind: Kind,
): readonly Extract<RunEvent, { readonly kind: Kind }>[] {
  return events.filter((event): event is Extract<RunEvent, { readonly kind: Kind }> => event.kind === kind);
}

/** Waits until a session of a run has waited for a lock, and given up, so many times. */
export async function tries(database: TestDatabase, count: number): Promise<void> {
  const waiting = async (): Promise<boolean> => {
    const rows = await database.query(
      "select 1 from pg_locks l join pg_stat_activity a using (pid) where a.datname = current_database() and a.application_name like 'godwit%' and not l.granted",
    );
    return rows.length > 0;
  };
  for (let n = 0; n < count; n += 1) {
    await until('it waits', waiting, 30_000);
    await until('it has given up', async () => !(await waiting()), 30_000);
  }
}
