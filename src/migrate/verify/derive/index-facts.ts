import { listOf, textOf, treeOf, type Tree } from '../../../sql/syntax-tree.ts';
import type { Change, Facts } from '../fact.ts';
import { dotted, relationOf, type Scope } from './scope.ts';
import { columnsUsed, indexColumnNames, serverName } from './server-name.ts';

/** CREATE INDEX. */
export function createIndex(fields: Tree, scope: Scope): readonly Change[] {
  const relation = treeOf(fields['relation']);
  const table = relationOf(scope, relation);
  if (table === undefined) return [];
  const include = elements(fields['indexIncludingParams']);
  const facts: Facts = {
    table: dotted(table),
    method: textOf(fields['accessMethod']) || 'btree',
    unique: fields['unique'] === true ? 'yes' : 'no',
    partial: fields['whereClause'] === undefined ? 'no' : 'yes',
    keys: elements(fields['indexParams']),
    ...(include === '' ? {} : { include }),
    // ON ONLY: invalid until an index of each partition is attached.
    ...(relation['inh'] === true ? { valid: 'yes' } : {}),
    ...inner(fields, table.name),
  };
  const object = { kind: 'index', schema: table.schema, name: textOf(fields['idxname']) } as const;
  return [{ op: 'create', object, facts, ifNotExists: fields['if_not_exists'] === true }];
}

function elements(list: unknown): string {
  return listOf(list)
    .map((node) => textOf(treeOf(node['IndexElem'])['name']) || '(expression)')
    .join(',');
}

/** What folding needs to know and the catalogue does not tell in this form. */
function inner(fields: Tree, table: string): Facts {
  const keys = listOf(fields['indexParams']);
  const uses = columnsUsed([keys, fields['whereClause']]);
  const names = indexColumnNames([...keys, ...listOf(fields['indexIncludingParams'])]);
  return {
    ...(uses.length === 0 ? {} : { uses: uses.join(',') }),
    ...(textOf(fields['idxname']) === '' ? { auto: serverName(table, names, 'idx') } : {}),
  };
}
