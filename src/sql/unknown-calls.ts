import { nameParts, treeOf } from './syntax-tree.ts';

/** Functions of the server that change neither objects nor rows of tables. */
const harmless =
  /^(?:pg_(?!restore|import)\w+|jsonb?_\w+|array_\w+|to_\w+|date_\w+|has_\w+_privilege|(?:current|set)_\w+|regexp_\w+|string_\w+|(?:next|set|curr|last)val|count|sum|avg|min|max|bool_(?:and|or)|every|now|version|random|gen_random_uuid|uuidv\d|concat(?:_ws)?|format|lower|upper|initcap|length|char_length|substr(?:ing)?|replace|trim|[lrb]trim|[lr]pad|left|right|split_part|repeat|reverse|md5|sha\d+|encode|decode|round|floor|ceil(?:ing)?|abs|mod|power|sqrt|row_number|(?:dense_|percent_)?rank|lag|lead|(?:first|last|nth)_value|generate_series|generate_subscripts|unnest|cardinality|extract|age|make_\w+|clock_timestamp|statement_timestamp|transaction_timestamp|timezone|obj_description|col_description|shobj_description|quote_\w+|coalesce|nullif|greatest|least|cast|inet_\w+|txid_\w+|row_to_json)$/;

/** Does this part of a syntax tree call a function that may do anything? */
export function callsUnknown(value: unknown): boolean {
  // With a list of its own: an expression may be nested more deeply than functions can call each other.
  const left: unknown[] = [value];
  while (left.length > 0) {
    const part = left.pop();
    if (typeof part !== 'object' || part === null) continue;
    for (const [key, inner] of Object.entries(part)) {
      if (key === 'FuncCall' && isUnknown(nameParts(treeOf(inner)['funcname']))) return true;
      left.push(inner);
    }
  }
  return false;
}

function isUnknown(parts: readonly string[]): boolean {
  const name = parts.at(-1) ?? '';
  if (parts.length > 1) return parts[0] !== 'pg_catalog' || name.startsWith('lo_');
  return !harmless.test(name);
}
