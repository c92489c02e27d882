import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createPrivateKey } from 'node:crypto';
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
  const { texts = {}, serverCa } = address;
  const write = async (variable: string, name: string, text: string | undefined): Promise<void> => {
    if (text === undefined) return;
    variables[variable] = join(folder, name);
    await writeFile(join(folder, name), text, { mode: 0o600 });
  };
  if (address.tls === 'verify-ca' || address.tls === 'verify-full') {
    // The same certificate authorities as for the connections of the run.
    const authorities = texts.ca ?? serverCa ?? rootCertificates;
    await write('PGSSLROOTCERT', 'root.pem', typeof authorities === 'string' ? authorities : authorities.join('\n'));
    await write('PGSSLCRL', 'revoked.pem', texts.crl);
  }
  await write('PGSSLCERT', 'client.pem', texts.cert);
  await write('PGSSLKEY', 'client.key', texts.key === undefined ? undefined : openKey(texts.key, address));
  return { variables: { ...variables, ...termsOf(address) } };
}

/** No variable can hold the passphrase of a key. */
function openKey(key: string, { clientKeyPassword }: DatabaseAddress): string {
  if (clientKeyPassword === undefined) return key;
  return createPrivateKey({ key, passphrase: clientKeyPassword }).export({ type: 'pkcs8', format: 'pem' }).toString();
}

function termsOf(address: DatabaseAddress): Readonly<Record<string, string>> {
  const terms: Readonly<Record<string, string | undefined>> = {
    PGHOSTADDR: address.hostAddress,
    PGOPTIONS: address.options,
    PGSSLMINPROTOCOLVERSION: address.tlsMinimum,
    PGSSLMAXPROTOCOLVERSION: address.tlsMaximum,
    PGSSLNEGOTIATION: address.tlsDirect === true ? 'direct' : undefined,
    PGCHANNELBINDING: address.channelBinding,
    PGREQUIREAUTH: address.requireAuth,
  };
  return Object.fromEntries(
    Object.entries(terms).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  );
}
