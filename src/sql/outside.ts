import { treesOf, nameParts, nodeOf, optionOf, textOf, treeOf, type Tree } from './syntax-tree.ts';

/** A name as a statement writes it; without a schema the search path decides. */
export interface WrittenName {
  readonly schema: string | null;
  readonly name: string;
}

/**
 * The object of a statement that runs outside transactions: enough to ask the catalogue later whether the statement
 * took effect. `repeatable` statements may run again without harm.
 */
export type Outside =
  | {
      readonly kind: 'create-index';
      readonly index: string;
      readonly table: WrittenName;
      readonly ifNotExists: boolean;
    }
  | { readonly kind: 'drop-index'; readonly index: WrittenName }
  | { readonly kind: 'reindex'; readonly scope: 'index' | 'table'; readonly relation: WrittenName }
  | { readonly kind: 'reindex'; readonly scope: 'schema'; readonly schema: string }
  | { readonly kind: 'reindex'; readonly scope: 'database' }
  | {
      readonly kind: 'create' | 'drop';
      readonly what: 'database' | 'tablespace' | 'subscription';
      readonly name: string;
    }
  | { readonly kind: 'move-database'; readonly name: string; readonly tablespace: string }
  | { readonly kind: 'detach'; readonly table: WrittenName; readonly partition: WrittenName }
  | { readonly kind: 'end-prepared'; readonly gid: string }
  | { readonly kind: 'repeatable' };

const repeatable: Outside = { kind: 'repeatable' };

const repeatables = new Set([
  'VacuumStmt',
  'ClusterStmt',
  'AlterSystemStmt',
  'AlterDatabaseSetStmt',
  'AlterDatabaseRefreshCollStmt',
  'DiscardStmt',
  'CheckPointStmt',
  'RefreshMatViewStmt',
]);

/**
 * The object of a statement if it ran outside a transaction; undefined when its effect cannot be looked up.
 *
 * @param node the statement's node, `{ IndexStmt: { … } }`
 */
export function outsideOf(node: Tree): Outside | undefined {
  const { type, fields } = nodeOf(node);
  if (repeatables.has(type)) return repeatable;
  switch (type) {
    case 'IndexStmt':
      return createIndex(fields);
    case 'DropStmt':
      return dropIndex(fields);
    case 'ReindexStmt':
      return reindex(fields);
    case 'AlterTableStmt':
      return detach(fields);
    case 'CreatedbStmt':
      return { kind: 'create', what: 'database', name: textOf(fields['dbname']) };
    case 'DropdbStmt':
      return { kind: 'drop', what: 'database', name: textOf(fields['dbname']) };
    case 'AlterDatabaseStmt':
      return alterDatabase(fields);
    case 'CreateTableSpaceStmt':
      return { kind: 'create', what: 'tablespace', name: textOf(fields['tablespacename']) };
    case 'DropTableSpaceStmt':
      return { kind: 'drop', what: 'tablespace', name: textOf(fields['tablespacename']) };
    case 'CreateSubscriptionStmt':
      return { kind: 'create', what: 'subscription', name: textOf(fields['subname']) };
    case 'DropSubscriptionStmt':
      return { kind: 'drop', what: 'subscription', name: textOf(fields['subname']) };
    case 'AlterSubscriptionStmt':
      return alterSubscription(fields);
    case 'TransactionStmt':
      return endPrepared(fields);
    default:
      return undefined;
  }
}

function relationOf(value: unknown): WrittenName {
  const fields = treeOf(value);
  return { schema: textOf(fields['schemaname']) || null, name: textOf(fields['relname']) };
}

function createIndex(fields: Tree): Outside | undefined {
  const index = textOf(fields['idxname']);
  if (index === '') return undefined;
  const ifNotExists = fields['if_not_exists'] === true;
  return { kind: 'create-index', index, table: relationOf(fields['relation']), ifNotExists };
}

function dropIndex(fields: Tree): Outside | undefined {
  const [object, second] = treesOf(fields['objects']);
  if (fields['removeType'] !== 'OBJECT_INDEX' || object === undefined || second !== undefined) return undefined;
  const parts = nameParts(treeOf(object['List'])['items']);
  return { kind: 'drop-index', index: { schema: parts.at(-2) ?? null, name: parts.at(-1) ?? '' } };
}

function reindex(fields: Tree): Outside | undefined {
  switch (textOf(fields['kind']).replace('REINDEX_OBJECT_', '')) {
    case 'INDEX':
      return { kind: 'reindex', scope: 'index', relation: relationOf(fields['relation']) };
    case 'TABLE':
      return { kind: 'reindex', scope: 'table', relation: relationOf(fields['relation']) };
    case 'SCHEMA':
      return { kind: 'reindex', scope: 'schema', schema: textOf(fields['name']) };
    case 'DATABASE':
      return { kind: 'reindex', scope: 'database' };
    default:
      return repeatable;
  }
}

function detach(fields: Tree): Outside | undefined {
  const [command, second] = treesOf(fields['cmds']);
  const only = second === undefined ? treeOf(command?.['AlterTableCmd']) : {};
  if (only['subtype'] !== 'AT_DetachPartition') return undefined;
  const partition = relationOf(treeOf(treeOf(only['def'])['PartitionCmd'])['name']);
  return { kind: 'detach', table: relationOf(fields['relation']), partition };
}

function alterDatabase(fields: Tree): Outside {
  const moved = optionOf(fields['options'], 'tablespace');
  if (moved === undefined) return repeatable;
  const tablespace = textOf(treeOf(treeOf(moved['arg'])['String'])['sval']);
  return { kind: 'move-database', name: textOf(fields['dbname']), tablespace };
}

/** Adding or dropping a publication twice is an error; setting or refreshing twice is not. */
function alterSubscription(fields: Tree): Outside | undefined {
  return /_(?:ADD|DROP)_PUBLICATION$/.test(textOf(fields['kind'])) ? undefined : repeatable;
}

function endPrepared(fields: Tree): Outside | undefined {
  return /_(?:COMMIT|ROLLBACK)_PREPARED$/.test(textOf(fields['kind']))
    ? { kind: 'end-prepared', gid: textOf(fields['gid']) }
    : undefined;
}
