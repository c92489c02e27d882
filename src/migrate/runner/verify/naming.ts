/** Says whether a text names an object. */
type Naming = (sql: string) => boolean;

/**
 * How a statement may name an object, the most specific first: by its own name together with that of its home, by its
 * own name, by that of its home. Many tables have a column of the same name, so a column's name alone proves nothing.
 *
 * @param identity as the server writes it: `public.users.email`, `public.f(integer)`, `"My Schema"."a.b"`
 * @param isColumn true: it is a column
 * @returns for each way a predicate that says whether a text contains the names as words: exactly if they must be
 * quoted, otherwise in any case
 *
 * @example const [both, table] = naming('public.users.email', true); both?.('ALTER TABLE Users ADD Email text'); //
 * true
 */
export function naming(identity: string, isColumn = false): readonly Naming[] {
  const [, from, to] = /^\((.+) AS (.+)\)$/s.exec(identity) ?? [];
  if (from !== undefined && to !== undefined) {
    // A cast has no name: its types identify it.
    const types = [from, to].flatMap((type) => partsOf(type).slice(-1).map(word));
    return [(sql) => /\bcast\b/i.test(sql) && types.every((isNamed) => isNamed(sql))];
  }
  const parts = partsOf(identity);
  // The schema is omitted, unless it is the whole name.
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
  // The server quotes more than necessary: keywords, and letters outside ASCII.
  if (bare !== name && !/^[\p{Ll}\p{Lo}_][\p{Ll}\p{Lo}\p{N}_$]*$/u.test(bare)) return (sql) => sql.includes(name);
  const pattern = new RegExp(
    String.raw`(?<![\p{L}\p{N}_$])${bare.replaceAll(/[$()*+.?[\]\\^{|}]/g, String.raw`\$&`)}(?![\p{L}\p{N}_$])`,
    'iu',
  );
  return (sql) => pattern.test(sql);
}
