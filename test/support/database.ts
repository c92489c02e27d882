/**
 * A real database per test. The run has one server per major (global-setup.ts; majors by GODWIT_TEST_MAJORS, default
 * `15,18`); a database on it costs 20 to 50 ms and is safe with any number of test threads.
 *
 *     import { createTestDatabase, majors } from '../../test/support/database.ts';
 *
 *     test('a table appears', async () => {
 *       await using database = await createTestDatabase();      // or: createTestDatabase(18)
 *       await database.query('CREATE TABLE t (id int)');
 *       const rows = await database.query('SELECT count(*)::int AS n FROM t WHERE id = $1', [1]);
 *       expect(rows).toEqual([{ n: 0 }]);
 *     });
 *
 *     test.each(majors)('on PostgreSQL %i …', async (major) => { … createTestDatabase(major) … });
 *
 * `url` is for code that opens its own connection; `connect()` gives further sessions (`pg.Client`, for locks and
 * races); `drop()` (or `await using`) ends all sessions and removes the database. Roles belong to the whole server:
 * use `database.role('reader')` for a name that is unique, and the role goes with the database.
 */
import { randomBytes } from 'node:crypto';

import { Client, type ClientConfig, type QueryResult } from 'pg';
import { inject } from 'vitest';

/** One database of its own, and how to work with it. */
export interface TestDatabase extends AsyncDisposable {
  /** Address with the superuser's password. */
  readonly url: string;
  readonly major: number;
  readonly name: string;
  /**
   * Runs SQL in the database's own session and returns its rows; without parameters, one text may contain several
   * statements.
   */
  query<Row extends Record<string, unknown> = Record<string, unknown>>(
    sql: string,
    params?: readonly unknown[],
  ): Promise<Row[]>;
  /** Opens a further session as the superuser, or as the role and password given. */
  connect(settings?: ClientConfig): Promise<Client>;
  /** Makes a login role with a unique name that starts like this, and its address; dropped with the database. */
  role(stem: string, options?: string): Promise<{ readonly name: string; readonly url: string }>;
  /** Ends all sessions and removes database and roles. May be called twice. */
  drop(): Promise<void>;
}

/** The majors of this run, oldest first. */
export const majors: readonly number[] = Object.keys(inject('postgres'))
  .map(Number)
  .sort((a, b) => a - b);

/** The address of the server itself (database `postgres`), for tests about many databases. */
export function serverUrl(major: number = majors[0]!): string {
  const url = inject('postgres')[String(major)];
  if (url === undefined) throw new Error(`PostgreSQL ${major} is not in this run: GODWIT_TEST_MAJORS=${major}`);
  return url;
}

/**
 * Makes a database on the server of this major (the oldest of the run by default): empty, or a copy of `template`, to
 * which nobody may be connected.
 */
export async function createTestDatabase(major: number = majors[0]!, template = 'template0'): Promise<TestDatabase> {
  const server = serverUrl(major);
  const name = `test_${randomBytes(6).toString('hex')}`;
  // Copying the files is twice as fast as logging their pages (the option came with PostgreSQL 15).
  await once(server, `CREATE DATABASE ${name} TEMPLATE ${template} ${major >= 15 ? 'STRATEGY FILE_COPY' : ''}`);
  const url = at(server, name);
  const sessions: Client[] = [];
  const roles: string[] = [];
  let own: Promise<Client> | undefined;
  let dropped: Promise<void> | undefined;

  async function connect(settings: ClientConfig = {}): Promise<Client> {
    const client = new Client({ connectionString: url, ...settings });
    // DROP DATABASE … (FORCE) ends sessions that a test has left open.
    client.on('error', () => undefined);
    await client.connect();
    sessions.push(client);
    return client;
  }

  async function query<Row extends Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<Row[]> {
    own ??= connect();
    const result = (await (await own).query(sql, params === undefined ? undefined : [...params])) as
      | QueryResult<Row>
      | QueryResult<Row>[];
    return Array.isArray(result) ? (result.at(-1)?.rows ?? []) : result.rows;
  }

  async function role(stem: string, options = ''): Promise<{ name: string; url: string }> {
    const roleName = `${stem}_${randomBytes(4).toString('hex')}`;
    const password = randomBytes(8).toString('hex');
    await once(server, `CREATE ROLE ${roleName} LOGIN PASSWORD '${password}' ${options}`);
    roles.push(roleName);
    const address = new URL(url);
    address.username = roleName;
    address.password = password;
    return { name: roleName, url: address.href };
  }

  async function remove(): Promise<void> {
    await Promise.all(sessions.map((client) => client.end().catch(() => undefined)));
    await once(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    for (const roleName of roles) await once(server, `DROP ROLE IF EXISTS ${roleName}`);
  }

  const drop = (): Promise<void> => (dropped ??= remove());
  return { url, major, name, query, connect, role, drop, [Symbol.asyncDispose]: drop };
}

/** One session for each server and test thread: opening one takes longer than making a database. */
const administrators = new Map<string, Promise<Client>>();

async function once(url: string, sql: string): Promise<void> {
  const opened = administrators.get(url) ?? administrator(url);
  administrators.set(url, opened);
  await (await opened).query(sql);
}

async function administrator(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  const forget = (): void => void administrators.delete(url);
  client.on('error', forget);
  client.on('end', forget);
  await client.connect();
  // The session must not keep the process alive.
  (client as Client & { unref(): void }).unref();
  return client;
}

function at(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}
