/**
 * Quotes every identifier: `users` becomes `"users"`. Unnecessary quotes are harmless, and need no list of reserved
 * words, which differs between servers.
 *
 * @example
 * quoteIdent('odd "name"'); // "odd ""name"""
 */
export function quoteIdent(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * Quotes text as a string literal whose meaning does not depend on `standard_conforming_strings`: text with a backslash
 * gets the `E` form.
 *
 * @example
 * quoteLiteral("it's"); // 'it''s'
 */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

/**
 * Quotes a name, prefixed with its schema if it has one.
 *
 * @example
 * quoteName({ schema: 'app', name: 'users' }); // "app"."users"
 */
export function quoteName(name: { readonly schema: string | null; readonly name: string }): string {
  return name.schema === null ? quoteIdent(name.name) : `${quoteIdent(name.schema)}.${quoteIdent(name.name)}`;
}
