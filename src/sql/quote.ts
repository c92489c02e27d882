/**
 * Quotes an identifier, always: `users` becomes `"users"`. Quoting what needs none is harmless and needs no list of
 * reserved words, which differs between servers.
 *
 * @example
 * quoteIdent('odd "name"'); // "odd ""name"""
 */
export function quoteIdent(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * Quotes text as a string literal that means the same whatever `standard_conforming_strings` is: text with a backslash
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
 * Quotes a name with its schema in front, if it has one.
 *
 * @example
 * quoteName({ schema: 'app', name: 'users' }); // "app"."users"
 */
export function quoteName(name: { readonly schema: string | null; readonly name: string }): string {
  return name.schema === null ? quoteIdent(name.name) : `${quoteIdent(name.schema)}.${quoteIdent(name.name)}`;
}
