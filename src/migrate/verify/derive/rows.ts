import { listOf, nameParts, nodeOf, textOf, treeOf, type Tree } from '../../../sql/syntax-tree.ts';
import type { ParsedStatement } from '../../read/parsed-statement.ts';
import type { Change } from '../fact.ts';
import { relationOf, type Name, type Scope } from './scope.ts';

/** INSERT: how many rows, where they are written out; otherwise only that rows have come. */
export function insert(parsed: ParsedStatement, fields: Tree, scope: Scope): readonly Change[] {
  const table = relationOf(scope, treeOf(fields['relation']));
  if (table === undefined) return [];
  const select = treeOf(treeOf(fields['selectStmt'])['SelectStmt']);
  const lists = listOf(select['valuesLists']);
  const defaults = fields['selectStmt'] === undefined;
  if (lists.length === 0 && !defaults) return [{ op: 'rows-changed', table, how: 'insert' }];
  const { count } = parsed.statement;
  const cols = listOf(fields['cols']).map((node) => treeOf(node['ResTarget']));
  return [
    {
      op: 'insert',
      table,
      columns: cols.map((column) => textOf(column['name'])),
      rows: [],
      // The other statements of a folded run may have more rows than one.
      count: count > 1 ? count : Math.max(1, lists.length),
      conflict: conflictOf(fields),
      frozen: parsed.frozen,
    },
  ];
}

function conflictOf(fields: Tree): 'none' | 'nothing' | 'update' {
  const { action } = treeOf(fields['onConflictClause']);
  return action === 'ONCONFLICT_NOTHING' ? 'nothing' : action === 'ONCONFLICT_UPDATE' ? 'update' : 'none';
}

/** COPY … FROM: how many rows come is not in its text. */
export function copy(parsed: ParsedStatement, fields: Tree, scope: Scope): readonly Change[] {
  const table = relationOf(scope, treeOf(fields['relation']));
  if (table === undefined || fields['is_from'] !== true || fields['relation'] === undefined) return [];
  const columns = nameParts(fields['attlist']);
  return [{ op: 'insert', table, columns, rows: [], count: 0, conflict: 'none', frozen: parsed.frozen }];
}

/** UPDATE, DELETE, TRUNCATE and MERGE. */
export function changeRows(type: string, fields: Tree, scope: Scope): readonly Change[] {
  const how = howOf(type, fields);
  if (how === undefined) return [];
  const tables =
    type === 'TruncateStmt'
      ? listOf(fields['relations']).map((node) => relationOf(scope, treeOf(node['RangeVar'])))
      : [relationOf(scope, treeOf(fields['relation']))];
  const stated = tables.filter((table): table is Name => table !== undefined);
  return stated.map((table) => ({ op: 'rows-changed', table, how }));
}

function howOf(type: string, fields: Tree): 'update' | 'delete' | 'truncate' | 'insert' | undefined {
  switch (type) {
    case 'InsertStmt':
      return 'insert';
    case 'UpdateStmt':
      return 'update';
    case 'DeleteStmt':
      // Without a condition it takes all rows, as TRUNCATE does.
      return fields['whereClause'] === undefined && fields['usingClause'] === undefined ? 'truncate' : 'delete';
    case 'TruncateStmt':
      return 'truncate';
    case 'MergeStmt': {
      const kinds = listOf(fields['mergeWhenClauses']).map((node) => treeOf(node['MergeWhenClause'])['commandType']);
      return kinds.includes('CMD_DELETE') ? 'delete' : kinds.includes('CMD_UPDATE') ? 'update' : 'insert';
    }
    default:
      return undefined;
  }
}

/** What `WITH gone AS (DELETE …)` in front of a statement does to rows. */
export function commonTables(fields: Tree, scope: Scope): readonly Change[] {
  return listOf(treeOf(fields['withClause'])['ctes']).flatMap((node) => {
    const { type, fields: inner } = nodeOf(treeOf(treeOf(node['CommonTableExpr'])['ctequery']));
    return changeRows(type, inner, scope);
  });
}
