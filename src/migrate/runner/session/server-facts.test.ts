import { expect, test } from 'vitest';
import type { Session } from '../../contract/ports.ts';
import { readFacts } from './server-facts.ts';

function refusing(sqlstate: string, message: string): Session {
  const reply = { ok: false, completed: 0, error: { sqlstate, message, lost: false } } as const;
  return { pid: 1, send: () => Promise.resolve(reply) } as unknown as Session;
}

test.each([
  ['42883', 'unknown function: pg_catalog.pg_control_system()', 'database-incompatible'],
  ['0A000', 'unimplemented: this is a compatibility layer', 'database-incompatible'],
  ['42P01', 'relation "pg_catalog.pg_database" does not exist', 'database-incompatible'],
  ['42501', 'permission denied for function', 'no-privilege'],
  ['57P03', 'the database system is shutting down', 'server-starting'],
])('a server that only resembles PostgreSQL is no damaged history: %s %s (`%s`)', async (sqlstate, message, code) => {
  const facts = await readFacts(refusing(sqlstate, message));
  expect(facts).toMatchObject({ ok: false, findings: [{ code, why: expect.stringContaining(message) }] });
});
