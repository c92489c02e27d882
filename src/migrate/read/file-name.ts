/** What the name of a file says in its layout. */
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
  | { readonly kind: 'no-version'; readonly better?: string }
  /** A file that the layout does not read, with the reason as a sentence, and the way on. */
  | { readonly kind: 'foreign'; readonly why: string; readonly fix?: string };

const allowed = /^[A-Za-z0-9._-]+$/;

const allowedWithSpaces = /^[A-Za-z0-9. _-]+$/;

/**
 * Is this a file whose name may belong to a migration? `odd`: it has characters that are not allowed.
 *
 * @param spaces are allowed where the names are given by another tool
 */
export function kindOfName(file: string, spaces?: 'spaces'): 'sql' | 'other' | 'odd' {
  if (file.startsWith('.') || !/\.sql$/i.test(file)) return 'other';
  return (spaces === undefined ? allowed : allowedWithSpaces).test(file) && file.endsWith('.sql') ? 'sql' : 'odd';
}

/**
 * Reads a file name of the native layout, `<digits>_<name>[.down|.verify].sql`.
 * @returns `version` as a canonical integer, without leading zeros.
 */
export function readFileName(file: string): FileName {
  const kind = kindOfName(file);
  if (kind !== 'sql') return { kind };
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

/** `0012` is 12, and `2.01.0` is 2.1: versions are integers of any length, in some layouts several with dots between. */
export function canonicalVersion(typed: string): string {
  if (!/^\d+(?:\.\d+)+$/.test(typed)) return withoutZeros(typed);
  return typed
    .split('.')
    .map(withoutZeros)
    .join('.')
    .replace(/(?:\.0)+$/, '');
}

function withoutZeros(digits: string): string {
  return digits.replace(/^0+(?=\d)/, '');
}

/** Orders canonical versions as integers, part by part. */
export function compareVersions(a: string, b: string): number {
  if (a.includes('.') || b.includes('.')) return compareParts(a.split('.'), b.split('.'));
  return compareIntegers(a, b);
}

function compareParts(a: readonly string[], b: readonly string[]): number {
  for (let at = 0; at < Math.max(a.length, b.length); at += 1) {
    const order = compareIntegers(a[at] ?? '0', b[at] ?? '0');
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareIntegers(a: string, b: string): number {
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
