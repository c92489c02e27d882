import type { FaultCode } from '../../kit/catalogue/index.ts';

/** The percent-decoded parts of a URL, without interpretation. */
export type SplitUrl =
  | {
      readonly ok: true;
      readonly user: string;
      readonly password?: string;
      readonly host: string;
      readonly port: string;
      readonly database: string;
      readonly query: string;
    }
  | { readonly ok: false; readonly code: FaultCode };

const unescaped = { ok: false, code: 'url-unescaped' } as const;

/**
 * Splits `postgresql://user:password@host:port/database?query`. If a raw `/ ? # @ %` makes the URL ambiguous, it is
 * refused: the parsers of drivers disagree there, and connect to the wrong place.
 */
export function splitUrl(url: string): SplitUrl {
  if (/\s/.test(url) || url.includes('#')) return unescaped;
  const rest = url.slice(url.indexOf('://') + 3);
  const end = rest.search(/[/?]/);
  const authority = end === -1 ? rest : rest.slice(0, end);
  const tail = end === -1 ? '' : rest.slice(end);
  const question = tail.indexOf('?');
  const path = question === -1 ? tail : tail.slice(0, question);
  const query = question === -1 ? '' : tail.slice(question + 1);

  // An `@` after the authority means that what looked like the host was the start of a password with `/` or `?` in it.
  if (path.includes('@') || (query.includes('@') && !query.includes('='))) return unescaped;
  const pieces = authority.split('@');
  if (pieces.length > 2) return unescaped;
  const [credentials, place] = pieces.length === 2 ? [pieces[0] ?? '', pieces[1] ?? ''] : ['', authority];
  const colon = credentials.indexOf(':');
  const user = decode(colon === -1 ? credentials : credentials.slice(0, colon));
  const password = colon === -1 ? undefined : decode(credentials.slice(colon + 1));
  const database = decode(path.replace(/^\//, ''));
  if (user === undefined || database === undefined || (colon !== -1 && password === undefined)) return unescaped;
  const at = hostAndPort(place);
  if (at === undefined) return { ok: false, code: 'url-host' };
  if (database.includes('/')) return { ok: false, code: 'url-no-database' };
  // `user:12/34@host` is caught above; `user:ab?cd` without a host after it ends up here, with an invalid port.
  return { ok: true, user, ...(password === undefined ? {} : { password }), ...at, database, query };
}

/** The decoded parameters after the `?`; undefined when one cannot be decoded or is not of the form `name=value`. */
export function queryOf(query: string): ReadonlyMap<string, string> | undefined {
  const parameters = new Map<string, string>();
  for (const pair of query.split('&').filter((text) => text !== '')) {
    const equals = pair.indexOf('=');
    const value = decode(pair.slice(equals + 1));
    if (equals < 1 || value === undefined) return undefined;
    parameters.set(pair.slice(0, equals), value);
  }
  return parameters;
}

function hostAndPort(place: string): { readonly host: string; readonly port: string } | undefined {
  const bracketed = /^\[([0-9a-fA-F:.%\w]+)\](?::(.*))?$/.exec(place);
  if (bracketed !== null) return { host: bracketed[1] ?? '', port: bracketed[2] ?? '' };
  if (place.includes('[') || place.includes(']')) return undefined;
  if (place.includes(',')) return { host: place, port: '' };
  const colon = place.lastIndexOf(':');
  const host = decode(colon === -1 ? place : place.slice(0, colon));
  return host === undefined ? undefined : { host, port: colon === -1 ? '' : place.slice(colon + 1) };
}

function decode(text: string): string | undefined {
  if (/%(?![0-9a-fA-F]{2})/.test(text) || /%00/.test(text)) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
