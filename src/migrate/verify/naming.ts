/**
 * How a statement may name an object, the nearest first: by its own name, then by that of what it is a part of.
 *
 * @param identity as the server writes it: `public.users.email`, `public.f(integer)`, `"My Schema"."a.b"`
 * @returns for each name whether a text has it as a word: as it is where it must be quoted, else in any case
 *
 * @example
 *     const [column, table] = naming('public.users.email');
 *     column?.('ALTER TABLE Users ADD Email text'); // true
 */
export function naming(identity: string): readonly ((sql: string) => boolean)[] {
  const parts = identity.replace(/\(.*\)$/s, '').match(/"(?:[^"]|"")*"|[^."]+/g) ?? [];
  // A schema alone says little; of a thing without one it is all there is.
  const names = parts.length > 1 ? parts.slice(1) : parts;
  return names.toReversed().map((part) => {
    if (part.startsWith('"')) return (sql) => sql.includes(part);
    const word = new RegExp(
      String.raw`(?<![\w$])${part.replaceAll(/[$()*+.?[\]\\^{|}]/g, String.raw`\$&`)}(?![\w$])`,
      'iu',
    );
    return (sql) => word.test(sql);
  });
}
