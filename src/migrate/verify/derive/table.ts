import { listOf, textOf, treeOf, type Tree } from '../../../sql/syntax-tree.ts';
import type { Change, Facts } from '../fact.ts';
import { columnFacts } from './column.ts';
import { columnConstraints, constraintChange, notNullColumns, type ConstraintTerms } from './constraint.ts';
import { isTemporary, nameOf, relationOf, type Name, type Scope } from './scope.ts';

/** CREATE TABLE with its stated columns and constraints. */
export function createTable(fields: Tree, scope: Scope): readonly Change[] {
  const relation = treeOf(fields['relation']);
  const ifNotExists = fields['if_not_exists'] === true;
  if (isTemporary(scope, relation)) return [];
  const table = madeRelation(scope, relation);
  const kind = fields['partspec'] === undefined ? 'table' : 'partitioned';
  const elements = fields['partbound'] === undefined ? listOf(fields['tableElts']) : [];
  const terms = { table, ifNotExists, fresh: true };
  return [
    { op: 'create', object: { kind: 'table', ...table }, facts: { kind }, ifNotExists },
    ...columnsAmong(elements, terms),
    ...elements.flatMap((element) => constraintsOf(element, terms)),
  ];
}

/** CREATE FOREIGN TABLE. */
export function createForeignTable(fields: Tree, scope: Scope): readonly Change[] {
  return createTable(treeOf(fields['base'] ?? fields['base_stmt'] ?? fields), scope);
}

function columnsAmong(elements: readonly Tree[], { table, ifNotExists }: ConstraintTerms): readonly Change[] {
  const notNull = new Set(elements.flatMap((element) => notNullColumns(treeOf(element['Constraint']))));
  return elements.flatMap((element): readonly Change[] => {
    if (!('ColumnDef' in element)) return [];
    const column = treeOf(element['ColumnDef']);
    const name = textOf(column['colname']);
    const facts: Facts = { ...columnFacts(column), ...(notNull.has(name) ? { 'not null': 'yes' } : {}) };
    return [{ op: 'create', object: columnOf(table, name), facts, ifNotExists }];
  });
}

function constraintsOf(element: Tree, terms: ConstraintTerms): readonly Change[] {
  if ('ColumnDef' in element) return columnConstraints(treeOf(element['ColumnDef']), terms);
  return constraintChange(treeOf(element['Constraint']), terms);
}

/** Name of a column as an effect's object. */
export function columnOf(
  table: Name,
  name: string,
): { readonly kind: 'column'; readonly schema: string | null; readonly table: string; readonly name: string } {
  return { kind: 'column', schema: table.schema, table: table.name, name };
}

/** A relation that the statement makes; one of this name that was temporary is not meant. */
export function madeRelation(scope: Scope, relation: Tree): Name {
  const schema = textOf(relation['schemaname']);
  const name = textOf(relation['relname']);
  return nameOf(scope, schema === '' ? [name] : [schema, name]);
}

/** CREATE TABLE AS and CREATE MATERIALIZED VIEW. */
export function createTableAs(fields: Tree, scope: Scope): readonly Change[] {
  const into = treeOf(fields['into']);
  const relation = treeOf(into['rel']);
  if (isTemporary(scope, relation)) return [];
  const name = madeRelation(scope, relation);
  const ifNotExists = fields['if_not_exists'] === true;
  if (fields['objtype'] !== 'OBJECT_MATVIEW')
    return [{ op: 'create', object: { kind: 'table', ...name }, facts: { kind: 'table' }, ifNotExists }];
  const facts = { populated: into['skipData'] === true ? 'no' : 'yes' };
  return [{ op: 'create', object: { kind: 'materialized-view', ...name }, facts, ifNotExists }];
}

/** REFRESH MATERIALIZED VIEW. */
export function refreshView(fields: Tree, scope: Scope): readonly Change[] {
  const name = relationOf(scope, treeOf(fields['relation']));
  if (name === undefined) return [];
  const facts = { populated: fields['skipData'] === true ? 'no' : 'yes' };
  return [{ op: 'alter', object: { kind: 'materialized-view', ...name }, facts }];
}

/** CREATE VIEW. */
export function createView(fields: Tree, scope: Scope): readonly Change[] {
  const relation = treeOf(fields['view']);
  if (isTemporary(scope, relation)) return [];
  const object = { kind: 'view', ...madeRelation(scope, relation) } as const;
  return [
    { op: 'create', object, facts: {}, ifNotExists: false, ...(fields['replace'] === true ? { replace: true } : {}) },
  ];
}

/** CREATE SEQUENCE. */
export function createSequence(fields: Tree, scope: Scope): readonly Change[] {
  const relation = treeOf(fields['sequence']);
  if (isTemporary(scope, relation)) return [];
  const object = { kind: 'sequence', ...madeRelation(scope, relation) } as const;
  return [{ op: 'create', object, facts: {}, ifNotExists: fields['if_not_exists'] === true }];
}
