import { nameParts, nodeOf, type Tree } from '../../sql/syntax-tree.ts';
import type { TransactionModes } from '../../sql/transaction-control.ts';
import type { Segment, Statement } from '../contract/model.ts';
import type { TransactionPart } from './own-transaction.ts';

/** A statement, its syntax tree and its text. */
export interface SegmentMember {
  readonly statement: Statement;
  readonly node: Tree;
  readonly text: string;
}

/** How a file is divided. */
export interface Division {
  /** What the file itself says. */
  readonly parts: readonly TransactionPart[];
  /** True: each statement on its own (`transaction=none`). */
  readonly alone: boolean;
  /** Does the session hold something for later statements that would be lost after the statement with this index? */
  readonly crosses: (from: number, index: number) => boolean;
}

/**
 * Which statements run together: those between the file's own BEGIN and COMMIT; of the others, those that cannot run in
 * a transaction are standalone. An enum value added to a type of an earlier migration can be used only after a COMMIT,
 * so a border follows it, unless something that lives in the session would be lost there: then the file is not split,
 * and the server reports whether the value is used too early.
 */
export function segmentsOf(members: readonly SegmentMember[], division: Division): readonly Segment[] {
  return division.parts.flatMap((part) => {
    const segments = part.own ? [ownSegment(part)] : segmentsWithin(members, part, division);
    const modes = notable(part.modes);
    const [first, ...others] = segments;
    if (modes === undefined || first?.kind !== 'transaction') return segments;
    return [{ ...first, modes }, ...others];
  });
}

function ownSegment({ first, last }: TransactionPart): Segment {
  return { kind: 'transaction', first, last };
}

/** Undefined: it asks for the modes that every transaction of a run has. */
function notable({ isolation, readOnly }: TransactionModes): Segment['modes'] {
  const other = isolation === undefined || isolation === 'READ COMMITTED' ? undefined : isolation;
  if (other === undefined && readOnly !== true) return undefined;
  return { ...(other === undefined ? {} : { isolation: other }), ...(readOnly === true ? { readOnly } : {}) };
}

function segmentsWithin(
  members: readonly SegmentMember[],
  part: TransactionPart,
  { alone, crosses }: Division,
): readonly Segment[] {
  const segments: Segment[] = [];
  // Values of a type that the same transaction has made can be used at once.
  const ownTypes = new Set<string>();
  let first = part.first;
  const close = (last: number): void => {
    if (last >= first) segments.push({ kind: 'transaction', first, last });
    first = last + 1;
    ownTypes.clear();
  };
  for (const [at, { statement, node, text }] of members.slice(part.first, part.last + 1).entries()) {
    const index = part.first + at;
    if (alone && isSafeInTransaction(statement, text)) {
      close(index - 1);
      close(index);
      continue;
    }
    if (alone || !statement.transactional) {
      close(index - 1);
      segments.push({ kind: 'standalone', first: index, last: index });
      first = index + 1;
      continue;
    }
    const { type, fields } = nodeOf(node);
    const name = nameParts(fields['typeName']).join('.');
    if (type === 'CreateEnumStmt') ownTypes.add(name);
    if (!addsValue(type, fields) || ownTypes.has(name)) continue;
    const following = members[index + 1];
    // Several values in a row need no border between them.
    if (following !== undefined && isAddition(following)) continue;
    if (!crosses(first, index)) close(index);
  }
  close(part.last);
  return segments;
}

/**
 * Under `transaction=none` a statement still shares a transaction with the note that it is done, so that both happen or
 * neither; if the server refuses it inside a transaction, it runs outside. Statements that are known to be refused at
 * times, or to end their transaction themselves, are not tried inside one.
 */
function isSafeInTransaction({ tag, transactional }: Statement, text: string): boolean {
  return transactional && !neverTried.test(tag) && !(tag === 'DO' && /\b(?:commit|rollback)\b/i.test(text));
}

const neverTried = /^(?:CALL|EXECUTE|REINDEX|CLUSTER|VACUUM|DISCARD ALL|ALTER SYSTEM)\b/;

function addsValue(type: string, fields: Tree): boolean {
  return type === 'AlterEnumStmt' && fields['oldVal'] === undefined;
}

function isAddition({ node }: SegmentMember): boolean {
  const { type, fields } = nodeOf(node);
  return addsValue(type, fields);
}
