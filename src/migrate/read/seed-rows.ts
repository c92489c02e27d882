import { treesOf, nameParts, nodeOf, textOf, treeOf, type Tree } from '../../sql/syntax-tree.ts';
import type { LiteralSpan, NamedRelation, SeedStep } from '../contract/seed-step.ts';
import { isLiteral, valueSpans } from './literal.ts';
import type { ParsedStatement } from './parsed-statement.ts';

/** Most rows of one file that are followed one by one. */
const mostRows = 500;

/** What earlier statements of the file mean for later ones. */
interface SeedScope {
  path: readonly string[] | null;
  readonly temporary: Set<string>;
  rowsLeft: number;
}

/**
 * The rows that the INSERTs of one file contain as literals, and the renames needed to find them later. Folded runs of
 * INSERTs, COPY and INSERT … SELECT are omitted. Renames are included even if the file inserts nothing: earlier files
 * of the same run may have.
 *
 * @param statements the statements of one file, in order
 */
export function seedSteps(statements: readonly ParsedStatement[]): readonly SeedStep[] {
  const scope: SeedScope = { path: null, temporary: new Set(), rowsLeft: mostRows };
  const steps = statements.flatMap((parsed): readonly SeedStep[] => {
    const { type, fields } = nodeOf(parsed.node);
    switch (type) {
      case 'InsertStmt':
        return inserted(parsed, fields, scope);
      case 'RenameStmt':
        return renamed(fields, scope);
      case 'AlterObjectSchemaStmt':
        return moved(fields, scope);
      case 'VariableSetStmt':
        setPath(fields, scope);
        return [];
      case 'SelectStmt':
        configurePath(fields, scope);
        noteTemporary(treeOf(treeOf(fields['intoClause'])['rel']), scope);
        return [];
      case 'CreateStmt':
        noteTemporary(treeOf(fields['relation']), scope);
        return [];
      case 'CreateTableAsStmt':
        noteTemporary(treeOf(treeOf(fields['into'])['rel']), scope);
        return [];
      default:
        return [];
    }
  });
  return steps;
}

function inserted(parsed: ParsedStatement, fields: Tree, scope: SeedScope): readonly SeedStep[] {
  const table = relationOf(treeOf(fields['relation']), scope);
  const lists = treesOf(treeOf(treeOf(fields['selectStmt'])['SelectStmt'])['valuesLists']);
  if (table === undefined || lists.length === 0 || parsed.statement.count > 1 || scope.rowsLeft === 0) return [];
  const targets = treesOf(fields['cols']).map((node) => treeOf(node['ResTarget']));
  // Parts of a column (`a[1]`, `a.b`) are not values of the column.
  if (targets.some((target) => treesOf(target['indirection']).length > 0)) return [];
  const wanted = lists.slice(0, scope.rowsLeft);
  const spans = valueSpans(parsed.text, wanted.length);
  if (spans === undefined || spans.length !== wanted.length) return [];
  const rows = wanted.map((list, index) => literalsOf(list, spans[index] ?? [], parsed.start));
  const known = rows.filter((row) => row !== undefined);
  if (known.length < rows.length || known.every((row) => row.every((span) => span === null))) return [];
  scope.rowsLeft -= known.length;
  return [
    {
      op: 'insert',
      table,
      columns: targets.map(({ name }) => textOf(name)),
      rows: known,
      line: parsed.where.line ?? 0,
      keeps: treeOf(fields['onConflictClause'])['action'] === 'ONCONFLICT_NOTHING',
    },
  ];
}

/** Undefined: the text does not match the syntax tree. */
function literalsOf(
  list: Tree,
  spans: readonly LiteralSpan[],
  from: number,
): readonly (LiteralSpan | null)[] | undefined {
  const items = treesOf(treeOf(list['List'])['items']);
  if (items.length !== spans.length) return undefined;
  return spans.map(({ start, end }, at) => {
    const item = items[at] ?? {};
    // NULL cannot be a key.
    const isNull = treeOf(item['A_Const'])['isnull'] === true;
    return isNull || !isLiteral(item) ? null : { start: from + start, end: from + end };
  });
}

function renamed(fields: Tree, scope: SeedScope): readonly SeedStep[] {
  const table = relationOf(treeOf(fields['relation']), scope);
  const name = textOf(fields['newname']);
  if (table === undefined || name === '') return [];
  if (fields['renameType'] === 'OBJECT_TABLE') return [{ op: 'rename', table, to: { name } }];
  if (fields['renameType'] !== 'OBJECT_COLUMN') return [];
  return [{ op: 'rename', table, to: { column: textOf(fields['subname']), name } }];
}

function moved(fields: Tree, scope: SeedScope): readonly SeedStep[] {
  if (fields['objectType'] !== 'OBJECT_TABLE') return [];
  const table = relationOf(treeOf(fields['relation']), scope);
  return table === undefined ? [] : [{ op: 'rename', table, to: { schema: textOf(fields['newschema']) } }];
}

/** Undefined: it is temporary, and vanishes with the session. */
function relationOf(relation: Tree, scope: SeedScope): NamedRelation | undefined {
  const schema = textOf(relation['schemaname']);
  const name = textOf(relation['relname']);
  if (isTemporary(schema) || (schema === '' && scope.temporary.has(name))) return undefined;
  return { schema: schema === '' ? null : schema, name, path: schema === '' ? scope.path : null };
}

function noteTemporary(relation: Tree, scope: SeedScope): void {
  if (relation['relpersistence'] === 't' || isTemporary(textOf(relation['schemaname'])))
    scope.temporary.add(textOf(relation['relname']));
}

function isTemporary(schema: string): boolean {
  return schema === 'pg_temp' || schema.startsWith('pg_temp_');
}

/** SET search_path, RESET search_path, RESET ALL. */
function setPath(fields: Tree, scope: SeedScope): void {
  const { kind } = fields;
  if (kind === 'VAR_RESET_ALL' || (fields['name'] === 'search_path' && kind !== 'VAR_SET_VALUE')) scope.path = null;
  else if (fields['name'] === 'search_path') scope.path = schemas(treesOf(fields['args']).map(stringOf));
}

/** `SELECT set_config('search_path', 'a, b', …)` */
function configurePath(fields: Tree, scope: SeedScope): void {
  for (const target of treesOf(fields['targetList'])) {
    const { type, fields: call } = nodeOf(treeOf(treeOf(target['ResTarget'])['val']));
    if (type !== 'FuncCall' || nameParts(call['funcname']).at(-1) !== 'set_config') continue;
    const [name, value] = treesOf(call['args']);
    if (name === undefined || value === undefined || stringOf(name).toLowerCase() !== 'search_path') continue;
    const entries = stringOf(value).split(',');
    scope.path = schemas(entries.map((entry) => entry.trim().replace(/^"(.*)"$/s, '$1')));
  }
}

function schemas(entries: readonly string[]): readonly string[] {
  return entries.filter((entry) => entry !== '' && !isTemporary(entry));
}

function stringOf(node: Tree): string {
  return textOf(treeOf(treeOf(node['A_Const'])['sval'])['sval']);
}
