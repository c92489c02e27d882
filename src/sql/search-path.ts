import { treesOf, nameParts, nodeOf, textOf, treeOf, type Tree } from './syntax-tree.ts';

/** Where a file makes the session look for unqualified names; undefined when it does not set this. */
export type SearchPath = readonly string[] | undefined;

/** The search path after a statement: SET, RESET, `SELECT set_config('search_path', …)`. */
export function searchPathAfter(node: Tree, before: SearchPath): SearchPath {
  const { type, fields } = nodeOf(node);
  if (type === 'VariableSetStmt') return afterSet(fields, before);
  return type === 'SelectStmt' ? afterCall(fields, before) : before;
}

function afterSet({ kind, name, args }: Tree, before: SearchPath): SearchPath {
  if (kind === 'VAR_RESET_ALL') return undefined;
  if (name !== 'search_path') return before;
  return kind === 'VAR_SET_VALUE' ? treesOf(args).map(stringOf) : undefined;
}

function afterCall(fields: Tree, before: SearchPath): SearchPath {
  for (const target of treesOf(fields['targetList'])) {
    const { type, fields: call } = nodeOf(treeOf(treeOf(target['ResTarget'])['val']));
    if (type !== 'FuncCall' || nameParts(call['funcname']).at(-1) !== 'set_config') continue;
    const [name, value] = treesOf(call['args']);
    if (name === undefined || value === undefined || stringOf(name).toLowerCase() !== 'search_path') continue;
    return stringOf(value)
      .split(',')
      .map((entry) => entry.trim().replace(/^"(.*)"$/s, '$1'));
  }
  return before;
}

function stringOf(node: Tree): string {
  return textOf(treeOf(treeOf(node['A_Const'])['sval'])['sval']);
}
