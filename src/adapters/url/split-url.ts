import type { FaultCode } from '../../kit/catalogue/index.ts';

/** Why a URL cannot be split; absent texts are those of the catalogue. No text quotes the URL. */
interface Unsplit {
  readonly ok: false;
  readonly code: FaultCode;
  readonly why?: string;
  readonly fix?: string;
}

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
  | Unsplit;

/**
 * Splits `postgresql://user:password@host:port/database?query`. If a raw `/ ? # @ %` makes the URL ambiguous, it is
 * refused: the parsers of drivers disagree there, and connect to the wrong place.
 */
export function splitUrl(url: string): SplitUrl {
  if (/\s/.test(url)) return unescaped(/[\r\n]/.test(url) ? 'It contains a line break.' : 'It contains a space.');
  const { authority, path, query } = piecesOf(url);
  // An `@` behind the authority means that what looked like the host was the start of a password with `/`, `?` or `#`.
  if (`${path}${query}`.includes('@')) return unescaped();
  if (authority.includes('#')) return unescaped();
  if (`${path}${query}`.includes('#')) return fragment;
  const pieces = authority.split('@');
  if (pieces.length > 2) return unescaped();
  const [credentials, place] = pieces.length === 2 ? [pieces[0] ?? '', pieces[1] ?? ''] : ['', authority];
  const colon = credentials.indexOf(':');
  const user = decode(colon === -1 ? credentials : credentials.slice(0, colon));
  const password = colon === -1 ? undefined : decode(credentials.slice(colon + 1));
  if (user === undefined || (colon !== -1 && password === undefined)) return unescaped();
  const database = databaseIn(path);
  if (typeof database !== 'string') return database;
  const at = hostAndPort(place);
  if ('code' in at) return at;
  return { ok: true, user, ...(password === undefined ? {} : { password }), ...at, database, query };
}

/** The raw parts of a URL. */
export function piecesOf(url: string): { readonly authority: string; readonly path: string; readonly query: string } {
  const rest = url.slice(url.indexOf('://') + 3);
  const end = rest.search(/[/?#]/);
  const authority = end === -1 ? rest : rest.slice(0, end);
  const tail = end === -1 ? '' : rest.slice(end);
  const question = tail.indexOf('?');
  const path = question === -1 ? tail : tail.slice(0, question);
  return { authority, path, query: question === -1 ? '' : tail.slice(question + 1) };
}

/** One parameter after the `?`; `value` is absent where no `=` follows the name. */
export interface QueryPair {
  readonly name: string;
  readonly value?: string;
}

/** The decoded parameters after the `?`, in their order; undefined when one cannot be decoded. */
export function queryOf(query: string): readonly QueryPair[] | undefined {
  const pairs: QueryPair[] = [];
  for (const text of query.split('&').filter((part) => part !== '')) {
    const equals = text.indexOf('=');
    const name = decode(equals === -1 ? text : text.slice(0, equals));
    const value = decode(equals === -1 ? '' : text.slice(equals + 1));
    if (name === undefined || value === undefined) return undefined;
    pairs.push(equals === -1 ? { name } : { name, value });
  }
  return pairs;
}

function databaseIn(path: string): string | Unsplit {
  if (/^\/\/cloudsql(\/|$)|^\/cloudsql\//.test(path)) return socketInPath;
  if (path.startsWith('//')) return wrongPath('Two slashes follow the host.', 'Write one slash before the database.');
  const name = path.replace(/^\//, '');
  if (name.includes('/'))
    return name.indexOf('/') === name.length - 1
      ? wrongPath('A slash follows the name of the database.', 'Remove the slash at the end.')
      : wrongPath(
          'More than one name follows the host.',
          'Name the database only. A slash that belongs to its name is written %2F; a schema is chosen with ?search_path=SCHEMA.',
        );
  const joined = /([&;])[A-Za-z_]+=/.exec(name)?.[1];
  if (joined !== undefined)
    return wrongPath(
      `\`${joined}\` separates the parameters from the database, so they would become a part of its name.`,
      'Begin the parameters with `?`, and separate them with `&`: DATABASE?sslmode=verify-full&connect_timeout=10.',
    );
  return decode(name) ?? unescaped();
}

function hostAndPort(place: string): { readonly host: string; readonly port: string } | Unsplit {
  const bracketed = /^\[([^[\]]*)\](?::(.*))?$/.exec(place);
  if (bracketed !== null) {
    const host = decode(bracketed[1] ?? '');
    if (host === undefined)
      return {
        ok: false,
        code: 'url-host',
        why: 'The zone of the IPv6 address begins with an unescaped `%`.',
        fix: 'Write %25 in place of the `%`: [fe80::1%25eth0].',
      };
    return /^[0-9a-fA-F:.]+(%[\w.-]+)?$/.test(host)
      ? { host, port: bracketed[2] ?? '' }
      : { ok: false, code: 'url-host', why: 'What is between the square brackets is not an IPv6 address.' };
  }
  if (place.includes('[') || place.includes(']'))
    return { ok: false, code: 'url-host', why: 'The square brackets around the IPv6 address are not complete.' };
  if (place.includes(',')) return { host: place, port: '' };
  if (/^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(%.*)?$/.test(place))
    return {
      ok: false,
      code: 'url-host',
      why: 'The host is an IPv6 address without square brackets, so its last part would be the port.',
      fix: 'Write the address in square brackets: postgresql://USER:PASSWORD@[ADDRESS]:5432/DATABASE.',
    };
  const colon = place.lastIndexOf(':');
  const host = decode(colon === -1 ? place : place.slice(0, colon));
  return host === undefined ? unescaped() : { host, port: colon === -1 ? '' : place.slice(colon + 1) };
}

function unescaped(why?: string): Unsplit {
  return { ok: false, code: 'url-unescaped', ...(why === undefined ? {} : { why }) };
}

const fragment: Unsplit = {
  ok: false,
  code: 'url-unescaped',
  why: 'A `#` follows the host. The URL of a database has no fragment: some drivers cut it off, others take it as a part of the name before it.',
  fix: 'Remove the `#` and what follows it; where it belongs to a name or value, write %23.',
};

const socketInPath: Unsplit = {
  ok: false,
  code: 'url-socket',
  why: 'The socket folder of the Cloud SQL proxy stands where the database belongs, so drivers would take it as the database’s name.',
  fix: 'Use the private IP of the instance: postgresql://USER:PASSWORD@10.x.x.x:5432/DATABASE. Where that proxy is mounted: postgresql://USER:PASSWORD@/DATABASE?host=/cloudsql/PROJECT:REGION:INSTANCE.',
};

function wrongPath(why: string, fix: string): Unsplit {
  return { ok: false, code: 'url-database', why, fix };
}

function decode(text: string): string | undefined {
  if (/%(?![0-9a-fA-F]{2})/.test(text) || /%00/.test(text)) return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
