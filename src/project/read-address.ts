import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename } from 'node:path';
import type { DatabaseAddress } from '../adapters/postgres/address.ts';
import { settleFiles } from '../adapters/url/certificate-files.ts';
import { readDatabaseUrl } from '../adapters/url/database-url.ts';
import { findPassword } from '../adapters/url/passfile.ts';
import { registerSecrets } from '../adapters/url/register-secrets.ts';
import { withCredentials } from '../adapters/url/write-url.ts';
import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { Redactor } from '../kit/redact.ts';

/** Where a URL leads, and the same URL for commands. */
interface ReadAddress {
  readonly address: DatabaseAddress;
  /** The URL as given, with the parameters for other programs, and with user and password where it had none. */
  readonly url: string;
  readonly findings: readonly Finding[];
}

/**
 * Reads a URL of this machine: user and password may come from PGUSER, PGPASSWORD or a password file, and the files
 * that it names are read. What must not be shown is registered with the redactor first.
 */
export function readAddress(
  text: string,
  label: string,
  { env, redactor }: { readonly env: Readonly<Record<string, string | undefined>>; readonly redactor: Redactor },
): Outcome<ReadAddress> {
  const given = text.trim();
  const password = env['PGPASSWORD'] ?? '';
  redactor.register(password);
  const url = readDatabaseUrl(given, label, {
    user: nonEmpty(env['PGUSER']) ?? operatingSystemUser(),
    ...(password === '' ? {} : { password }),
  });
  if (!url.ok) return url;
  const found =
    url.value.address.password === undefined ? findPassword(url.value.address, url.value.passfile, env) : {};
  const address = found.password === undefined ? url.value.address : { ...url.value.address, password: found.password };
  registerSecrets(address, given, redactor);
  const settled = settleFiles(address, { label });
  if (!settled.ok) return settled;
  const noSocket = socketFault(address.host, label);
  if (noSocket !== undefined) return err(noSocket);
  return ok({
    address: settled.value,
    url: withCredentials(given, address),
    findings: [...url.value.findings, ...(found.finding === undefined ? [] : [found.finding])],
  });
}

function socketFault(host: string, label: string): Finding | undefined {
  if (!host.startsWith('/')) return undefined;
  if (/^\.s\.PGSQL\.\d+$/.test(basename(host)))
    return fault('url-socket', {
      why: `${label} names the socket ${host} itself; the host is the folder that it is in.`,
      fix: 'Remove the file’s name from the host: ?host=/var/run/postgresql. The port in the URL chooses the file.',
    });
  if (existsSync(host)) return undefined;
  return fault('url-socket', {
    why: `${label} names the socket folder ${host}, which does not exist here. ${fault('url-socket').why}`,
  });
}

function operatingSystemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'postgres';
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
