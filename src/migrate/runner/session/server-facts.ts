import { fault } from '../../../kit/fault.ts';
import type { Finding } from '../../../kit/finding.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { backendOf, isPooled, nobody, ownBackend, type Backend } from './backend.ts';
import { newestVersion } from '../history/newest-version.ts';
import { newerHistory } from '../history/read-history.ts';
import type { History } from '../../contract/history.ts';
import { wrongDatabase } from '../identity/compare-identity.ts';
import { notCopied } from '../identity/copied-identity.ts';
import type { ServerError, Session } from '../../contract/ports.ts';
import { describe, serverFault } from '../../contract/server-fault.ts';
import type { TaskEnvironment } from '../../contract/task.ts';

/** The server's facts about itself and our session, at the start of every execution. */
export interface ServerFacts {
  /** 150018 for 15.18. */
  readonly versionNumber: number;
  readonly version: string;
  readonly readOnly: boolean;
  readonly mayCreateSchema: boolean;
  readonly user: string;
  /** The schema in which unqualified names are created; empty: none. */
  readonly schema: string;
  /** The search path, as the setting is written. */
  readonly searchPath: string;
  /** True: role or database end long transactions (PostgreSQL 17 and later), unless a session overrides that. */
  readonly timesOut: boolean;
  /** From pg_control_system(); empty where the role may not read it. */
  readonly systemId: string;
  /** OID of the database on this server: a copy on the same server has a different one. */
  readonly databaseOid: string;
  /** The server process of this session; `nobody` if it goes through a pooler. */
  readonly backend: Backend;
  /** True: the connection goes through a pooler. */
  readonly pooled: boolean;
}

const oldestMajor = 14;

const query = (
  systemId: string,
): string => `select current_setting('server_version_num'), current_setting('server_version'),
  pg_catalog.pg_is_in_recovery() or current_setting('default_transaction_read_only') = 'on',
  pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
    or coalesce(pg_catalog.has_schema_privilege(pg_catalog.to_regnamespace('godwit')::oid, 'CREATE'), false), current_user, coalesce(current_schema(), ''),
  ${systemId},
  (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()),
  ${ownBackend}, current_setting('search_path'), coalesce(current_setting('transaction_timeout', true), '0') <> '0'`;

const ownSystem = '(select system_identifier::text from pg_catalog.pg_control_system())';

/** The message that asks for the facts. */
export const factsMessage: string = query(ownSystem);

/** Queries the facts in one message; needs a second one if the role may not read the server's identity. */
export async function readFacts(session: Session): Promise<Outcome<ServerFacts>> {
  const asked = await session.send(factsMessage, { rows: 'all' });
  // The privilege to call a function is checked even if the call would not be reached.
  const hidden = !asked.ok && asked.error.sqlstate === '42501';
  const reply = hidden ? await session.send(query("''"), { rows: 'all' }) : asked;
  if (!reply.ok) return err(reply.error.rejected ?? (resembles(reply.error) ? unlike : serverFault)(reply.error));
  const [
    versionNumber,
    version,
    readOnly,
    mayCreate,
    user,
    schema,
    systemId,
    databaseOid,
    pid,
    start,
    searchPath,
    timesOut,
  ] = reply.results[0]?.rows[0] ?? [];
  const backend = backendOf(pid, start);
  const pooled = isPooled(session, backend);
  return ok({
    versionNumber: Number(versionNumber),
    version: version ?? '',
    readOnly: readOnly === 't',
    mayCreateSchema: mayCreate === 't',
    user: user ?? '',
    schema: schema ?? '',
    searchPath: searchPath ?? '',
    timesOut: timesOut === 't',
    systemId: systemId ?? '',
    databaseOid: databaseOid ?? '',
    backend: pooled ? nobody : backend,
    pooled,
  });
}

/** The query asks for nothing that a PostgreSQL server lacks. */
function resembles({ sqlstate, lost }: ServerError): boolean {
  return !lost && /^(42883|42P01|42703|42704|42601|0A000|22023|XXUUU)$/.test(sqlstate);
}

function unlike(error: ServerError): Finding {
  return fault('database-incompatible', {
    why: `It does not know what every PostgreSQL server knows: ${describe(error)}`,
  });
}

/** Major version of the server: 15 for 15.18. */
export function majorOf({ versionNumber }: Pick<ServerFacts, 'versionNumber'>): number {
  return Math.trunc(versionNumber / 10_000);
}

/** Why this database must not be changed, checked before anything is changed. */
export function preflight(facts: ServerFacts, history: History, environment: TaskEnvironment): readonly Finding[] {
  return [
    ...unchangeable(facts, history),
    ...otherSchema(facts, environment),
    ...unfitHistory(facts, history, environment),
  ];
}

/** Without its schema, what is meant for it would be created in the next one of the search path. */
function otherSchema(facts: ServerFacts, { schema }: TaskEnvironment): readonly Finding[] {
  if (schema === undefined || facts.schema === schema) return [];
  const instead =
    facts.schema === '' ? 'nothing could be created' : `objects would be created in schema ${facts.schema}`;
  return [
    fault('schema-missing', {
      why: `There is no schema ${quoteIfNeeded(schema)} that ${facts.user} may use: ${instead}.`,
      fix: `Check the name in the list, or create the schema: CREATE SCHEMA ${quoteIfNeeded(schema)};`,
    }),
  ];
}

/** Why a database must not be changed, independent of its identity. */
export function unchangeable(facts: ServerFacts, history: History): readonly Finding[] {
  return [
    ...tooOld(facts),
    ...(facts.readOnly ? [fault('database-read-only')] : []),
    ...(history.version === 0 && !facts.mayCreateSchema
      ? [
          fault('no-privilege', {
            why: `Role ${facts.user} may not create schema godwit, where the history is kept.`,
            fix: `As an administrator: CREATE SCHEMA godwit AUTHORIZATION ${quoteIfNeeded(facts.user)};`,
          }),
        ]
      : []),
  ];
}

function tooOld(facts: ServerFacts): readonly Finding[] {
  if (facts.versionNumber >= oldestMajor * 10_000) return [];
  return [
    fault('database-too-old', {
      why: `The server is PostgreSQL ${facts.version}; godwit supports ${oldestMajor} to 18.`,
    }),
  ];
}

/** Why the history cannot even be read: this program does not know its form, or it belongs to another database. */
export function unfitHistory(facts: ServerFacts, history: History, environment: TaskEnvironment): readonly Finding[] {
  if (history.version > newestVersion) return [newerHistory(history.version)];
  return environment.copiedFrom === undefined
    ? wrongDatabase(facts, history, environment)
    : notCopied(facts, history, environment);
}

function quoteIfNeeded(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}
