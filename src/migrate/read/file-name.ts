/** What the name of a file in the native layout says. */
export type FileName =
  | {
      readonly kind: 'script';
      readonly role: 'up' | 'down' | 'verify';
      readonly version: string;
      readonly name: string;
    }
  /** Not a SQL file, or a hidden one: ignored. */
  | { readonly kind: 'other' }
  | { readonly kind: 'odd' }
  /** A SQL file that is not a migration; `better` is a valid name for it, if one can be guessed. */
  | { readonly kind: 'no-version'; readonly better?: string };

const allowed = /^[A-Za-z0-9._-]+$/;

/**
 * Reads a file name of the native layout, `<digits>_<name>[.down|.verify].sql`.
 * @returns `version` as a canonical integer, without leading zeros.
 */
export function readFileName(file: string): FileName {
  if (file.startsWith('.') || !/\.sql$/i.test(file)) return { kind: 'other' };
  if (!allowed.test(file) || !file.endsWith('.sql')) return { kind: 'odd' };
  const match = /^(\d+)_(.+?)(?:\.(down|verify))?\.sql$/.exec(file);
  if (match === null) return withoutVersion(file);
  const [, digits = '', name = '', role] = match;
  return {
    kind: 'script',
    role: role === 'down' || role === 'verify' ? role : 'up',
    version: canonicalVersion(digits),
    name,
  };
}

/** `0012` is 12: versions are integers of any length. */
export function canonicalVersion(digits: string): string {
  return digits.replace(/^0+(?=\d)/, '');
}

/** Orders canonical versions as integers. */
export function compareVersions(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

function withoutVersion(file: string): FileName {
  const flyway = /^[Vv](\d+)_+(.+)\.sql$/.exec(file);
  if (flyway !== null) return { kind: 'no-version', better: `${flyway[1]}_${flyway[2]}.sql` };
  const dashed = /^(\d+)[-.](.+)\.sql$/.exec(file);
  if (dashed !== null) return { kind: 'no-version', better: `${dashed[1]}_${dashed[2]}.sql` };
  const bare = /^(\d+)_?\.sql$/.exec(file);
  if (bare !== null) return { kind: 'no-version', better: `${bare[1]}_name.sql` };
  return { kind: 'no-version' };
}
