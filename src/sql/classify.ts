import { classOf, WORD_START } from './character-class.ts';
import { commandTag } from './command-tag.ts';
import { destroys } from './destroys.ts';
import { decodeUtf8 } from './encoding.ts';
import { createToken, nextToken } from './lexer.ts';
import { leavesOf, type Leaving } from './leaves.ts';
import { outsideOf, type Outside } from './outside.ts';
import { isOff, treesOf, nodeOf, optionOf, textOf, treeOf, type Tree } from './syntax-tree.ts';

/** The properties of a statement that matter for running it. */
export interface Classification {
  /** Command tag as the server reports it: `CREATE TABLE`, `INSERT`, … */
  readonly tag: string;
  /** False: the server refuses it inside a transaction. A hint; SQLSTATE 25001 is the authority. */
  readonly transactional: boolean;
  /** A description of what it destroys. */
  readonly destroys?: string;
  /** True when its text does not reveal what it does. */
  readonly opaque: boolean;
  /** How to look up its effect if it runs outside a transaction; absent when that is impossible. */
  readonly outside?: Outside;
  /** What it may leave changed in the session; absent when the text shows nothing. */
  readonly leaves?: readonly Leaving[];
}

const opaque = new Set(['DoStmt', 'CallStmt', 'ExecuteStmt']);

/**
 * Classifies a statement by its syntax tree.
 * @param node The statement's node, `{ CreateStmt: { … } }`.
 * @param text Its text, and the result of `leadingWords` for it: the tag of an unknown node type.
 */
export function classify(
  node: Tree,
  { text, leading }: { readonly text: string; readonly leading: string },
): Classification {
  const lost = destroys(node);
  const outside = outsideOf(node);
  const hidden = opaque.has(nodeOf(node).type);
  const leaves = leavesOf(node, text, hidden);
  return {
    tag: commandTag(node) ?? leading,
    transactional: isTransactional(node),
    ...(lost === undefined ? {} : { destroys: lost }),
    opaque: hidden,
    ...(outside === undefined ? {} : { outside }),
    ...(leaves.length === 0 ? {} : { leaves }),
  };
}

const neverTransactional = new Set([
  'CreatedbStmt',
  'DropdbStmt',
  'CreateTableSpaceStmt',
  'DropTableSpaceStmt',
  'AlterSystemStmt',
]);

function isTransactional(node: Tree): boolean {
  const { type, fields } = nodeOf(node);
  if (neverTransactional.has(type)) return false;
  switch (type) {
    case 'IndexStmt':
    case 'DropStmt':
      return fields['concurrent'] !== true;
    case 'ReindexStmt':
      return !/_(?:SCHEMA|DATABASE|SYSTEM)$/.test(textOf(fields['kind'])) && !isOn(fields['params'], 'concurrently');
    case 'VacuumStmt':
      return fields['is_vacuumcmd'] !== true;
    case 'ClusterStmt':
      return fields['relation'] !== undefined;
    case 'AlterDatabaseStmt':
      return optionOf(fields['options'], 'tablespace') === undefined;
    case 'DiscardStmt':
      return fields['target'] !== 'DISCARD_ALL';
    case 'AlterTableStmt':
      return !treesOf(fields['cmds']).some(detachesConcurrently);
    case 'CreateSubscriptionStmt':
      return isOff(optionOf(fields['options'], 'connect')) || isOff(optionOf(fields['options'], 'create_slot'));
    case 'DropSubscriptionStmt':
      return false;
    case 'TransactionStmt':
      return !/_(?:COMMIT|ROLLBACK)_PREPARED$/.test(textOf(fields['kind']));
    case 'AlterSubscriptionStmt':
      return !refreshes(fields);
    default:
      return true;
  }
}

function isOn(options: unknown, name: string): boolean {
  const option = optionOf(options, name);
  return option !== undefined && !isOff(option);
}

function detachesConcurrently(command: Tree): boolean {
  const fields = treeOf(command['AlterTableCmd']);
  if (fields['subtype'] !== 'AT_DetachPartition') return false;
  return treeOf(treeOf(fields['def'])['PartitionCmd'])['concurrent'] === true;
}

/** Changing the publications of a subscription refreshes it unless `refresh` is off. */
function refreshes(fields: Tree): boolean {
  const kind = textOf(fields['kind']).replace('ALTER_SUBSCRIPTION_', '');
  if (kind === 'REFRESH') return true;
  if (!kind.endsWith('_PUBLICATION')) return false;
  return !isOff(optionOf(fields['options'], 'refresh'));
}

/** The first one or two words of a statement's text in capitals: what is known of it without a parser. */
export function leadingWords(bytes: Uint8Array, head: number, end: number): string {
  const token = createToken();
  const leading: string[] = [];
  let at = head;
  while (leading.length < 2) {
    nextToken(bytes, at, end, token);
    at = token.end;
    if (token.kind === 'line-comment' || token.kind === 'block-comment') continue;
    if (token.kind !== 'word' || ((classOf[bytes[token.start] as number] as number) & WORD_START) === 0) break;
    leading.push(decodeUtf8(bytes.subarray(token.start, token.end)).toUpperCase());
  }
  return leading.join(' ');
}
