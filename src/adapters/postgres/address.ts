import { readFileSync } from 'node:fs';

/**
 * How the server is authenticated. `verify-full` checks certificate and host name, `verify-ca` the certificate only,
 * `require` encrypts without checking anything, `disable` sends plain text.
 */
export type TlsMode = 'disable' | 'require' | 'verify-ca' | 'verify-full';

/** Everything that a connection needs, parsed and checked; `host` may be a socket folder (starting with `/`). */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password?: string;
  readonly tls: TlsMode;
  /** Path of a PEM file with the server's CA. */
  readonly rootCertificate?: string;
  /** The CA as PEM text, if the operator of the server provides it. */
  readonly serverCa?: string;
}

/** TLS options for `pg`, always explicit: pg's own interpretation of `sslmode` changes between majors. */
export function tlsOptions(address: DatabaseAddress): false | Readonly<Record<string, unknown>> {
  if (address.tls === 'disable') return false;
  const ca = certificateOf(address);
  if (address.tls === 'require') return { rejectUnauthorized: false };
  if (address.tls === 'verify-ca') return { ...ca, rejectUnauthorized: true, checkServerIdentity: () => undefined };
  return { ...ca, rejectUnauthorized: true };
}

function certificateOf({ rootCertificate, serverCa }: DatabaseAddress): { readonly ca?: string } {
  if (rootCertificate !== undefined) return { ca: readFileSync(rootCertificate, 'utf8') };
  return serverCa === undefined ? {} : { ca: serverCa };
}
