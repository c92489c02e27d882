import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import type { DatabaseAddress } from '../postgres/address.ts';

/** The password that a password file has for an address, or why the file was not used. */
export interface FoundPassword {
  readonly password?: string;
  readonly finding?: Finding;
}

/**
 * Looks for the password of an address in libpq's password file: the one that the URL names, PGPASSFILE or `~/.pgpass`.
 * As in libpq, the first line that fits counts, and a file that others may read is not used.
 */
export function findPassword(
  address: DatabaseAddress,
  named: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): FoundPassword {
  const chosen = nonEmpty(named) ?? nonEmpty(env['PGPASSFILE']);
  const home = nonEmpty(env['HOME']);
  const path = chosen ?? (home === undefined ? undefined : join(home, '.pgpass'));
  if (path === undefined) return {};
  try {
    const { mode } = statSync(path);
    if ((mode & 0o077) !== 0)
      return ignored(`Others on this machine may read ${path}.`, `Close it: \`chmod 600 ${path}\`.`);
    const password = passwordIn(readFileSync(path, 'utf8'), address);
    return password === undefined ? {} : { password };
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (chosen === undefined && code === 'ENOENT') return {};
    return ignored(`${path} cannot be read (${code}).`, 'Correct the path in `passfile` or PGPASSFILE, or remove it.');
  }
}

function ignored(why: string, fix: string): FoundPassword {
  return { finding: fault('passfile-ignored', { why, fix }) };
}

/** Folders of sockets that programs have compiled in; a password file calls them `localhost`. */
const usualSockets: ReadonlySet<string> = new Set(['/tmp', '/var/run/postgresql', '/run/postgresql']);

/** The password of the first line `host:port:database:user:password` that fits. */
export function passwordIn(text: string, { host, port, database, user }: DatabaseAddress): string | undefined {
  const wanted = [usualSockets.has(host) ? 'localhost' : host, String(port), database, user];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue;
    const fields = fieldsOf(line);
    if (fields === undefined) continue;
    const [password = '', ...names] = fields;
    const fits = wanted.every((value, index) => {
      const field = names[index] ?? '';
      return field === '*' || unescape(field) === value || (index === 0 && unescape(field) === host);
    });
    if (fits) return unescape(password);
  }
  return undefined;
}

/** The password and the four fields before it, still escaped. */
function fieldsOf(line: string): readonly string[] | undefined {
  const fields = line.match(/(?<=^|:)(?:\\.|[^\\:])*(?=:|$)/g) ?? [];
  return fields.length < 5 ? undefined : [fields[4] ?? '', ...fields.slice(0, 4)];
}

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/g, '$1');
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}
