import type { DatabaseAddress } from '../../adapters/postgres/address.ts';
import { createConnector } from '../../adapters/postgres/connector.ts';
import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { ResultSet } from '../../migrate/contract/ports.ts';
import { readAnswer, type ListedDatabase } from './read-list.ts';

/** A query that returns the databases, or the names of schemas, and the option that it was given with. */
export interface ListQuery {
  readonly sql: string;
  readonly option: string;
  readonly what: 'databases' | 'schemas';
}

/** Sessions are left to others: the application goes on meanwhile. */
const leftFree = 5;

/** How many connections the server, its role and its database still allow this role; 0: no limit is known. */
const limits = `select least(
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
      - coalesce(current_setting('reserved_connections', true), '0')::int
      - (select count(*) from pg_catalog.pg_stat_activity where backend_type = 'client backend'),
    (select case when rolconnlimit < 0 or rolsuper then 1000000 else rolconnlimit
      - (select count(*) from pg_catalog.pg_stat_activity where usesysid = r.oid) end
      from pg_catalog.pg_roles r where rolname = current_user)) + 1`;

/** Executes the query on the database of the environment, read-only, and reads its answer as a list. */
export async function listBy(address: DatabaseAddress, query: ListQuery): Promise<Outcome<readonly ListedDatabase[]>> {
  const asked = await ask(address, [query.sql]);
  if (!asked.ok) return asked;
  const answer = asked.value.at(-1);
  if (answer === undefined || answer.columns.length !== 1)
    return err(
      fault('list-invalid', {
        why: `The query of ${query.option} returns ${answer?.columns.length ?? 0} columns; one is needed.`,
        fix: 'Select one column: the name of the database, or of the schema.',
      }),
    );
  return readAnswer(
    answer.rows.map(([value]) => value ?? null),
    query.option,
    query.what,
  );
}

/** How many runs the server has connections for; undefined: it does not say. Each run has two connections at most. */
export async function roomFor(address: DatabaseAddress): Promise<number | undefined> {
  const asked = await ask(address, [limits]);
  const free = asked.ok ? Number(asked.value[0]?.rows[0]?.[0] ?? Number.NaN) : Number.NaN;
  return Number.isNaN(free) ? undefined : Math.max(1, Math.floor((free - leftFree) / 2));
}

async function ask(address: DatabaseAddress, texts: readonly string[]): Promise<Outcome<readonly ResultSet[]>> {
  const opened = await createConnector(address).open({
    pipelined: false,
    applicationName: 'godwit list',
    settings: { default_transaction_read_only: 'on', statement_timeout: '60s', lock_timeout: '10s' },
  });
  if (!opened.ok) return opened;
  const session = opened.value;
  try {
    const results: ResultSet[] = [];
    for (const text of texts) {
      const reply = await session.send(text, { rows: 'all' });
      if (!reply.ok)
        return err(
          fault('list-invalid', {
            why: `The server refuses the query: ${reply.error.message} (SQLSTATE ${reply.error.sqlstate})`,
            fix: 'Correct the query. It is executed on the database of the environment, in a read-only transaction.',
          }),
        );
      results.push(...reply.results);
    }
    return ok(results);
  } finally {
    await session.close();
  }
}
