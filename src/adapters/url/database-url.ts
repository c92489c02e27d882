import type { FaultCode } from '../../kit/catalogue/index.ts';
import { fault, type FaultDetails } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { DatabaseAddress } from '../postgres/address.ts';
import type { Asked } from './asked.ts';
import { readParameters } from './read-parameters.ts';
import { splitUrl } from './split-url.ts';
import { chooseTls } from './tls-choice.ts';
import { formFault } from './url-form.ts';

/** A parsed database URL, with warnings about what has no effect or is weaker than it should be. */
export interface DatabaseUrl {
  readonly address: DatabaseAddress;
  readonly findings: readonly Finding[];
  /** The password file that the URL names. */
  readonly passfile?: string;
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
 * Reads no files: `settleFiles` does.
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
  if (!split.ok)
    return refuse(split.code, label, {
      why: `${label}: ${split.why ?? fault(split.code).why}`,
      ...(split.fix === undefined ? {} : { fix: split.fix }),
    });
  const parameters = readParameters(split.query, label);
  if (!parameters.ok) return parameters;
  const { asked, findings } = parameters.value;

  const host = asked.host ?? (split.host === '' ? (asked.hostaddr ?? '') : split.host);
  const portText = asked.port ?? split.port;
  const port = portOf(portText);
  const database = asked.dbname ?? split.database;
  if (host.includes(',') || portText.includes(',')) return refuse('url-hosts', label);
  if (!hostPattern.test(host)) return refuse('url-host', label);
  if (port === undefined) return refuse('url-port', label);
  if (database === '') return refuse('url-no-database', label);
  const serverCa = asked.sslrootcert === undefined ? defaults.serverCa : undefined;
  const tls = chooseTls(asked, placeOf(host, asked.hostaddr), serverCa !== undefined);
  if (typeof tls !== 'string')
    return refuse(tls.code, label, {
      why: `${label}: ${tls.why ?? `sslmode=${/^[\w-]{1,20}$/.test(asked.sslmode ?? '') ? asked.sslmode : '…'} is not supported. ${fault(tls.code).why}`}`,
      ...(tls.fix === undefined ? {} : { fix: tls.fix }),
    });

  const password = nonEmpty(asked.password) ?? nonEmpty(split.password) ?? defaults.password;
  return ok({
    address: {
      host,
      port,
      database,
      user: nonEmpty(asked.user) ?? (split.user || defaults.user),
      tls,
      ...(password === undefined ? {} : { password }),
      ...(asked.hostaddr === undefined || asked.hostaddr === host ? {} : { hostAddress: asked.hostaddr }),
      ...(serverCa === undefined ? {} : { serverCa }),
      ...certificatesOf(asked),
      ...termsOf(asked),
    },
    findings,
    ...(asked.passfile === undefined ? {} : { passfile: asked.passfile }),
  });
}

type Certificates = Pick<
  DatabaseAddress,
  'rootCertificate' | 'clientCertificate' | 'clientKey' | 'clientKeyPassword' | 'revoked'
>;

function certificatesOf(asked: Asked): Certificates {
  const withheld = asked.withholdsCertificate === true;
  return present({
    rootCertificate: nonEmpty(asked.sslrootcert),
    clientCertificate: withheld ? undefined : nonEmpty(asked.sslcert),
    clientKey: withheld ? undefined : nonEmpty(asked.sslkey),
    clientKeyPassword: withheld ? undefined : nonEmpty(asked.sslpassword),
    revoked: nonEmpty(asked.sslcrl),
  });
}

type Terms = Pick<
  DatabaseAddress,
  | 'tlsMinimum'
  | 'tlsMaximum'
  | 'tlsDirect'
  | 'channelBinding'
  | 'requireAuth'
  | 'options'
  | 'session'
  | 'connectTimeoutMs'
  | 'keepAlive'
>;

function termsOf(asked: Asked): Terms {
  const { tlsMinimum, tlsMaximum, tlsDirect, connectTimeoutMs, session, keepAlive, keepAliveMs } = asked;
  return present({
    tlsMinimum,
    tlsMaximum,
    tlsDirect,
    connectTimeoutMs,
    channelBinding: asked.channelBinding === 'require' ? ('require' as const) : undefined,
    requireAuth: nonEmpty(asked.requireAuth),
    options: nonEmpty(asked.options?.trim()),
    session: session === 'any' ? undefined : session,
    keepAlive: keepAlive === false ? false : keepAliveMs,
  });
}

/** The members that are there. */
function present<Part extends object>(part: Part): { [Key in keyof Part]?: Exclude<Part[Key], undefined> } {
  return Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Part]?: Exclude<Part[Key], undefined>;
  };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

/** True for this machine: a loopback address or a socket folder. */
export function isLoopbackHost(host: string): boolean {
  return host.startsWith('/') || host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** True if connections to this address stay on this machine. */
export function isOnThisMachine({ host, hostAddress = host }: Pick<DatabaseAddress, 'host' | 'hostAddress'>): boolean {
  return isLoopbackHost(host) && isLoopbackHost(hostAddress);
}

function placeOf(host: string, hostAddress: string | undefined): 'socket' | 'this' | 'other' {
  if (host.startsWith('/') && hostAddress === undefined) return 'socket';
  return isOnThisMachine({ host, ...(hostAddress === undefined ? {} : { hostAddress }) }) ? 'this' : 'other';
}

const hostPattern = /^(\/.*|[\w.-]+|[0-9a-fA-F:.]+(%[\w.-]+)?)$/;

function portOf(text: string): number | undefined {
  if (text === '') return 5432;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function refuse(code: FaultCode, label: string, details: FaultDetails = {}): Outcome<never> {
  return err(fault(code, { why: `${label}: ${fault(code).why}`, ...details }));
}
