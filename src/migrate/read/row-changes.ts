import { searchPathAfter, type SearchPath } from '../../sql/search-path.ts';
import { treesOf, nameParts, nodeOf, textOf, treeOf, type Tree } from '../../sql/syntax-tree.ts';
import { callsUnknown } from '../../sql/unknown-calls.ts';
import type { NamedTable, RowChange } from '../contract/row-change.ts';
import type { ParsedStatement } from './parsed-statement.ts';

/** A change without its statement. */
type UnplacedRowChange = RowChange extends infer One ? (One extends RowChange ? Omit<One, 'statement'> : never) : never;

/**
 * What the statements of one file do to rows, in their order: which tables and columns they drop or empty, how many rows
 * they insert, and what they rename, as their text names it.
 *
 * @example
 * ```ts
 * rowChangesOf(statements); // drop table app.users
 * // [{ op: 'lose', statement: 0, how: 'drop-table', table: { schema: 'app', name: 'users' } }]
 * ```
 */
export function rowChangesOf(statements: readonly ParsedStatement[]): readonly RowChange[] {
  let path: SearchPath;
  return statements.flatMap((parsed, statement) => {
    path = searchPathAfter(parsed.node, path);
    return changesOf(parsed, path).map((change): RowChange => ({ ...change, statement }));
  });
}

function changesOf({ node, statement }: ParsedStatement, path: SearchPath): readonly UnplacedRowChange[] {
  const { type, fields } = nodeOf(node);
  return [...inCommonTables(fields, path), ...ownChanges(type, fields, { path, count: statement.count })];
}

function ownChanges(
  type: string,
  fields: Tree,
  { path, count }: { readonly path: SearchPath; readonly count: number },
): readonly UnplacedRowChange[] {
  switch (type) {
    case 'DropStmt':
      return dropped(fields, path);
    case 'AlterTableStmt':
      return altered(fields, path);
    case 'TruncateStmt':
      return truncated(fields, path);
    case 'DeleteStmt':
    case 'MergeStmt':
      return deleted(type, fields, path);
    case 'InsertStmt':
      return inserted(fields, path, count);
    case 'CopyStmt':
      return fields['is_from'] === true && fields['relation'] !== undefined
        ? [{ op: 'insert', table: tableOf(fields['relation'], path), rows: 0 }]
        : [];
    case 'CreateStmt':
      return made(fields['relation'], fields['if_not_exists'], path);
    case 'CreateTableAsStmt':
      return made(treeOf(fields['into'])['rel'], fields['if_not_exists'], path);
    case 'RenameStmt':
      return renamed(fields, path);
    case 'AlterObjectSchemaStmt':
      return fields['objectType'] === 'OBJECT_TABLE'
        ? [{ op: 'rename', table: tableOf(fields['relation'], path), to: { schema: textOf(fields['newschema']) } }]
        : [];
    case 'SelectStmt':
      return [
        ...made(treeOf(fields['intoClause'])['rel'], false, path),
        ...(callsUnknown(fields) ? [{ op: 'unseen', why: 'opaque' } as const] : []),
      ];
    case 'DoStmt':
    case 'CallStmt':
    case 'ExecuteStmt':
    case 'DropOwnedStmt':
      return [{ op: 'unseen', why: 'opaque' }];
    default:
      return [];
  }
}

function tableOf(relation: unknown, path: SearchPath): NamedTable {
  const fields = treeOf(relation);
  return named([textOf(fields['schemaname']), textOf(fields['relname'])], path);
}

function named(parts: readonly string[], path: SearchPath): NamedTable {
  const name = parts.at(-1) ?? '';
  const schema = parts.at(-2) ?? '';
  if (schema !== '') return { schema, name };
  return path === undefined ? { schema: null, name } : { schema: null, name, path };
}

function dropped(fields: Tree, path: SearchPath): readonly UnplacedRowChange[] {
  const cascade = fields['behavior'] === 'DROP_CASCADE';
  const losses = treesOf(fields['objects']).flatMap((node): readonly UnplacedRowChange[] => {
    const { fields: object } = nodeOf(node);
    if (fields['removeType'] === 'OBJECT_TABLE')
      return [{ op: 'lose', how: 'drop-table', table: named(nameParts(object['items']), path) }];
    if (fields['removeType'] === 'OBJECT_SCHEMA' && cascade)
      return [{ op: 'lose', how: 'drop-schema', table: { schema: null, name: textOf(object['sval']) } }];
    return [];
  });
  return cascade ? [...losses, { op: 'unseen', why: 'cascade' }] : losses;
}

function altered(fields: Tree, path: SearchPath): readonly UnplacedRowChange[] {
  if (fields['objtype'] !== 'OBJECT_TABLE') return [];
  const table = tableOf(fields['relation'], path);
  return treesOf(fields['cmds']).flatMap((node): readonly UnplacedRowChange[] => {
    const command = treeOf(node['AlterTableCmd']);
    const column = textOf(command['name']);
    switch (command['subtype']) {
      case 'AT_DropColumn': {
        const loss: UnplacedRowChange = { op: 'lose', how: 'drop-column', table, column };
        return command['behavior'] === 'DROP_CASCADE' ? [loss, { op: 'unseen', why: 'cascade' }] : [loss];
      }
      case 'AT_AddColumn': {
        const added = textOf(treeOf(treeOf(command['def'])['ColumnDef'])['colname']);
        return command['missing_ok'] === true ? [] : [{ op: 'make', table, column: added }];
      }
      case 'AT_AlterColumnType':
        return holdsAll(treeOf(treeOf(treeOf(command['def'])['ColumnDef'])['typeName']))
          ? []
          : [{ op: 'retype', table, column }];
      default:
        return [];
    }
  });
}

/** Text without a limit, and bytea. */
function holdsAll(type: Tree): boolean {
  const unlimited = treesOf(type['typmods']).length === 0 && treesOf(type['arrayBounds']).length === 0;
  return unlimited && /^(?:text|varchar|bytea)$/.test(nameParts(type['names']).at(-1) ?? '');
}

function truncated(fields: Tree, path: SearchPath): readonly UnplacedRowChange[] {
  const cascade = fields['behavior'] === 'DROP_CASCADE' ? ({ cascade: true } as const) : {};
  return treesOf(fields['relations']).map((node): UnplacedRowChange => {
    const relation = treeOf(node['RangeVar']);
    return { op: 'lose', how: 'truncate', table: tableOf(relation, path), ...cascade, ...onlyOf(relation) };
  });
}

function deleted(type: string, fields: Tree, path: SearchPath): readonly UnplacedRowChange[] {
  const relation = treeOf(fields['relation']);
  const kinds = treesOf(fields['mergeWhenClauses']).map((node) => treeOf(node['MergeWhenClause'])['commandType']);
  if (type === 'MergeStmt' && !kinds.includes('CMD_DELETE')) return [];
  const all = type === 'DeleteStmt' && fields['whereClause'] === undefined && fields['usingClause'] === undefined;
  return [{ op: 'lose', how: all ? 'delete' : 'delete-some', table: tableOf(relation, path), ...onlyOf(relation) }];
}

function onlyOf(relation: Tree): { readonly only?: true } {
  return relation['inh'] === true ? {} : { only: true };
}

/** `WITH gone AS (DELETE FROM t RETURNING *) …` */
function inCommonTables(fields: Tree, path: SearchPath): readonly UnplacedRowChange[] {
  return treesOf(treeOf(fields['withClause'])['ctes']).flatMap((node) => {
    const { type, fields: inner } = nodeOf(treeOf(treeOf(node['CommonTableExpr'])['ctequery']));
    return type === 'DeleteStmt' || type === 'MergeStmt' ? deleted(type, inner, path) : [];
  });
}

/** Rows of INSERT … SELECT are not in its text. */
function inserted(fields: Tree, path: SearchPath, count: number): readonly UnplacedRowChange[] {
  const lists = treesOf(treeOf(treeOf(fields['selectStmt'])['SelectStmt'])['valuesLists']);
  if (lists.length === 0 && fields['selectStmt'] !== undefined) return [];
  // The other statements of a folded run may have more rows than one.
  const rows = count > 1 ? count : Math.max(1, lists.length);
  return [{ op: 'insert', table: tableOf(fields['relation'], path), rows }];
}

function made(relation: unknown, ifNotExists: unknown, path: SearchPath): readonly UnplacedRowChange[] {
  if (relation === undefined || ifNotExists === true) return [];
  return [{ op: 'make', table: tableOf(relation, path) }];
}

function renamed(fields: Tree, path: SearchPath): readonly UnplacedRowChange[] {
  const table = tableOf(fields['relation'], path);
  const to = { name: textOf(fields['newname']) };
  if (fields['renameType'] === 'OBJECT_TABLE') return [{ op: 'rename', table, to }];
  if (fields['renameType'] !== 'OBJECT_COLUMN' || fields['relationType'] !== 'OBJECT_TABLE') return [];
  return [{ op: 'rename', table, column: textOf(fields['subname']), to }];
}
