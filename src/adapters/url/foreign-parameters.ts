import { quoteIdent } from '../../sql/quote.ts';
import type { Reading, Rule } from './asked.ts';

// Parameters that libpq does not know, but drivers and frameworks do.

/** For a driver's own connections, caches and tables: it changes nothing for the connections of a run. */
function without(driver: string): Rule {
  const reading: Reading = {
    told: `It is for ${driver}, and says nothing about where and as whom to connect.`,
    fix: 'Ignore this warning, or remove the parameter where only godwit reads the URL.',
  };
  return () => reading;
}

function group(driver: string, names: readonly string[]): Readonly<Record<string, Rule>> {
  return Object.fromEntries(names.map((name) => [name, without(driver)]));
}

function inPlaceOf(name: string, ...ways: readonly string[]): Rule {
  return () => ({
    why: `PostgreSQL has no parameter \`${name}\`.`,
    fix: `Write ${ways.join(' or ')} in its place.`,
  });
}

/** Migrations are sent as UTF-8, whatever a framework calls that. */
function utf8(name: string): Rule {
  return (value) =>
    /^(utf-?8(mb4)?|unicode)$/i.test(value)
      ? { asked: {} }
      : { why: `Migrations are sent as UTF-8, so \`${name}\` cannot be another one.`, fix: `Remove \`${name}\`.` };
}

const searchPath: Rule = (value) =>
  value.trim() === ''
    ? { why: 'The search path is empty.', fix: 'Name a schema, or remove the parameter.' }
    : { asked: { searchPath: value.trim() } };

export const foreignParameters: Readonly<Record<string, Rule>> = {
  // lib/pq, pgx and others hand these to the server as settings.
  search_path: searchPath,
  // pgjdbc: a search path.
  currentSchema: searchPath,
  // Prisma: the one schema in which it works.
  schema: (value) => searchPath(value.trim() === '' ? '' : quoteIdent(value)),
  role: (value) => ({
    why: 'PostgreSQL has no connection parameter `role`.',
    fix: `Write options=-c%20role%3D${/^\w+$/.test(value) ? value : 'ROLE'} in its place.`,
  }),
  sslaccept: (value) =>
    value === 'strict'
      ? { why: 'PostgreSQL has no parameter `sslaccept`.', fix: 'Write sslmode=verify-full in its place.' }
      : { why: 'PostgreSQL has no parameter `sslaccept`.', fix: 'Write sslmode=require in its place.' },
  sslidentity: () => ({
    why: 'Godwit does not read a client certificate from a PKCS #12 file.',
    fix: 'Split the file with `openssl pkcs12`, and name the parts with sslcert=FILE and sslkey=FILE.',
  }),
  sslinline: inPlaceOf('sslinline', 'sslcert=FILE and sslkey=FILE'),
  sslfactory: inPlaceOf('sslfactory', 'sslmode=verify-full'),
  sslhostnameverifier: inPlaceOf('sslhostnameverifier', 'sslmode=verify-ca', 'sslmode=verify-full'),
  tls: inPlaceOf('tls', 'sslmode=verify-full', 'sslmode=disable'),
  sslMode: inPlaceOf('sslMode', '`sslmode`, in lower case,'),
  encrypt: inPlaceOf('encrypt', 'sslmode=verify-full', 'sslmode=disable'),
  targetServerType: inPlaceOf('targetServerType', 'target_session_attrs=primary'),
  readOnly: inPlaceOf('readOnly', 'options=-c%20default_transaction_read_only%3Don'),
  statement_timeout: inPlaceOf('statement_timeout', '`SET LOCAL statement_timeout` in the migration'),
  // What it asks of node-postgres is what godwit does.
  uselibpqcompat: (value) =>
    value === 'true'
      ? { asked: {} }
      : { why: 'Godwit reads a URL as libpq does.', fix: 'Remove `uselibpqcompat`, and check what `sslmode` says.' },
  ApplicationName: () => ({
    told: 'Godwit’s sessions carry the name of the run, `godwit RUN`, by which other runs find them.',
    fix: 'Remove it, or ignore this warning.',
  }),
  schema_search_path: inPlaceOf('schema_search_path', 'search_path=SCHEMA'),
  socket: inPlaceOf('socket', 'host=FOLDER'),
  unixSocket: inPlaceOf('unixSocket', 'host=FOLDER'),
  sslca: inPlaceOf('sslca', 'sslrootcert=FILE'),
  'ssl-ca': inPlaceOf('ssl-ca', 'sslrootcert=FILE'),
  ssl_require: inPlaceOf('ssl_require', 'sslmode=require'),
  charset: utf8('charset'),
  encoding: utf8('encoding'),
  loginTimeout: inPlaceOf('loginTimeout', 'connect_timeout=10'),
  connectTimeout: inPlaceOf('connectTimeout', 'connect_timeout=10'),
  ...group('Prisma', [
    'pgbouncer',
    'connection_limit',
    'pool_timeout',
    'socket_timeout',
    'statement_cache_size',
    'max_connection_lifetime',
    'max_idle_connection_lifetime',
  ]),
  ...group('pgx', [
    'pool_max_conns',
    'pool_min_conns',
    'pool_min_idle_conns',
    'pool_max_conn_lifetime',
    'pool_max_conn_lifetime_jitter',
    'pool_max_conn_idle_time',
    'pool_health_check_period',
    'default_query_exec_mode',
    'statement_cache_capacity',
    'statement_cache_mode',
    'description_cache_capacity',
  ]),
  ...group('lib/pq', ['binary_parameters', 'disable_prepared_binary_result']),
  ...group('SQLx', ['statement-cache-capacity']),
  ...group('asyncpg', [
    'prepared_statement_cache_size',
    'prepared_statement_name_func',
    'max_cached_statement_lifetime',
  ]),
  ...group('pgjdbc', [
    'prepareThreshold',
    'preparedStatementCacheQueries',
    'preparedStatementCacheSizeMiB',
    'databaseMetadataCacheFields',
    'defaultRowFetchSize',
    'reWriteBatchedInserts',
    'binaryTransfer',
    'tcpKeepAlive',
    'socketTimeout',
    'loggerLevel',
    'stringtype',
    'autosave',
    'preferQueryMode',
  ]),
  ...group('Doctrine', ['serverVersion']),
  ...group('Django', ['conn_max_age', 'conn_health_checks', 'disable_server_side_cursors']),
  ...group('Ecto', ['pool_size', 'queue_target', 'queue_interval']),
  ...group('TablePlus', [
    'statusColor',
    'env',
    'name',
    'tLSMode',
    'usePrivateKey',
    'safeModeLevel',
    'advancedSafeModeLevel',
    'driverVersion',
    'lazyload',
  ]),
  ...group('Rails', [
    'pool',
    'prepared_statements',
    'reaping_frequency',
    'checkout_timeout',
    'idle_timeout',
    'advisory_locks',
  ]),
  ...group('postgres.js', ['max', 'max_lifetime', 'prepare']),
  ...group('golang-migrate', [
    'x-migrations-table',
    'x-migrations-table-quoted',
    'x-statement-timeout',
    'x-multi-statement',
    'x-multi-statement-max-size',
    'x-lock-strategy',
    'x-lock-table',
  ]),
  ...group('the integration of Vercel and Supabase', ['supa', 'workaround']),
};
