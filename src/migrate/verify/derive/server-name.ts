import { nodeOf, textOf, treeOf, nameParts, type Tree } from '../../../sql/syntax-tree.ts';

/** Longest name in bytes. */
const longest = 63;

/**
 * The name that PostgreSQL gives to an unnamed constraint or index: `table_columns_label`, the longer of the first two
 * parts shortened until it fits.
 *
 * @param label `pkey`, `key`, `fkey`, `check`, `excl` or `idx`
 */
export function serverName(table: string, columns: readonly string[], label: string): string {
  const addition = columns.join('_');
  const room = longest - label.length - 1 - (addition === '' ? 0 : 1);
  let first = bytesOf(table);
  let second = Math.min(bytesOf(addition), longest);
  while (first + second > room) {
    if (first > second) first -= 1;
    else second -= 1;
  }
  return [clipped(table, first), ...(addition === '' ? [] : [clipped(addition, second)]), label].join('_');
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** The first bytes of a text, whole characters only. */
function clipped(text: string, bytes: number): string {
  const whole = new TextEncoder().encode(text);
  return whole.length <= bytes ? text : new TextDecoder().decode(whole.subarray(0, bytes)).replace(/\uFFFD$/, '');
}

/** Names of an index's columns as its name tells them: expressions by what they call, the second of a name with a 1. */
export function indexColumnNames(elements: readonly Tree[]): readonly string[] {
  const names: string[] = [];
  for (const element of elements) {
    const fields = treeOf(element['IndexElem']);
    const stem = textOf(fields['name']) || (nameOfExpression(treeOf(fields['expr'])) ?? 'expr');
    let name = stem;
    for (let n = 1; names.includes(name); n += 1) name = `${stem}${n}`;
    names.push(name);
  }
  return names;
}

function nameOfExpression(node: Tree): string | undefined {
  const { type, fields } = nodeOf(node);
  switch (type) {
    case 'FuncCall':
      return nameParts(fields['funcname']).at(-1);
    case 'ColumnRef':
      return nameParts(fields['fields']).at(-1);
    case 'TypeCast':
      return nameOfExpression(treeOf(fields['arg'])) ?? nameParts(treeOf(fields['typeName'])['names']).at(-1);
    case 'CollateClause':
      return nameOfExpression(treeOf(fields['arg']));
    case 'CoalesceExpr':
      return 'coalesce';
    case 'CaseExpr':
      return nameOfExpression(treeOf(fields['defresult'])) ?? 'case';
    default:
      return undefined;
  }
}

/** The columns that an expression names, in order of appearance, each once. */
export function columnsUsed(expression: unknown): readonly string[] {
  const found = new Set<string>();
  collect(expression, found);
  return [...found];
}

function collect(value: unknown, found: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) collect(item, found);
  else if (typeof value === 'object' && value !== null)
    for (const [type, inner] of Object.entries(value)) {
      const name = type === 'ColumnRef' ? nameParts(treeOf(inner)['fields']).at(-1) : undefined;
      if (name !== undefined && name !== '') found.add(name);
      else collect(inner, found);
    }
}
