import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import type { DatabaseAddress } from '../postgres/address.ts';

/**
 * The environment variables that PostgreSQL's programs need to reach a server; the password is in a file that they
 * name.
 */
export interface LibpqSettings {
  readonly variables: Readonly<Record<string, string>>;
}

/**
 * Writes the files that the variables name into a private folder, so that no argument or variable contains the
 * password.
 *
 * @param folder only this account may enter it; the caller removes it
 */
export async function libpqSettings(address: DatabaseAddress, folder: string): Promise<LibpqSettings> {
  const variables: Record<string, string> = {
    PGHOST: address.host,
    PGPORT: String(address.port),
    PGUSER: address.user,
    PGDATABASE: address.database,
    PGAPPNAME: 'godwit checkpoint',
    PGCONNECT_TIMEOUT: '20',
    PGSSLMODE: address.tls,
    PGGSSENCMODE: 'disable',
    // Keeps libpq from reading the user's own files.
    PGSERVICEFILE: join(folder, 'no-service-file'),
    PGPASSFILE: join(folder, 'passfile'),
  };
  await writeFile(join(folder, 'passfile'), `*:*:*:*:${(address.password ?? '').replaceAll(/[\\:]/g, '\\$&')}\n`, {
    mode: 0o600,
  });
  if (address.tls === 'verify-ca' || address.tls === 'verify-full') {
    const file = address.rootCertificate ?? join(folder, 'root.pem');
    // The same certificate authorities as for the connections of the run.
    if (address.rootCertificate === undefined)
      await writeFile(file, address.serverCa ?? `${rootCertificates.join('\n')}\n`, { mode: 0o600 });
    variables['PGSSLROOTCERT'] = file;
  }
  return { variables };
}
