import { nodeOf, listOf, textOf, treeOf, type Tree } from './syntax-tree.ts';

/** What a statement does to the transaction around it. */
export type TransactionControl =
  /** BEGIN or START TRANSACTION with nothing that differs from godwit's own. */
  | 'begin'
  /** Plain COMMIT or END. */
  | 'commit'
  /** Anything else that ends, begins or changes the transaction. */
  | 'other';

/** Settings that hold for one transaction and are fixed by godwit. */
const settings =
  /^(?:transaction|transaction snapshot|session characteristics|transaction_(?:isolation|read_only|deferrable))$/i;

/**
 * Does this statement control the transaction? SAVEPOINT and RELEASE may stay: they end within it. ROLLBACK TO may not:
 * what it undoes would be recorded as done.
 */
export function transactionControl(node: Tree): TransactionControl | undefined {
  const { type, fields } = nodeOf(node);
  if (type === 'VariableSetStmt') return settings.test(textOf(fields['name'])) ? 'other' : undefined;
  if (type !== 'TransactionStmt') return undefined;
  const kind = textOf(fields['kind']).replace('TRANS_STMT_', '');
  if (kind === 'SAVEPOINT' || kind === 'RELEASE') return undefined;
  // They end a transaction of another session, and run outside of ours.
  if (kind === 'COMMIT_PREPARED' || kind === 'ROLLBACK_PREPARED') return undefined;
  if (kind === 'BEGIN' || kind === 'START') return listOf(fields['options']).every(isOurs) ? 'begin' : 'other';
  return kind === 'COMMIT' && fields['chain'] !== true ? 'commit' : 'other';
}

/** Godwit's transactions are READ COMMITTED and READ WRITE anyway. */
function isOurs(option: Tree): boolean {
  const { defname, arg } = treeOf(option['DefElem']);
  const value = treeOf(treeOf(arg)['A_Const']);
  if (defname === 'transaction_isolation') return treeOf(value['sval'])['sval'] === 'read committed';
  if (defname === 'transaction_read_only') return treeOf(value['ival'])['ival'] === undefined;
  return false;
}
