import { treesOf, nodeOf, textOf, treeOf, type Tree } from './syntax-tree.ts';

/** The requested modes of a transaction. By default, godwit's are READ COMMITTED and READ WRITE. */
export interface TransactionModes {
  readonly isolation?: 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE';
  readonly readOnly?: boolean;
}

/** The effect of a statement on the surrounding transaction. */
export type TransactionControl =
  | { readonly kind: 'begin' | 'modes'; readonly modes: TransactionModes }
  /** COMMIT or END; `chain`: another transaction with the same modes starts at once. */
  | { readonly kind: 'commit'; readonly chain: boolean }
  | { readonly kind: 'rollback' }
  /** Anything else that ends, starts or changes transactions. */
  | { readonly kind: 'other' };

/**
 * Does this statement control the transaction? SAVEPOINT, RELEASE and ROLLBACK TO do not: their effect stays within it.
 * Nor do COMMIT PREPARED and ROLLBACK PREPARED: they end a transaction of another session.
 */
export function transactionControl(node: Tree): TransactionControl | undefined {
  const { type, fields } = nodeOf(node);
  if (type === 'VariableSetStmt') return settingControl(fields);
  if (type !== 'TransactionStmt') return undefined;
  switch (textOf(fields['kind']).replace('TRANS_STMT_', '')) {
    case 'BEGIN':
    case 'START':
      return controlWith('begin', modesOf(fields['options']));
    case 'COMMIT':
      return { kind: 'commit', chain: fields['chain'] === true };
    case 'ROLLBACK':
      return { kind: 'rollback' };
    case 'PREPARE':
      return { kind: 'other' };
    default:
      return undefined;
  }
}

function controlWith(kind: 'begin' | 'modes', modes: TransactionModes | undefined): TransactionControl {
  return modes === undefined ? { kind: 'other' } : { kind, modes };
}

/** `SET TRANSACTION …`, `SET transaction_isolation = …` and similar. */
function settingControl(fields: Tree): TransactionControl | undefined {
  const name = textOf(fields['name']).toLowerCase();
  switch (name) {
    case 'transaction':
      return controlWith('modes', modesOf(fields['args']));
    case 'transaction snapshot':
    case 'session characteristics':
      return { kind: 'other' };
    case 'transaction_isolation':
    case 'transaction_read_only':
    case 'transaction_deferrable': {
      if (fields['kind'] !== 'VAR_SET_VALUE') return { kind: 'other' };
      const value = treeOf(treesOf(fields['args'])[0]?.['A_Const']);
      return controlWith('modes', modeOf(name, value));
    }
    default:
      return undefined;
  }
}

/** Undefined when one of the options is unknown. */
function modesOf(options: unknown): TransactionModes | undefined {
  let modes: TransactionModes = {};
  for (const option of treesOf(options)) {
    const { defname, arg } = treeOf(option['DefElem']);
    const mode = modeOf(textOf(defname), treeOf(treeOf(arg)['A_Const']));
    if (mode === undefined) return undefined;
    modes = { ...modes, ...mode };
  }
  return modes;
}

function modeOf(name: string, value: Tree): TransactionModes | undefined {
  switch (name) {
    case 'transaction_isolation':
      return isolations[textOf(treeOf(value['sval'])['sval']).toLowerCase()];
    case 'transaction_read_only':
      return { readOnly: isTrue(value) };
    // Only a read-only transaction can be deferred, and godwit's transactions write their record.
    case 'transaction_deferrable':
      return {};
    default:
      return undefined;
  }
}

const isolations: Readonly<Record<string, TransactionModes>> = {
  serializable: { isolation: 'SERIALIZABLE' },
  'repeatable read': { isolation: 'REPEATABLE READ' },
  'read committed': { isolation: 'READ COMMITTED' },
  // The server treats it as READ COMMITTED.
  'read uncommitted': { isolation: 'READ COMMITTED' },
};

/** The parser omits zero from the tree. */
function isTrue(value: Tree): boolean {
  if ('ival' in value) return treeOf(value['ival'])['ival'] !== undefined;
  return /^(?:on|t|tr|tru|true|y|ye|yes|1)$/i.test(textOf(treeOf(value['sval'])['sval']));
}
