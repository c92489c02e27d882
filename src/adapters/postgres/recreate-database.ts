import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { ResultSet, ServerError, Session } from '../../migrate/contract/ports.ts';
import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import type { DatabaseAddress } from './address.ts';
import { createConnector } from './connector.ts';

/** The state of a database before it is created again. */
export interface ExistingDatabase {
  /** False when no database of that name exists yet. */
  readonly there: boolean;
  /** The number of user tables, without godwit's own. */
  readonly tables: number;
  /** The environment that godwit has recorded in it; empty when godwit has never changed this database. */
  readonly environment: string;
  readonly environmentId: string;
}

/** Another client's session that was ended. */
export interface EndedSession {
  readonly pid: number;
  readonly application: string;
  readonly user: string;
}

export async function readExistingDatabase(address: DatabaseAddress): Promise<Outcome<ExistingDatabase>> {
  const nothing = { there: false, tables: 0, environment: '', environmentId: '' };
  const opened = await open(address);
  if (!opened.ok) return opened.findings.some(({ code }) => code === 'database-missing') ? ok(nothing) : opened;
  const session = opened.value;
  try {
    const tables = await runQuery(
      session,
      `SELECT (SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'godwit')), pg_catalog.to_regclass('godwit.guard') IS NOT NULL`,
    );
    if (!tables.ok) return tables;
    const [count, guarded] = tables.value[0] ?? [];
    const guard =
      guarded === 't' ? await runQuery(session, 'SELECT environment, environment_id FROM godwit.guard') : ok([]);
    if (!guard.ok) return guard;
    const [environment, environmentId] = guard.value[0] ?? [];
    return ok({
      there: true,
      tables: Number(count ?? 0),
      environment: environment ?? '',
      environmentId: environmentId ?? '',
    });
  } finally {
    await session.close();
  }
}

/**
 * Drops the database with everything in it and creates it again, empty, with its owner, encoding and locale. Ends other
 * clients' sessions. Works from another database of the server, because nobody can drop the database that they are
 * connected to.
 *
 * @returns the sessions that were ended
 */
export async function recreateDatabase(address: DatabaseAddress): Promise<Outcome<readonly EndedSession[]>> {
  const opened = await connectToOther(address);
  if (!opened.ok) return opened;
  const session = opened.value;
  try {
    return await recreate(session, address);
  } finally {
    await session.close();
  }
}

async function recreate(session: Session, { database }: DatabaseAddress): Promise<Outcome<readonly EndedSession[]>> {
  const literal = quoteLiteral(database);
  const found = await runQuery(
    session,
    `SELECT pg_catalog.to_jsonb(d), pg_catalog.pg_get_userbyid(d.datdba), pg_catalog.pg_encoding_to_char(d.encoding),
  pg_catalog.pg_has_role(d.datdba, 'USAGE') AND r.rolcreatedb OR r.rolsuper FROM pg_catalog.pg_roles r
LEFT JOIN pg_catalog.pg_database d ON d.datname = ${literal} WHERE r.rolname = current_user`,
  );
  if (!found.ok) return found;
  const [text, owner, encoding, may] = found.value[0] ?? [];
  if (text != null && may !== 't')
    return err(
      fault('reset-refused', {
        why: `The role may not drop and create database ${database}: it needs CREATEDB, and must own the database.`,
        fix: `As an administrator: \`ALTER ROLE … CREATEDB;\` and \`ALTER DATABASE ${quoteIdent(database)} OWNER TO …;\`. Or use the URL of a role that may do so.`,
      }),
    );
  const sessions = await runQuery(
    session,
    `SELECT pid, application_name, usename FROM pg_catalog.pg_stat_activity
WHERE datname = ${literal} AND backend_type = 'client backend' AND pid <> pg_catalog.pg_backend_pid() ORDER BY backend_start`,
  );
  if (!sessions.ok) return sessions;
  const name = quoteIdent(database);
  if (text != null) {
    const dropped = await runQuery(session, `DROP DATABASE ${name} WITH (FORCE)`);
    if (!dropped.ok) return dropped;
  }
  const kept =
    text == null ? '' : ` OWNER ${quoteIdent(owner ?? '')} TEMPLATE template0 ${localeOf(text, encoding ?? '')}`;
  const made = await runQuery(session, `CREATE DATABASE ${name}${kept}`);
  if (!made.ok) return made;
  return ok(
    sessions.value.map(([pid, application, user]) => ({
      pid: Number(pid),
      application: application ?? '',
      user: user ?? '',
    })),
  );
}

const providers: Readonly<Record<string, string>> = { i: 'icu', c: 'libc', b: 'builtin' };

/** Encoding and locale as CREATE DATABASE takes them; the columns differ between majors. */
function localeOf(row: string, encoding: string): string {
  const database = JSON.parse(row) as Readonly<Record<string, string | null>>;
  const provider = providers[database['datlocprovider'] ?? 'c'];
  const locale = database['datlocale'] ?? database['daticulocale'];
  return [
    `ENCODING ${quoteLiteral(encoding)}`,
    `LC_COLLATE ${quoteLiteral(database['datcollate'] ?? 'C')}`,
    `LC_CTYPE ${quoteLiteral(database['datctype'] ?? 'C')}`,
    ...(provider === undefined || provider === 'libc' ? [] : [`LOCALE_PROVIDER ${provider}`]),
    ...(locale == null ? [] : [`${provider === 'builtin' ? 'BUILTIN' : 'ICU'}_LOCALE ${quoteLiteral(locale)}`]),
  ].join(' ');
}

/** Databases that usually exist on a server, to work from. */
const others = ['postgres', 'template1'] as const;

async function connectToOther(address: DatabaseAddress): Promise<Outcome<Session>> {
  const names = others.filter((name) => name !== address.database);
  const first = await open({ ...address, database: names[0] ?? 'template1' });
  const second = names[1];
  return first.ok || second === undefined ? first : await open({ ...address, database: second });
}

async function open(address: DatabaseAddress): Promise<Outcome<Session>> {
  return await createConnector(address).open({
    pipelined: false,
    applicationName: 'godwit db reset',
    settings: { lock_timeout: '10s' },
  });
}

async function runQuery(session: Session, text: string): Promise<Outcome<ResultSet['rows']>> {
  const reply = await session.send(text, { rows: 'all' });
  return reply.ok ? ok(reply.results[0]?.rows ?? []) : err(fault('reset-failed', { why: serverMessage(reply.error) }));
}

function serverMessage({ message, detail, sqlstate }: ServerError): string {
  return `${[message, detail].filter((part) => part !== undefined).join('. ')} (SQLSTATE ${sqlstate})`;
}
