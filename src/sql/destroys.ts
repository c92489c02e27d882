import { objectKeywords } from './command-tag.ts';
import { treesOf, nameParts, nodeOf, relationName, textOf, treeOf, type Tree } from './syntax-tree.ts';

/** Objects that hold rows, or columns of other tables. All others can be recreated from the migrations. */
const holdRows = new Set([
  'TABLE',
  'SCHEMA',
  'TYPE',
  'DOMAIN',
  'MATERIALIZED VIEW',
  'SEQUENCE',
  'FOREIGN TABLE',
  'EXTENSION',
]);

/**
 * Describes the rows or objects that a statement destroys (`drops table users`); undefined when the migrations can
 * recreate everything.
 */
export function destroys(node: Tree): string | undefined {
  const { type, fields } = nodeOf(node);
  switch (type) {
    case 'DropStmt':
      return dropped(fields);
    case 'AlterTableStmt':
      return droppedColumns(fields);
    case 'TruncateStmt':
      return `empties table ${treesOf(fields['relations'])
        .map((one) => relationName(treeOf(one['RangeVar'])))
        .join(', ')}`;
    case 'DropdbStmt':
      return `drops database ${textOf(fields['dbname'])}`;
    case 'DropOwnedStmt':
      return 'drops everything that a role owns';
    default:
      return changedRows(type, fields) ?? inCommonTables(fields);
  }
}

function changedRows(type: string, fields: Tree): string | undefined {
  if (fields['whereClause'] !== undefined) return undefined;
  const table = relationName(treeOf(fields['relation']));
  if (type === 'DeleteStmt' && fields['usingClause'] === undefined) return `deletes all rows of ${table}`;
  if (type === 'UpdateStmt' && fields['fromClause'] === undefined) return `changes all rows of ${table}`;
  return undefined;
}

/** `WITH gone AS (DELETE FROM t RETURNING *) …` */
function inCommonTables(fields: Tree): string | undefined {
  for (const one of treesOf(treeOf(fields['withClause'])['ctes'])) {
    const query = treeOf(treeOf(one['CommonTableExpr'])['ctequery']);
    const { type, fields: inner } = nodeOf(query);
    const words = changedRows(type, inner);
    if (words !== undefined) return words;
  }
  return undefined;
}

function dropped(fields: Tree): string | undefined {
  const kind = objectKeywords(fields['removeType']);
  const cascade = fields['behavior'] === 'DROP_CASCADE';
  if (!cascade && !holdRows.has(kind)) return undefined;
  const names = treesOf(fields['objects']).map(objectName);
  return `drops ${kind.toLowerCase()} ${names.join(', ')}${cascade ? ' and all that depends on it' : ''}`;
}

function objectName(object: Tree): string {
  const { type, fields } = nodeOf(object);
  if (type === 'List') {
    const parts = nameParts(fields['items']);
    return parts.join('.');
  }
  if (type === 'TypeName') return nameParts(fields['names']).join('.');
  if (type === 'ObjectWithArgs') return nameParts(fields['objname']).join('.');
  return textOf(fields['sval']);
}

function droppedColumns(fields: Tree): string | undefined {
  const table = relationName(treeOf(fields['relation']));
  const columns: string[] = [];
  let cascade = false;
  for (const command of treesOf(fields['cmds'])) {
    const { subtype, name, behavior } = treeOf(command['AlterTableCmd']);
    if (subtype !== 'AT_DropColumn') continue;
    columns.push(`${table}.${textOf(name)}`);
    cascade ||= behavior === 'DROP_CASCADE';
  }
  if (columns.length === 0) return undefined;
  return `drops column ${columns.join(', ')}${cascade ? ' and all that depends on it' : ''}`;
}
