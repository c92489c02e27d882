/** A node of libpg-query's syntax tree, or any object inside it. */
export type Tree = Readonly<Record<string, unknown>>;

/** The name of a node and its fields: `{ CreateStmt: fields }` contains both. */
export function nodeOf(node: Tree): { readonly type: string; readonly fields: Tree } {
  for (const type in node) return { type, fields: treeOf(node[type]) };
  return { type: '', fields: {} };
}

/** The value as a tree; an empty tree for any other value. */
export function treeOf(value: unknown): Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Tree) : {};
}

/** The value as a list of trees; an empty list for any other value. */
export function treesOf(value: unknown): readonly Tree[] {
  return Array.isArray(value) ? (value as readonly Tree[]) : [];
}

/** The value as text; an empty text for any other value. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The parts of a name that is a list of String nodes. */
export function nameParts(value: unknown): readonly string[] {
  return treesOf(value).map((part) => textOf(treeOf(part['String'])['sval']));
}

/** `schema.name` of a RangeVar's fields. */
export function relationName(relation: Tree): string {
  const schema = textOf(relation['schemaname']);
  const name = textOf(relation['relname']);
  return schema === '' ? name : `${schema}.${name}`;
}

/** The DefElem of this name among options. */
export function optionOf(options: unknown, name: string): Tree | undefined {
  for (const option of treesOf(options)) {
    const fields = treeOf(option['DefElem']);
    if (textOf(fields['defname']).toLowerCase() === name) return fields;
  }
  return undefined;
}

/** Is a Boolean option off? Without a value it is on. */
export function isOff(option: Tree | undefined): boolean {
  if (option === undefined) return false;
  const arg = treeOf(option['arg']);
  // A bare word that is not a keyword of the grammar (`off`) is parsed as the name of a type.
  const word = nameParts(treeOf(arg['TypeName'])['names']).at(-1) ?? '';
  const text = (textOf(treeOf(arg['String'])['sval']) || word).toLowerCase();
  if (/^(?:false|off|no|0)$/.test(text)) return true;
  if ('Integer' in arg) return treeOf(arg['Integer'])['ival'] === undefined || treeOf(arg['Integer'])['ival'] === 0;
  return 'Boolean' in arg && treeOf(arg['Boolean'])['boolval'] !== true;
}
