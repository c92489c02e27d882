import { listOf, optionOf, textOf, treeOf, type Tree } from '../../../sql/syntax-tree.ts';
import { untold, type Change, type Facts, type ObjectName } from '../fact.ts';
import { columnFacts, defaultFacts, identityOf } from './column.ts';
import { columnConstraints, constraintChange, notNullColumns } from './constraint.ts';
import { relationOf, type Name, type Scope } from './scope.ts';
import { columnOf } from './table.ts';
import { typeText } from './type-text.ts';

/** ALTER TABLE. What it changes of views, indexes and composite types is no fact of theirs. */
export function alterTable(fields: Tree, scope: Scope): readonly Change[] {
  return [...changes(fields, scope), ...ownerChange(fields, scope)];
}

/** Views, sequences and whatever else ALTER TABLE is used for have owners too. */
function ownerChange(fields: Tree, scope: Scope): readonly Change[] {
  const changed = listOf(fields['cmds']).some((node) => treeOf(node['AlterTableCmd'])['subtype'] === 'AT_ChangeOwner');
  const relation = changed ? relationOf(scope, treeOf(fields['relation'])) : undefined;
  return relation === undefined ? [] : [{ op: 'touch', object: { kind: 'table', ...relation } }];
}

function changes(fields: Tree, scope: Scope): readonly Change[] {
  const { objtype } = fields;
  if (objtype !== 'OBJECT_TABLE' && objtype !== 'OBJECT_FOREIGN_TABLE') return [];
  const table = relationOf(scope, treeOf(fields['relation']));
  if (table === undefined) return [];
  return listOf(fields['cmds']).flatMap((node) => {
    const command = treeOf(node['AlterTableCmd']);
    const derive = commands.get(textOf(command['subtype']));
    return derive === undefined ? [] : derive(command, table);
  });
}

type CommandDeriver = (command: Tree, table: Name) => readonly Change[];

const commands: ReadonlyMap<string, CommandDeriver> = new Map<string, CommandDeriver>([
  ['AT_AddColumn', addColumn],
  ['AT_DropColumn', (command, table) => [drop(columnOf(table, textOf(command['name'])), command)]],
  ['AT_AlterColumnType', alterType],
  ['AT_ColumnDefault', alterDefault],
  ['AT_SetNotNull', onColumn({ 'not null': 'yes' })],
  ['AT_DropNotNull', onColumn({ 'not null': 'no' })],
  ['AT_AddIdentity', addIdentity],
  ['AT_SetIdentity', setIdentity],
  ['AT_DropIdentity', onColumn({ identity: '' })],
  ['AT_DropExpression', onColumn({ generated: '' })],
  ['AT_AddConstraint', addConstraint],
  ['AT_DropConstraint', (command, table) => [drop(partOf('constraint', table, command['name']), command)]],
  [
    'AT_ValidateConstraint',
    (command, table) => [
      { op: 'alter', object: partOf('constraint', table, command['name']), facts: { validated: 'yes' } },
    ],
  ],
  ['AT_AlterConstraint', alterConstraint],
  ['AT_EnableRowSecurity', onTable({ 'row security': 'yes' })],
  ['AT_DisableRowSecurity', onTable({ 'row security': 'no' })],
  ['AT_ForceRowSecurity', onTable({ 'row security forced': 'yes' })],
  ['AT_NoForceRowSecurity', onTable({ 'row security forced': 'no' })],
  ['AT_EnableTrig', onTrigger('yes')],
  ['AT_EnableAlwaysTrig', onTrigger('always')],
  ['AT_EnableReplicaTrig', onTrigger('replica')],
  ['AT_DisableTrig', onTrigger('no')],
  ['AT_EnableTrigAll', onTrigger('yes')],
  ['AT_EnableTrigUser', onTrigger('yes')],
  ['AT_DisableTrigAll', onTrigger('no')],
  ['AT_DisableTrigUser', onTrigger('no')],
]);

function partOf(kind: 'constraint' | 'trigger', { schema, name: table }: Name, name: unknown): ObjectName {
  return { kind, schema, table, name: textOf(name) };
}

function drop(object: ObjectName, command: Tree): Change {
  return { op: 'drop', object, cascade: command['behavior'] === 'DROP_CASCADE' };
}

function onColumn(facts: Facts): CommandDeriver {
  return (command, table) => [{ op: 'alter', object: columnOf(table, textOf(command['name'])), facts }];
}

function onTable(facts: Facts): CommandDeriver {
  return (_, table) => [{ op: 'alter', object: { kind: 'table', ...table }, facts }];
}

/** ALL and USER name no trigger: `*` stands for them. */
function onTrigger(enabled: string): CommandDeriver {
  return (command, table) => [
    { op: 'alter', object: partOf('trigger', table, textOf(command['name']) || '*'), facts: { enabled } },
  ];
}

function addColumn(command: Tree, table: Name): readonly Change[] {
  const column = treeOf(treeOf(command['def'])['ColumnDef']);
  const ifNotExists = command['missing_ok'] === true;
  return [
    {
      op: 'create',
      object: columnOf(table, textOf(column['colname'])),
      facts: columnFacts(column),
      ifNotExists,
    },
    ...columnConstraints(column, { table, ifNotExists, fresh: true }),
  ];
}

function alterType(command: Tree, table: Name): readonly Change[] {
  const type = typeText(treeOf(treeOf(treeOf(command['def'])['ColumnDef'])['typeName']));
  return onColumn({ type: type ?? untold })(command, table);
}

function alterDefault(command: Tree, table: Name): readonly Change[] {
  const facts = defaultFacts(treeOf(command['def']));
  const stated = command['def'] !== undefined && facts['default'] === 'yes';
  const text = stated ? (facts['default text'] ?? untold) : '';
  return onColumn({ default: stated ? 'yes' : 'no', 'default text': text })(command, table);
}

function addIdentity(command: Tree, table: Name): readonly Change[] {
  const constraint = treeOf(treeOf(command['def'])['Constraint']);
  return onColumn({ identity: identityOf(constraint['generated_when']) })(command, table);
}

function setIdentity(command: Tree, table: Name): readonly Change[] {
  const option = optionOf(treeOf(treeOf(command['def'])['List'])['items'], 'generated');
  const code = treeOf(treeOf(option?.['arg'])['Integer'])['ival'];
  if (typeof code !== 'number') return [];
  return onColumn({ identity: identityOf(String.fromCharCode(code)) })(command, table);
}

function addConstraint(command: Tree, table: Name): readonly Change[] {
  const constraint = treeOf(treeOf(command['def'])['Constraint']);
  const notNull = notNullColumns(constraint).map((name): Change => ({
    op: 'alter',
    object: columnOf(table, name),
    facts: { 'not null': 'yes' },
  }));
  return [
    ...renamedIndex(constraint, table),
    ...constraintChange(constraint, { table, ifNotExists: false, fresh: false }),
    ...notNull,
  ];
}

/** USING INDEX: the index takes the name of the constraint. */
function renamedIndex(constraint: Tree, { schema }: Name): readonly Change[] {
  const index = textOf(constraint['indexname']);
  const name = textOf(constraint['conname']);
  if (index === '' || name === '' || index === name) return [];
  return [{ op: 'rename', object: { kind: 'index', schema, name: index }, to: { name } }];
}

function alterConstraint(command: Tree, table: Name): readonly Change[] {
  const fields = treeOf(treeOf(command['def'])['ATAlterConstraint']);
  if (fields['alterDeferrability'] !== true) return [];
  const facts = { deferrable: fields['deferrable'] === true ? 'yes' : 'no' };
  return [{ op: 'alter', object: partOf('constraint', table, fields['conname']), facts }];
}
