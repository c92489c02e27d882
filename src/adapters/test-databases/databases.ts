import { randomBytes } from 'node:crypto';
import { ok, type Outcome } from '../../kit/outcome.ts';

const testPrefix = 'godwit_test_';
const templatePrefix = 'godwit_template_';
/** Several branches, or several folders of one repository, may alternate. */
const keptTemplates = 8;

/** The session to a test server that creates and drops databases, one operation at a time. */
export interface Administrator {
  query<Row>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
}

/** A name for a new test database, which includes the process that made it. */
export function testName(): string {
  return `${testPrefix}${process.pid}_${randomBytes(5).toString('hex')}`;
}

/** Makes a test database as a copy of a template. Returns false when the template does not exist. */
export async function copyDatabase(session: Administrator, name: string, template: string): Promise<boolean> {
  try {
    await session.query(`CREATE DATABASE ${name} TEMPLATE ${template}${await strategy(session)}`);
    return true;
  } catch (error) {
    if ((error as { readonly code?: string }).code === undefinedDatabase) return false;
    throw error;
  }
}

const undefinedDatabase = '3D000';

/** Copying the files is twice as fast as logging their pages; before PostgreSQL 15 there was no choice. */
async function strategy(session: Administrator): Promise<string> {
  const major = versions.get(session) ?? (await serverMajor(session));
  versions.set(session, major);
  return major >= 15 ? ' STRATEGY FILE_COPY' : '';
}

const versions = new WeakMap<Administrator, number>();

async function serverMajor(session: Administrator): Promise<number> {
  const [row] = await session.query<{ readonly major: number }>(
    "SELECT current_setting('server_version_num')::int / 10000 AS major",
  );
  return row?.major ?? 0;
}

/** Ends all sessions of a database and removes it. */
export async function dropDatabase(session: Administrator, name: string): Promise<void> {
  await session.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

/** Fills a new, empty database that nobody else knows. */
export type Fill = (name: string) => Promise<Outcome<void>>;

const underWay = new WeakMap<Administrator, Map<string, Promise<Outcome<string>>>>();

/**
 * Returns the template for this content; it is made once, however many processes ask for it at the same time.
 *
 * @param hash of everything that the content depends on
 * @returns its name, or why it could not be filled
 */
export async function ensureDatabaseTemplate(
  session: Administrator,
  hash: string,
  fill: Fill,
): Promise<Outcome<string>> {
  const template = `${templatePrefix}${hash.slice(0, 24)}`;
  if (await exists(session, template)) return ok(template);
  // The lock below separates sessions, but not the callers of one session.
  const own = underWay.get(session) ?? new Map<string, Promise<Outcome<string>>>();
  underWay.set(session, own);
  const making = own.get(template) ?? makeAlone(session, template, fill).finally(() => own.delete(template));
  own.set(template, making);
  return await making;
}

async function makeAlone(session: Administrator, template: string, fill: Fill): Promise<Outcome<string>> {
  // The lock belongs to the session: when a process dies, the next one acquires it at once.
  await session.query('SELECT pg_advisory_lock(hashtext($1))', [template]);
  try {
    return (await exists(session, template)) ? ok(template) : await make(session, template, fill);
  } finally {
    await session.query('SELECT pg_advisory_unlock(hashtext($1))', [template]);
  }
}

async function make(session: Administrator, template: string, fill: Fill): Promise<Outcome<string>> {
  const draft = `${template}_draft`;
  await dropDatabase(session, draft);
  await session.query(`CREATE DATABASE ${draft} TEMPLATE template0`);
  const filled = await fill(draft);
  if (!filled.ok) {
    await dropDatabase(session, draft);
    return filled;
  }
  await session.query(`ALTER DATABASE ${draft} WITH ALLOW_CONNECTIONS false`);
  await endSessions(session, draft);
  await session.query(`ALTER DATABASE ${draft} RENAME TO ${template}`);
  await dropOldTemplates(session);
  return ok(template);
}

async function exists(session: Administrator, name: string): Promise<boolean> {
  return (await session.query('SELECT FROM pg_database WHERE datname = $1', [name])).length > 0;
}

/** A database with connected sessions can neither be renamed nor copied. */
async function endSessions(session: Administrator, name: string): Promise<void> {
  await session.query('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1', [name]);
}

/** Drops all but the newest templates. One that is being copied remains. */
async function dropOldTemplates(session: Administrator): Promise<void> {
  const names = (await namesLike(session, templatePrefix)).filter((name) => !name.endsWith('_draft'));
  for (const name of names.slice(0, -keptTemplates)) {
    await session.query(`DROP DATABASE IF EXISTS ${name}`).catch(() => undefined);
  }
}

/** Names with this prefix, oldest first. */
async function namesLike(session: Administrator, prefix: string): Promise<readonly string[]> {
  const rows = await session.query<{ readonly name: string }>(
    'SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1) ORDER BY oid',
    [prefix],
  );
  return rows.map(({ name }) => name);
}
