import { treesOf, relationName, textOf, treeOf, type Tree } from '../syntax-tree.ts';
import type { Lock, LockMode } from './lock.ts';

/**
 * Subcommands of ALTER TABLE that do not stall readers or writers. All others do, except for foreign keys and triggers.
 */
const gentle = new Set([
  'AT_SetStatistics',
  'AT_SetOptions',
  'AT_ResetOptions',
  'AT_ClusterOn',
  'AT_DropCluster',
  'AT_ValidateConstraint',
  'AT_DetachPartitionFinalize',
]);

/** The locks of ALTER TABLE, VIEW, INDEX, SEQUENCE …: the server takes the strongest lock that any subcommand needs. */
export function alterTableLocks(fields: Tree): readonly Lock[] {
  const on = relationName(treeOf(fields['relation']));
  const isTable = fields['objtype'] === 'OBJECT_TABLE';
  const commands = treesOf(fields['cmds']).map((one) => treeOf(one['AlterTableCmd']));
  return commands.flatMap((command) => [{ mode: modeOf(command, isTable), on }, ...onOthers(command)]);
}

function modeOf(command: Tree, isTable: boolean): LockMode {
  const subtype = textOf(command['subtype']);
  const definition = treeOf(command['def']);
  if (gentle.has(subtype)) return 'SHARE UPDATE EXCLUSIVE';
  switch (subtype) {
    case 'AT_SetRelOptions':
    case 'AT_ResetRelOptions':
      return isTable ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE';
    case 'AT_AttachPartition':
      return 'SHARE UPDATE EXCLUSIVE';
    case 'AT_DetachPartition':
      return treeOf(definition['PartitionCmd'])['concurrent'] === true ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE';
    case 'AT_AddConstraint':
      return treeOf(definition['Constraint'])['contype'] === 'CONSTR_FOREIGN'
        ? 'SHARE ROW EXCLUSIVE'
        : 'ACCESS EXCLUSIVE';
    default:
      return /Trig(?:All|User)?$/.test(subtype) ? 'SHARE ROW EXCLUSIVE' : 'ACCESS EXCLUSIVE';
  }
}

/** A foreign key locks the table that it references; a partition that is attached or detached is locked itself. */
function onOthers(command: Tree): readonly Lock[] {
  const definition = treeOf(command['def']);
  const partition = treeOf(definition['PartitionCmd']);
  if (partition['name'] === undefined) return foreignKeys(definition);
  const gently = partition['concurrent'] === true || command['subtype'] === 'AT_DetachPartitionFinalize';
  const mode = gently ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE';
  return [{ mode, on: relationName(treeOf(partition['name'])) }];
}

/** The locks on the tables that the foreign keys of a column or a constraint reference. */
export function foreignKeys(element: Tree): readonly Lock[] {
  const alone = treeOf(element['Constraint']);
  const ofColumn = treesOf(treeOf(element['ColumnDef'])['constraints']).map((one) => treeOf(one['Constraint']));
  return [alone, ...ofColumn]
    .filter(({ contype }) => contype === 'CONSTR_FOREIGN')
    .map(({ pktable }) => ({ mode: 'SHARE ROW EXCLUSIVE', on: relationName(treeOf(pktable)) }));
}
