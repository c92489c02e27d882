import type { SecureVersion } from 'node:tls';

/**
 * How the server is authenticated. `verify-full` checks certificate and host name, `verify-ca` the certificate only,
 * `require` encrypts without checking anything, `disable` sends plain text. `prefer` and `allow` take what the server
 * offers, and occur on this machine only.
 */
export type TlsMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** The text of the files that an address names, read when its URL was read. */
export interface TlsTexts {
  readonly ca?: string | readonly string[];
  readonly cert?: string;
  readonly key?: string;
  readonly crl?: string;
}

/** Everything that a connection needs, parsed and checked; `host` may be a socket folder (starting with `/`). */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password?: string;
  readonly tls: TlsMode;
  /** The IP address to connect to, in place of looking the host up; the host is still what is verified. */
  readonly hostAddress?: string;
  /** Path of a PEM file with the server's CA, or `system` for the authorities that this machine trusts. */
  readonly rootCertificate?: string;
  /** The CA as PEM text, if the operator of the server provides it. */
  readonly serverCa?: string;
  /** Paths of PEM files with the client's certificate and its key, and the key's passphrase. */
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  readonly clientKeyPassword?: string;
  /** Path of a PEM file with revoked certificates. */
  readonly revoked?: string;
  readonly texts?: TlsTexts;
  readonly tlsMinimum?: SecureVersion;
  readonly tlsMaximum?: SecureVersion;
  /** True: TLS begins at once, without asking the server (PostgreSQL 17 and later). */
  readonly tlsDirect?: boolean;
  /** `require`: only a login that is bound to the TLS connection is accepted. */
  readonly channelBinding?: 'require';
  /** Methods of login that are accepted, as libpq writes them: `scram-sha-256,!password`. */
  readonly requireAuth?: string;
  /** Options for the server process, as text. */
  readonly options?: string;
  /** What the server must be; absent: any. */
  readonly session?: 'primary' | 'read-write';
  /** How long connecting may take; 0: no limit. */
  readonly connectTimeoutMs?: number;
  /** After how many idle milliseconds the connection is probed; false: never. */
  readonly keepAlive?: number | false;
}

/** TLS options for `pg`, always explicit: pg's own interpretation of `sslmode` changes between majors. */
export function tlsOptions(address: DatabaseAddress): false | Readonly<Record<string, unknown>> {
  const { tls, texts = {}, serverCa, tlsMinimum, tlsMaximum, clientKeyPassword } = address;
  if (tls === 'disable' || tls === 'allow') return false;
  const { ca = serverCa, cert, key, crl } = texts;
  const common = {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(key === undefined || clientKeyPassword === undefined ? {} : { passphrase: clientKeyPassword }),
    ...(tlsMinimum === undefined ? {} : { minVersion: tlsMinimum }),
    ...(tlsMaximum === undefined ? {} : { maxVersion: tlsMaximum }),
  };
  if (tls === 'require' || tls === 'prefer') return { ...common, rejectUnauthorized: false };
  return {
    ...common,
    ...(ca === undefined ? {} : { ca }),
    // The CA that a platform reports for its server may be an intermediate one.
    ...(texts.ca === undefined && serverCa !== undefined ? { allowPartialTrustChain: true } : {}),
    ...(crl === undefined ? {} : { crl }),
    rejectUnauthorized: true,
    ...(tls === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  };
}

/** What follows when the server refuses what was tried first; undefined: nothing. */
export function fallbackOf(address: DatabaseAddress): DatabaseAddress | undefined {
  if (address.tls === 'prefer') return { ...address, tls: 'disable' };
  return address.tls === 'allow' ? { ...address, tls: 'require' } : undefined;
}
