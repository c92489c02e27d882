/** An object as `verify` prints it. */
export interface NamedObject {
  /** `table`, `column`, `materialized view`, … */
  readonly kind: string;
  /** Qualified: `public.users.email`. */
  readonly name: string;
}

/**
 * Does the pattern name this object? It is a qualified name, with `*` for any characters and `?` for one, optionally
 * preceded by the kind (`foreign-data wrapper` also without its hyphen). Double quotes may be omitted.
 *
 * @example ```ts matches('index public.tmp_*', { kind: 'index', name: 'public.tmp_users_idx' }); // true ```
 */
export function matches(pattern: string, { kind, name }: NamedObject): boolean {
  const glob = expressionOf(pattern);
  const bare = withoutQuotes(name);
  return glob.test(bare) || [kind, kind.replaceAll('-', ' ')].some((one) => glob.test(`${one} ${bare}`));
}

const expressions = new Map<string, RegExp>();
const mostExpressions = 1_000;

function expressionOf(pattern: string): RegExp {
  const known = expressions.get(pattern);
  if (known !== undefined) return known;
  const text = withoutQuotes(pattern.trim())
    .replace(/^drift /, '')
    // Several stars in a row mean one; the expression would try each of them separately.
    .replaceAll(/\*+/g, '*')
    .replaceAll(/[\\^$.|+()[\]{}]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${text}$`, 'su');
  if (expressions.size >= mostExpressions) expressions.clear();
  expressions.set(pattern, expression);
  return expression;
}

function withoutQuotes(text: string): string {
  return text.replaceAll('"', '');
}
