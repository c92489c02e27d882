import { commandTag, objectKeywords } from './command-tag.ts';
import { alterTableLocks, foreignKeys } from './locks/alter-table.ts';
import { isStrong, lockModes, type Lock, type LockMode } from './locks/lock.ts';
import { isOff, treesOf, nameParts, nodeOf, optionOf, relationName, textOf, treeOf, type Tree } from './syntax-tree.ts';

/**
 * The locks that a statement takes on relations that existed before it, as far as readers or writers can notice them:
 * SHARE UPDATE EXCLUSIVE and stronger. When the text does not reveal the lock, the strongest lock on something unknown
 * is assumed.
 *
 * @param node the statement's node, `{ AlterTableStmt: { … } }`
 * @example
 * locksOf(parse('create index on users (name)')) // [{ mode: 'SHARE', on: 'users' }]
 */
export function locksOf(node: Tree): readonly Lock[] {
  const { type, fields } = nodeOf(node);
  const mode = onOwnRelation[type];
  if (mode !== undefined) return [{ mode, on: relationName(treeOf(fields['relation'])) }];
  if (strongSomewhere.has(type)) return [anything];
  switch (type) {
    case 'AlterTableStmt':
      return alterTableLocks(fields);
    case 'CreateStmt':
      return ofNewTable(fields);
    case 'IndexStmt':
      return on(fields['concurrent'] === true ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE', fields['relation']);
    case 'DropStmt':
      return ofDrop(fields);
    case 'RenameStmt':
      return ofRename(fields);
    case 'AlterObjectSchemaStmt':
      return fields['relation'] === undefined ? [] : on('ACCESS EXCLUSIVE', fields['relation']);
    case 'CreatePolicyStmt':
    case 'AlterPolicyStmt':
      return on('ACCESS EXCLUSIVE', fields['table']);
    case 'ViewStmt':
      return fields['replace'] === true ? on('ACCESS EXCLUSIVE', fields['view']) : [];
    case 'AlterSeqStmt':
      return on('SHARE ROW EXCLUSIVE', fields['sequence']);
    case 'TruncateStmt':
      return treesOf(fields['relations']).flatMap((one) => on('ACCESS EXCLUSIVE', one['RangeVar']));
    case 'LockStmt':
      return treesOf(fields['relations']).flatMap((one) => on(lockModeOf(fields['mode']), one['RangeVar']));
    case 'ReindexStmt':
      return ofReindex(fields);
    case 'RefreshMatViewStmt':
      return on(fields['concurrent'] === true ? 'EXCLUSIVE' : 'ACCESS EXCLUSIVE', fields['relation']);
    case 'VacuumStmt':
      return ofVacuum(fields);
    case 'DoStmt':
      return changesObjects.test(bodyOf(fields)) ? [anything] : [];
    case 'SelectStmt':
      return callsUnknown(fields) ? [anything] : [];
    default:
      // A node type of a newer grammar.
      return commandTag(node) === undefined ? [anything] : [];
  }
}

/**
 * How long a statement may wait for a lock. `strong`: its lock stalls readers or writers, and everybody queues behind
 * it while it waits, so it waits briefly and tries again. `patient`: it waits for old transactions without blocking
 * anybody, and its work so far is worth the wait.
 */
export type LockClass = 'strong' | 'patient';

/**
 * The class of a statement; undefined for one that neither stalls anybody nor waits for old transactions.
 *
 * @param isNew whether a relation was created in the same transaction, so that nobody else can hold a lock on it
 */
export function lockClassOf(node: Tree, isNew: (name: string) => boolean): LockClass | undefined {
  const { type, fields } = nodeOf(node);
  const locks = locksOf(node).filter((lock) => lock.on === '' || !isNew(lock.on));
  // The lock is EXCLUSIVE, but it lets readers read, and nobody else writes to a materialized view.
  if (type === 'RefreshMatViewStmt' && fields['concurrent'] === true) return locks.length > 0 ? 'patient' : undefined;
  if (locks.some(isStrong)) return 'strong';
  return waiting.has(type) && locks.length > 0 ? 'patient' : undefined;
}

const waiting = new Set(['IndexStmt', 'DropStmt', 'ReindexStmt', 'VacuumStmt', 'AlterTableStmt']);

/** Names of the relations that a statement creates, as written. One with IF NOT EXISTS may have existed before. */
export function relationsMadeBy(node: Tree): readonly string[] {
  const { type, fields } = nodeOf(node);
  if (fields['if_not_exists'] === true) return [];
  switch (type) {
    case 'CreateStmt':
    case 'CreateForeignTableStmt':
      return [relationName(treeOf(fields['relation'] ?? treeOf(fields['base'])['relation']))];
    case 'IndexStmt':
      return [textOf(fields['idxname'])];
    case 'ViewStmt':
      return fields['replace'] === true ? [] : [relationName(treeOf(fields['view']))];
    case 'CreateSeqStmt':
      return [relationName(treeOf(fields['sequence']))];
    case 'CreateTableAsStmt':
      return [relationName(treeOf(treeOf(fields['into'])['rel']))];
    case 'SelectStmt':
      return [relationName(treeOf(treeOf(fields['intoClause'])['rel']))];
    default:
      return [];
  }
}

const anything: Lock = { mode: 'ACCESS EXCLUSIVE', on: '' };

const onOwnRelation: Readonly<Record<string, LockMode>> = {
  CreateTrigStmt: 'SHARE ROW EXCLUSIVE',
  RuleStmt: 'ACCESS EXCLUSIVE',
  ClusterStmt: 'ACCESS EXCLUSIVE',
};

/** The text of these statements does not show what they lock. */
const strongSomewhere = new Set([
  'AlterDomainStmt',
  'AlterExtensionStmt',
  'AlterTableMoveAllStmt',
  'CallStmt',
  'ExecuteStmt',
  'DropOwnedStmt',
  'ReassignOwnedStmt',
]);

/**
 * Words in the body of a DO block that change objects or hide what is done. Batches of UPDATEs contain none of these.
 */
const changesObjects = /\b(?:alter|create|drop|truncate|lock|cluster|reindex|refresh|execute|call)\b/i;

function on(mode: LockMode, relation: unknown): readonly Lock[] {
  return [{ mode, on: relationName(treeOf(relation)) }];
}

function lockModeOf(mode: unknown): LockMode {
  return lockModes[Number(mode) - 1] ?? 'ACCESS EXCLUSIVE';
}

/** A new table locks what its foreign keys point to, and the table that it is a partition of. */
function ofNewTable(fields: Tree): readonly Lock[] {
  const parents = fields['partbound'] === undefined ? [] : treesOf(fields['inhRelations']);
  return [
    ...parents.flatMap((one) => on('ACCESS EXCLUSIVE', one['RangeVar'])),
    ...treesOf(fields['tableElts']).flatMap(foreignKeys),
  ];
}

/** Relations and their parts: dropping a function or a type locks no table. */
const relations = new Set(['TABLE', 'VIEW', 'INDEX', 'SEQUENCE', 'MATERIALIZED VIEW', 'FOREIGN TABLE']);
const partsOfRelations = new Set(['TRIGGER', 'POLICY', 'RULE']);

function ofDrop(fields: Tree): readonly Lock[] {
  const kind = objectKeywords(fields['removeType']);
  if (fields['behavior'] === 'DROP_CASCADE' || kind === 'SCHEMA' || kind === 'EXTENSION') return [anything];
  const mode = fields['concurrent'] === true ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE';
  const names = treesOf(fields['objects']).map((one) => nameParts(treeOf(one['List'])['items']));
  if (relations.has(kind)) return names.map((parts) => ({ mode, on: parts.join('.') }));
  if (partsOfRelations.has(kind)) return names.map((parts) => ({ mode, on: parts.slice(0, -1).join('.') }));
  return [];
}

function ofRename(fields: Tree): readonly Lock[] {
  if (fields['relation'] === undefined) return [];
  const mode = fields['renameType'] === 'OBJECT_INDEX' ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE';
  return on(mode, fields['relation']);
}

function ofReindex(fields: Tree): readonly Lock[] {
  const option = optionOf(fields['params'], 'concurrently');
  const concurrent = option !== undefined && !isOff(option);
  if (concurrent) return on('SHARE UPDATE EXCLUSIVE', fields['relation']);
  // Planning a query that could use the index waits for this lock too.
  return on('ACCESS EXCLUSIVE', fields['relation']);
}

function ofVacuum(fields: Tree): readonly Lock[] {
  const full = optionOf(fields['options'], 'full');
  const mode = full !== undefined && !isOff(full) ? 'ACCESS EXCLUSIVE' : 'SHARE UPDATE EXCLUSIVE';
  const named = treesOf(fields['rels']).map((one) => treeOf(one['VacuumRelation'])['relation']);
  return named.length === 0 ? [{ mode, on: '' }] : named.flatMap((relation) => on(mode, relation));
}

function bodyOf(fields: Tree): string {
  const body = optionOf(fields['args'], 'as');
  return textOf(treeOf(treeOf(body?.['arg'])['String'])['sval']);
}

/** Functions of the server that lock no table. Any other function may do anything. */
const harmless =
  /^(?:set_config|current_setting|setval|nextval|currval|lastval|count|sum|min|max|avg|coalesce|now|clock_timestamp|version|pg_sleep|length|lower|upper|format|concat|to_regclass|has_\w+_privilege)$/;

/** Does a query call, as one of its columns, a function that may change objects? */
function callsUnknown(fields: Tree): boolean {
  return treesOf(fields['targetList']).some((target) => {
    const call = treeOf(treeOf(treeOf(target['ResTarget'])['val'])['FuncCall']);
    const name = nameParts(call['funcname']).at(-1);
    return name !== undefined && !harmless.test(name);
  });
}
