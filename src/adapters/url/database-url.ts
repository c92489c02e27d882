import type { FaultCode } from '../../kit/catalogue/index.ts';
import { fault, type FaultDetails } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { DatabaseAddress, TlsMode } from '../postgres/address.ts';
import { queryOf, splitUrl } from './split-url.ts';

/** A parsed database URL, with warnings about what has no effect or is weaker than it should be. */
export interface DatabaseUrl {
  readonly address: DatabaseAddress;
  readonly findings: readonly Finding[];
}

/** What a URL may omit, as libpq reads it from PGUSER and PGPASSWORD. */
export interface UrlDefaults {
  readonly user: string;
  readonly password?: string;
  /**
   * The server's CA as PEM text, if the platform knows it. Such a certificate names no address, so it is checked
   * without the host name (`verify-ca`), even if the URL asks for less.
   */
  readonly serverCa?: string;
}

/**
 * Reads a database URL with its own parser, so that each usual mistake gets its own fault. No finding quotes the URL.
 *
 * @param text the URL as it was stored
 * @param label where it was stored, for the findings: `DATABASE_URL`
 * @param defaults user and password if the URL names none
 */
export function readDatabaseUrl(text: string, label: string, defaults: UrlDefaults): Outcome<DatabaseUrl> {
  const stored = text.trim();
  const refused = formFault(stored, label);
  if (refused !== undefined) return err(refused);
  const split = splitUrl(stored);
  if (!split.ok) return err(fault(split.code, { why: `${label}: ${fault(split.code).why}` }));
  const query = queryOf(split.query);
  if (query === undefined) return refuse('url-unescaped', label);

  const host = query.get('host') ?? split.host;
  const port = portOf(query.get('port') ?? split.port);
  const database = query.get('dbname') ?? split.database;
  if (host.includes(',')) return refuse('url-hosts', label);
  if (!hostPattern.test(host)) return refuse('url-host', label);
  if (port === undefined) return refuse('url-port', label);
  if (database === '') return refuse('url-no-database', label);
  const serverCa = query.has('sslrootcert') ? undefined : defaults.serverCa;
  const tls = withCa(tlsOf(query.get('sslmode'), host), query.has('sslmode'), serverCa);
  if (tls === undefined)
    return refuse('url-sslmode', label, {
      why: `${label}: sslmode=${query.get('sslmode') ?? ''} is not supported. ${fault('url-sslmode').why}`,
    });

  const schema = /search_path/i.test(query.get('options') ?? '')
    ? 'options'
    : [...schemaParameters].find((name) => !/^(public)?$/.test(query.get(name) ?? ''));
  if (schema !== undefined)
    return refuse('url-schema', label, { why: `${label}: the parameter \`${schema}\` names a schema.` });

  const password = query.get('password') ?? split.password ?? defaults.password;
  const rootCertificate = query.get('sslrootcert');
  return ok({
    address: {
      host,
      port,
      database,
      user: query.get('user') ?? (split.user || defaults.user),
      tls,
      ...(password === undefined ? {} : { password }),
      ...(rootCertificate === undefined || rootCertificate === 'system' ? {} : { rootCertificate }),
      ...(serverCa === undefined ? {} : { serverCa }),
    },
    findings: [...query.keys()]
      .filter((name) => !knownParameters.has(name))
      .map((name) => parameterWarning(name, label)),
  });
}

/** True for this machine: a loopback address or a socket folder. */
export function isLoopbackHost(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

const hostPattern = /^(\/.*|[\w.-]+|[0-9a-fA-F:.]+(%\w+)?)$/;

function formFault(stored: string, label: string): Finding | undefined {
  if (stored === '') return fault('url-missing', { why: `${label} is empty.` });
  if (/^["'`“”‘’]/.test(stored)) return refuseWith('url-quoted', label);
  if (/^jdbc:/i.test(stored)) return schemeFault(label, 'jdbc:', 'Remove the leading `jdbc:`.');
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(stored)?.[1];
  if (scheme === undefined) {
    if (/^\s*\w+\s*=/.test(stored)) return refuseWith('url-keywords', label);
    return fault('url-scheme', { why: `${label} does not begin with postgresql://.` });
  }
  if (!/^postgres(ql)?$/i.test(scheme)) return schemeFault(label, `${scheme}://`, schemeFix(scheme));
  return undefined;
}

function schemeFault(label: string, scheme: string, fix: string): Finding {
  return fault('url-scheme', { why: `${label} begins with ${scheme}, not with postgresql://.`, fix });
}

function schemeFix(scheme: string): string {
  if (/^postgres(ql)?\+/i.test(scheme))
    return `Write postgresql:// in place of ${scheme}://: the part after + names a Python driver.`;
  return 'Godwit works with PostgreSQL: begin the URL with postgresql://.';
}

function portOf(text: string): number | undefined {
  if (text === '') return 5432;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

const modes: ReadonlySet<string> = new Set<TlsMode>(['disable', 'require', 'verify-ca', 'verify-full']);

/** Full verification is the default for every host except this machine. */
function tlsOf(mode: string | undefined, host: string): TlsMode | undefined {
  if (mode === undefined) return isLoopbackHost(host) ? 'disable' : 'verify-full';
  if (modes.has(mode)) return mode as TlsMode;
  // On this machine the fallback of `prefer` and `allow` exposes nothing.
  return isLoopbackHost(host) && (mode === 'prefer' || mode === 'allow') ? 'disable' : undefined;
}

/** `require` checks nothing; with the CA available, it can be checked. */
function withCa(tls: TlsMode | undefined, chosen: boolean, serverCa: string | undefined): TlsMode | undefined {
  if (serverCa === undefined) return tls;
  return tls === 'require' || (tls === 'verify-full' && !chosen) ? 'verify-ca' : tls;
}

const knownParameters: ReadonlySet<string> = new Set([
  'host',
  'port',
  'dbname',
  'user',
  'password',
  'sslmode',
  'sslrootcert',
  'application_name',
  'connect_timeout',
]);

/**
 * Parameters by which other tools choose the schema; ignored, they would let the migrations go into a different one.
 */
const schemaParameters: ReadonlySet<string> = new Set(['search_path', 'schema', 'currentSchema']);

function parameterWarning(name: string, label: string): Finding {
  return fault('url-parameter', { why: `${label}: godwit does not use the parameter \`${name}\`.` });
}

function refuse(code: FaultCode, label: string, details?: FaultDetails): Outcome<never> {
  return err(refuseWith(code, label, details));
}

function refuseWith(code: FaultCode, label: string, details: FaultDetails = {}): Finding {
  return fault(code, { why: `${label}: ${fault(code).why}`, ...details });
}

/** The URL of an address, password included: for another process of ours, never for a screen. */
export function databaseUrlOf(address: DatabaseAddress): string {
  const encode = encodeURIComponent;
  const password = address.password === undefined ? '' : `:${encode(address.password)}`;
  const host = address.host.includes(':') && !address.host.startsWith('/') ? `[${address.host}]` : encode(address.host);
  const certificate = address.rootCertificate === undefined ? '' : `&sslrootcert=${encode(address.rootCertificate)}`;
  return `postgresql://${encode(address.user)}${password}@${host}:${address.port}/${encode(address.database)}?sslmode=${address.tls}${certificate}`;
}
