/** Tells whether a text names something. */
type Naming = (sql: string) => boolean;

/**
 * How a statement may name an object, the nearest first: by its own name together with that of what it is a part of, by its
 * own, by that of what it is a part of. Many tables have a column of the same name, so that this alone says nothing.
 *
 * @param identity as the server writes it: `public.users.email`, `public.f(integer)`, `"My Schema"."a.b"`
 * @param isColumn true: it is a column
 * @returns for each way whether a text has the names as words: as they are where they must be quoted, else in any case
 *
 * @example
 *     const [both, table] = naming('public.users.email', true);
 *     both?.('ALTER TABLE Users ADD Email text'); // true
 */
export function naming(identity: string, isColumn = false): readonly Naming[] {
  const [, from, to] = /^\((.+) AS (.+)\)$/s.exec(identity) ?? [];
  if (from !== undefined && to !== undefined) {
    // A cast has no name: its types name it.
    const types = [from, to].flatMap((type) => partsOf(type).slice(-1).map(word));
    return [(sql) => /\bcast\b/i.test(sql) && types.every((isNamed) => isNamed(sql))];
  }
  const parts = partsOf(identity);
  // A schema alone says little; of a thing without one it is all there is.
  const names = (parts.length > 1 ? parts.slice(1) : parts).map(word);
  const [home, own] = names;
  if (home === undefined || own === undefined) return names;
  const both: Naming = (sql) => home(sql) && own(sql);
  return isColumn ? [both, home] : [both, own, home];
}

function partsOf(identity: string): readonly string[] {
  return identity.replace(/\(.*\)$/s, '').match(/"(?:[^"]|"")*"|[^."]+/g) ?? [];
}

function word(name: string): Naming {
  const bare = name.startsWith('"') ? name.slice(1, -1) : name;
  // The server quotes more than has to be: words of its own, and letters that are not ASCII.
  if (bare !== name && !/^[\p{Ll}\p{Lo}_][\p{Ll}\p{Lo}\p{N}_$]*$/u.test(bare)) return (sql) => sql.includes(name);
  const pattern = new RegExp(
    String.raw`(?<![\p{L}\p{N}_$])${bare.replaceAll(/[$()*+.?[\]\\^{|}]/g, String.raw`\$&`)}(?![\p{L}\p{N}_$])`,
    'iu',
  );
  return (sql) => pattern.test(sql);
}
