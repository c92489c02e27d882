import { listOf, nameParts, textOf, treeOf, type Tree } from '../../../sql/syntax-tree.ts';
import type { Change, Facts } from '../fact.ts';
import type { Name } from './scope.ts';
import { columnsUsed, indexColumnNames, serverName } from './server-name.ts';

const types: ReadonlyMap<unknown, string> = new Map([
  ['CONSTR_PRIMARY', 'primary key'],
  ['CONSTR_UNIQUE', 'unique'],
  ['CONSTR_FOREIGN', 'foreign key'],
  ['CONSTR_CHECK', 'check'],
  ['CONSTR_EXCLUSION', 'exclude'],
]);

/** Where a constraint stands. */
export interface ConstraintTerms {
  readonly table: Name;
  readonly ifNotExists: boolean;
  /** Column that it is written at; absent for constraints of a table. */
  readonly column?: string;
  /** True: the table or column is new, and NOT VALID means nothing. */
  readonly fresh: boolean;
}

/** What a Constraint makes; nothing if it is a fact of its column only. */
export function constraintChange(constraint: Tree, terms: ConstraintTerms): readonly Change[] {
  const type = types.get(constraint['contype']);
  if (type === undefined) return [];
  const { schema, name: table } = terms.table;
  const object = { kind: 'constraint', schema, table, name: textOf(constraint['conname']) } as const;
  return [{ op: 'create', object, facts: constraintFacts(type, constraint, terms), ifNotExists: terms.ifNotExists }];
}

/** The constraints written at a column. Attributes (DEFERRABLE) follow the one that they belong to. */
export function columnConstraints(column: Tree, terms: ConstraintTerms): readonly Change[] {
  const constraints: Tree[] = [];
  for (const node of listOf(column['constraints'])) {
    const constraint = treeOf(node['Constraint']);
    const last = constraints.at(-1);
    const attribute = constraint['contype'];
    if (last !== undefined && (attribute === 'CONSTR_ATTR_DEFERRABLE' || attribute === 'CONSTR_ATTR_DEFERRED'))
      constraints[constraints.length - 1] = { ...last, deferrable: true };
    else if (last !== undefined && attribute === 'CONSTR_ATTR_NOT_ENFORCED')
      constraints[constraints.length - 1] = { ...last, is_enforced: false };
    else if (!textOf(attribute).startsWith('CONSTR_ATTR_')) constraints.push(constraint);
  }
  const at = { ...terms, column: textOf(column['colname']) };
  return constraints.flatMap((constraint) => constraintChange(constraint, at));
}

function constraintFacts(type: string, constraint: Tree, terms: ConstraintTerms): Facts {
  const columns = type === 'check' ? '' : columnsOf(constraint, terms);
  return {
    type,
    ...(columns === undefined ? {} : { columns }),
    ...(type === 'foreign key' ? foreignFacts(constraint) : {}),
    ...validity(type, constraint, terms),
    ...(constraint['deferrable'] === true ? { deferrable: 'yes' } : {}),
    ...inner(type, constraint, terms),
  };
}

const labels: Readonly<Record<string, string>> = {
  'primary key': 'pkey',
  unique: 'key',
  'foreign key': 'fkey',
  check: 'check',
  exclude: 'excl',
};

/** What folding needs to know: the columns that a check uses, and the name that the server chooses. */
function inner(type: string, constraint: Tree, terms: ConstraintTerms): Facts {
  const uses = type === 'check' ? columnsUsed(constraint['raw_expr']) : [];
  const told = uses.length === 0 ? {} : { uses: uses.join(',') };
  if (textOf(constraint['conname']) !== '') return told;
  return { ...told, auto: chosenName(type, constraint, terms, uses) };
}

function chosenName(type: string, constraint: Tree, terms: ConstraintTerms, uses: readonly string[]): string {
  // USING INDEX: the constraint takes the index's name.
  const index = textOf(constraint['indexname']);
  if (index !== '') return index;
  return serverName(terms.table.name, namingColumns(type, constraint, terms, uses), labels[type] ?? '');
}

function namingColumns(
  type: string,
  constraint: Tree,
  terms: ConstraintTerms,
  uses: readonly string[],
): readonly string[] {
  switch (type) {
    case 'primary key':
      return [];
    case 'check':
      return uses.length === 1 ? uses : [];
    case 'exclude':
      return indexColumnNames(
        listOf(constraint['exclusions']).map((exclusion) => listOf(treeOf(exclusion['List'])['items'])[0] ?? {}),
      );
    default: {
      const columns = columnsOf(constraint, terms) ?? '';
      return [...(columns === '' ? [] : columns.split(',')), ...nameParts(constraint['including'])];
    }
  }
}

function columnsOf(constraint: Tree, { column }: ConstraintTerms): string | undefined {
  if (constraint['indexname'] !== undefined) return undefined;
  if (constraint['contype'] === 'CONSTR_EXCLUSION') return excludedColumns(constraint).join(',');
  const names = nameParts(constraint['contype'] === 'CONSTR_FOREIGN' ? constraint['fk_attrs'] : constraint['keys']);
  return names.length === 0 ? column : names.join(',');
}

function excludedColumns(constraint: Tree): readonly string[] {
  return listOf(constraint['exclusions']).flatMap((exclusion) => {
    const [element] = listOf(treeOf(exclusion['List'])['items']);
    const name = textOf(treeOf(element?.['IndexElem'])['name']);
    return name === '' ? [] : [name];
  });
}

const actions: ReadonlyMap<unknown, string> = new Map([
  ['c', 'cascade'],
  ['r', 'restrict'],
  ['n', 'set null'],
  ['d', 'set default'],
]);

function foreignFacts(constraint: Tree): Facts {
  const target = treeOf(constraint['pktable']);
  // As written: it may lie in any schema of the search path.
  const schema = textOf(target['schemaname']);
  const name = textOf(target['relname']);
  const referenced = nameParts(constraint['pk_attrs']).join(',');
  const onDelete = actions.get(constraint['fk_del_action']);
  const onUpdate = actions.get(constraint['fk_upd_action']);
  return {
    references: schema === '' ? name : `${schema}.${name}`,
    ...(referenced === '' ? {} : { 'referenced columns': referenced }),
    ...(onDelete === undefined ? {} : { 'on delete': onDelete }),
    ...(onUpdate === undefined ? {} : { 'on update': onUpdate }),
  };
}

function validity(type: string, constraint: Tree, { fresh }: ConstraintTerms): Facts {
  const enforceable = type === 'check' || type === 'foreign key';
  if (enforceable && constraint['is_enforced'] !== true) return {};
  return { validated: constraint['skip_validation'] === true && !fresh ? 'no' : 'yes' };
}

/** Columns that a constraint makes NOT NULL: those of a primary key, and of a NOT NULL that is written apart. */
export function notNullColumns(constraint: Tree): readonly string[] {
  const contype = constraint['contype'];
  return contype === 'CONSTR_PRIMARY' || contype === 'CONSTR_NOTNULL' ? nameParts(constraint['keys']) : [];
}
