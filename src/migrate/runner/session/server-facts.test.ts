import { expect, test } from 'vitest';
import { fault } from '../../../kit/fault.ts';
import type { Session } from '../../contract/ports.ts';
import { readFacts } from './server-facts.ts';

function refusing(sqlstate: string, message: string): Session {
  const reply = { ok: false, completed: 0, error: { sqlstate, message, lost: false } } as const;
  return { pid: 1, send: () => Promise.resolve(reply) } as unknown as Session;
}

test('a login that a pooler rejects with the first answer keeps its fault (`pooler-without-server`)', async () => {
  const rejected = fault('pooler-without-server', { why: 'server login has been failing' });
  const error = { sqlstate: '08P01', message: 'server login has been failing', lost: true, rejected };
  const session = { pid: 1, send: () => Promise.resolve({ ok: false, completed: 0, error }) } as unknown as Session;
  expect(await readFacts(session)).toEqual({ ok: false, findings: [rejected] });
});

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
