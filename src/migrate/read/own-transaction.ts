import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { transactionControl, type TransactionModes } from '../../sql/transaction-control.ts';
import type { ParsedStatement } from './parsed-statement.ts';

/** Consecutive statements between two borders that the file itself has set. */
export interface TransactionPart {
  /** Indexes of statements, both inclusive. */
  readonly first: number;
  readonly last: number;
  /** True: they are between BEGIN and COMMIT. */
  readonly own: boolean;
  readonly modes: TransactionModes;
}

/** The statements without those that control transactions, and the parts that these delimit. */
export interface Unwrapped {
  readonly statements: readonly ParsedStatement[];
  readonly parts: readonly TransactionPart[];
  /** How many statements were removed. */
  readonly absorbed: number;
}

/**
 * Removes the statements that control transactions and returns the borders that they set, as psql would: BEGIN opens a
 * transaction, COMMIT ends it; a COMMIT without BEGIN ends everything before it; a BEGIN inside a transaction does
 * nothing. Statements that would undo something, or that come too late, are reported.
 * @param alone The file says `transaction=none`, which excludes transactions of its own.
 */
export function unwrap(found: readonly ParsedStatement[], alone: boolean, findings: Finding[]): Unwrapped {
  return alone ? unwrapAlone(found, findings) : unwrapParts(found, findings);
}

function unwrapAlone(found: readonly ParsedStatement[], findings: Finding[]): Unwrapped {
  let started = false;
  const statements = found.filter((statement) => {
    const control = transactionControl(statement.node);
    started ||= control?.kind === 'begin';
    // A COMMIT without BEGIN has nothing to end.
    if (control !== undefined && (started || control.kind !== 'commit')) findings.push(aloneAnyway(statement));
    return control === undefined;
  });
  const parts = statements.length === 0 ? [] : [{ first: 0, last: statements.length - 1, own: false, modes: {} }];
  return { statements, parts, absorbed: found.length - statements.length };
}

function unwrapParts(found: readonly ParsedStatement[], findings: Finding[]): Unwrapped {
  const statements: ParsedStatement[] = [];
  const parts: TransactionPart[] = [];
  let opener: ParsedStatement | undefined;
  let first = 0;
  let modes: TransactionModes = {};
  let endsForeign = false;
  const close = (): void => {
    if (statements.length > first) parts.push({ first, last: statements.length - 1, own: opener !== undefined, modes });
    first = statements.length;
    opener = undefined;
    modes = {};
  };
  for (const statement of found) {
    const control = transactionControl(statement.node);
    const started = control !== undefined && statements.slice(first).some((one) => !isSetting(one));
    switch (control?.kind) {
      case undefined:
        statements.push(statement);
        break;
      case 'begin':
        if (opener !== undefined) findings.push(nested(statement, opener));
        // If only settings precede BEGIN, they belong to its transaction.
        else if (started) close();
        if (opener !== undefined && started && Object.keys(control.modes).length > 0) findings.push(tooLate(statement));
        opener ??= statement;
        modes = { ...modes, ...control.modes };
        break;
      case 'commit': {
        endsForeign ||= opener === undefined;
        const same = modes;
        close();
        if (control.chain) [opener, modes] = [statement, same];
        break;
      }
      case 'modes':
        if (started) findings.push(tooLate(statement));
        modes = { ...modes, ...control.modes };
        break;
      case 'rollback':
        findings.push(undoing(statement, opener));
        close();
        break;
      case 'other':
        findings.push(notHere(statement));
    }
  }
  // A file that ends a transaction which it did not start was written for a tool that wraps the whole file in BEGIN and
  // COMMIT.
  if (opener !== undefined && statements.length > first && !endsForeign) findings.push(unfinished(opener));
  close();
  return { statements, parts: joined(parts, statements), absorbed: found.length - statements.length };
}

/** If only settings follow the last transaction and restore what was set before it, they belong to it. */
function joined(parts: readonly TransactionPart[], statements: readonly ParsedStatement[]): readonly TransactionPart[] {
  const last = parts.at(-1);
  const before = parts.at(-2);
  if (last === undefined || before?.own !== true) return parts;
  if (last.own || !statements.slice(last.first, last.last + 1).every(isSetting)) return parts;
  return [...parts.slice(0, -2), { ...before, last: last.last }];
}

function isSetting({ statement }: ParsedStatement): boolean {
  return statement.tag === 'SET' || statement.tag === 'RESET';
}

function nested({ where }: ParsedStatement, opener: ParsedStatement): Finding {
  const why = `The transaction that ${placed(opener)} begins is still open: this BEGIN does nothing, and the next COMMIT ends that transaction.`;
  return fault('sql-nested-begin', { why, where });
}

function tooLate({ statement, where }: ParsedStatement): Finding {
  const why = `${statement.tag === 'SET' ? 'SET TRANSACTION' : statement.tag} changes the transaction’s mode after its first statement, where the server rejects it.`;
  const fix = 'Move it before the first statement, or write BEGIN ISOLATION LEVEL … and COMMIT around the part.';
  return fault('sql-transaction-control', { why, fix, where });
}

function undoing({ statement, where }: ParsedStatement, opener: ParsedStatement | undefined): Finding {
  if (opener === undefined) {
    const why = `${statement.tag} is outside BEGIN … COMMIT: it would undo the whole file, or nothing.`;
    return fault('sql-transaction-control', { why, fix: 'Remove it.', where });
  }
  const why = `${statement.tag} undoes everything from ${placed(opener)} on, which would be recorded as applied.`;
  const fix = `To apply the part, write COMMIT instead. To try something and undo it, use SAVEPOINT and ROLLBACK TO. Otherwise remove the part.`;
  return fault('sql-transaction-control', { why, fix, where });
}

function unfinished({ statement, where }: ParsedStatement): Finding {
  const why = `${statement.tag} opens a transaction that no COMMIT ends: psql would undo it at the end of the file.`;
  return fault('sql-transaction-control', { why, fix: 'Write COMMIT after its last statement.', where });
}

function aloneAnyway({ statement, where }: ParsedStatement): Finding {
  const why = `${statement.tag} is not allowed here: with transaction=none, godwit sends each statement on its own.`;
  const fix = 'Remove it; or remove `transaction=none` and keep BEGIN … COMMIT.';
  return fault('sql-transaction-control', { why, fix, where });
}

function notHere({ statement, where }: ParsedStatement): Finding {
  if (statement.tag === 'PREPARE TRANSACTION') {
    const why = 'PREPARE TRANSACTION would leave the migration, with its record, for someone else to commit.';
    return fault('sql-transaction-control', { why, fix: 'Remove it, or write COMMIT.', where });
  }
  const why = `This ${statement.tag} would have no effect: godwit begins each transaction and sets its mode.`;
  const fix = 'State the mode after BEGIN, as in `BEGIN ISOLATION LEVEL SERIALIZABLE`, or remove it.';
  return fault('sql-transaction-control', { why, fix, where });
}

function placed({ statement, where }: ParsedStatement): string {
  return `${statement.tag} on line ${where.line ?? 0}`;
}
