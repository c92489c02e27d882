import { nodeOf, textOf, type Tree } from './syntax-tree.ts';

/**
 * Maps each RELEASE and ROLLBACK TO to the savepoint that it means, both by the index of their statement. Those whose
 * savepoint the statements do not create are left out; the server refuses them.
 */
export function savepointsOf(nodes: Iterable<Tree>): ReadonlyMap<number, number> {
  const links = new Map<number, number>();
  const open: { readonly name: string; readonly index: number }[] = [];
  let index = -1;
  for (const node of nodes) {
    index += 1;
    const { type, fields } = nodeOf(node);
    if (type !== 'TransactionStmt') continue;
    const name = textOf(fields['savepoint_name']);
    if (fields['kind'] === 'TRANS_STMT_SAVEPOINT') {
      open.push({ name, index });
      continue;
    }
    const at = open.findLastIndex((savepoint) => savepoint.name === name);
    const meant = open[at];
    if (name === '' || meant === undefined) continue;
    links.set(index, meant.index);
    // The savepoints after it are gone; the savepoint itself survives a ROLLBACK TO.
    open.length = fields['kind'] === 'TRANS_STMT_RELEASE' ? at : at + 1;
  }
  return links;
}

/** Is this ROLLBACK TO a savepoint? */
export function rollsBackTo(node: Tree): boolean {
  const { type, fields } = nodeOf(node);
  return type === 'TransactionStmt' && fields['kind'] === 'TRANS_STMT_ROLLBACK_TO';
}
