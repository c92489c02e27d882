import { nameParts, nodeOf, type Tree } from '../../sql/syntax-tree.ts';
import type { Segment, Statement } from '../model.ts';

/** A statement, its syntax tree and its text. */
export interface Member {
  readonly statement: Statement;
  readonly node: Tree;
  readonly text: string;
}

/**
 * Which statements run together. Statements that cannot run in a transaction stand alone; an enum value added to a type
 * of an earlier migration can be used only after a COMMIT, so a border follows it.
 * @param alone True: each statement on its own (`transaction=none`).
 * @param wrapped True: the file says BEGIN … COMMIT itself, so its own border is kept.
 */
export function segmentsOf(members: readonly Member[], alone: boolean, wrapped: boolean): readonly Segment[] {
  const segments: Segment[] = [];
  const ownTypes = new Set<string>();
  let first = 0;
  const close = (last: number): void => {
    if (last >= first) segments.push({ kind: 'transaction', first, last });
    first = last + 1;
  };
  for (const [index, { statement, node, text }] of members.entries()) {
    if (alone && isSafeInTransaction(statement, text)) {
      close(index - 1);
      close(index);
      continue;
    }
    if (alone || !statement.transactional) {
      close(index - 1);
      segments.push({ kind: 'barrier', first: index, last: index });
      first = index + 1;
      continue;
    }
    const { type, fields } = nodeOf(node);
    const name = nameParts(fields['typeName']).join('.');
    if (type === 'CreateEnumStmt') ownTypes.add(name);
    if (wrapped || !addsValue(type, fields) || ownTypes.has(name)) continue;
    const following = members[index + 1];
    // Several values in a row need no border between them.
    if (following !== undefined && isAddition(following)) continue;
    close(index);
  }
  close(members.length - 1);
  return segments;
}

/**
 * Under `transaction=none` a statement still shares a transaction with the note that it is done, so that both happen or
 * neither; if the server refuses it inside of one, it is run outside. Those that are known to be refused at times, or
 * to end their transaction themselves, are not tried.
 */
function isSafeInTransaction({ tag, transactional }: Statement, text: string): boolean {
  return transactional && !neverTried.test(tag) && !(tag === 'DO' && /\b(?:commit|rollback)\b/i.test(text));
}

const neverTried = /^(?:CALL|EXECUTE|REINDEX|CLUSTER|VACUUM|DISCARD ALL|ALTER SYSTEM)\b/;

function addsValue(type: string, fields: Tree): boolean {
  return type === 'AlterEnumStmt' && fields['oldVal'] === undefined;
}

function isAddition({ node }: Member): boolean {
  const { type, fields } = nodeOf(node);
  return addsValue(type, fields);
}
