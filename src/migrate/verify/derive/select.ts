import { listOf, nameParts, nodeOf, textOf, treeOf, type Tree } from '../../../sql/syntax-tree.ts';
import type { Change } from '../fact.ts';
import type { Scope } from './scope.ts';
import { createTableAs } from './table.ts';

/** Functions of the server that change no objects and no rows of tables. */
const harmless =
  /^(?:pg_(?!restore|import)\w+|jsonb?_\w+|array_\w+|to_\w+|date_\w+|has_\w+_privilege|(?:current|set)_\w+|regexp_\w+|string_\w+|(?:next|set|curr|last)val|count|sum|avg|min|max|bool_(?:and|or)|every|now|version|random|gen_random_uuid|uuidv\d|concat(?:_ws)?|format|lower|upper|initcap|length|char_length|substr(?:ing)?|replace|trim|[lrb]trim|[lr]pad|left|right|split_part|repeat|reverse|md5|sha\d+|encode|decode|round|floor|ceil(?:ing)?|abs|mod|power|sqrt|row_number|(?:dense_|percent_)?rank|lag|lead|(?:first|last|nth)_value|generate_series|generate_subscripts|unnest|cardinality|extract|age|make_\w+|clock_timestamp|statement_timestamp|transaction_timestamp|timezone|obj_description|col_description|shobj_description|quote_\w+|coalesce|nullif|greatest|least|cast|inet_\w+|txid_\w+|row_to_json)$/;

/** SELECT: a table that it makes, a search path that it sets, or functions whose doings cannot be seen. */
export function select(fields: Tree, scope: Scope, tag: string): readonly Change[] {
  const path = pathSet(fields);
  if (path !== undefined) scope.path = path.schema;
  const made =
    fields['intoClause'] === undefined
      ? []
      : createTableAs({ into: fields['intoClause'], objtype: 'OBJECT_TABLE' }, scope);
  return callsUnknown(fields) ? [...made, { op: 'opaque', tag }] : made;
}

function callsUnknown(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(callsUnknown);
  if (typeof value !== 'object' || value === null) return false;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'FuncCall' && isUnknown(nameParts(treeOf(inner)['funcname']))) return true;
    if (callsUnknown(inner)) return true;
  }
  return false;
}

function isUnknown(parts: readonly string[]): boolean {
  const name = parts.at(-1) ?? '';
  if (parts.length > 1) return parts[0] !== 'pg_catalog' || name.startsWith('lo_');
  return !harmless.test(name);
}

/** SET search_path and RESET search_path. */
export function setVariable(fields: Tree, scope: Scope): readonly Change[] {
  const { kind } = fields;
  if (kind === 'VAR_RESET_ALL' || (fields['name'] === 'search_path' && kind !== 'VAR_SET_VALUE')) scope.path = null;
  else if (fields['name'] === 'search_path') scope.path = firstSchema(listOf(fields['args']).map(stringOf));
  return [];
}

function stringOf(node: Tree): string {
  return textOf(treeOf(treeOf(node['A_Const'])['sval'])['sval']);
}

/** The schema that new objects go to; null where it cannot be told from the path. */
function firstSchema(entries: readonly string[]): string | null {
  return entries.find((entry) => !/^(?:"?\$user"?|pg_catalog|pg_temp|)$/.test(entry)) ?? null;
}

/** `SELECT set_config('search_path', 'a, b', …)` */
function pathSet(fields: Tree): { readonly schema: string | null } | undefined {
  for (const target of listOf(fields['targetList'])) {
    const { type, fields: call } = nodeOf(treeOf(treeOf(target['ResTarget'])['val']));
    if (type !== 'FuncCall' || nameParts(call['funcname']).at(-1) !== 'set_config') continue;
    const [name, value] = listOf(call['args']);
    if (name === undefined || value === undefined || stringOf(name).toLowerCase() !== 'search_path') continue;
    const entries = stringOf(value).split(',');
    return { schema: firstSchema(entries.map((entry) => entry.trim().replace(/^"(.*)"$/s, '$1'))) };
  }
  return undefined;
}
