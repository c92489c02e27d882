import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { transactionControl, type TransactionControl } from '../../sql/transaction-control.ts';
import type { ParsedStatement } from './parsed-statement.ts';

/** The statements without a BEGIN … COMMIT of their own around all of them. */
export interface Unwrapped {
  readonly statements: readonly ParsedStatement[];
  readonly wrapped: boolean;
}

/**
 * Takes one `BEGIN … COMMIT` around the whole file away (SETs may stand before it) and reports every other statement
 * that controls the transaction.
 * @param alone The file says `transaction=none`, which leaves no room for a pair of its own.
 */
export function unwrap(statements: readonly ParsedStatement[], alone: boolean, findings: Finding[]): Unwrapped {
  const controls = statements.flatMap((statement, index) => {
    const control = transactionControl(statement.node);
    return control === undefined ? [] : [{ control, statement, index }];
  });
  const first = controls[0];
  const last = controls.at(-1);
  if (first === undefined || last === undefined) return { statements, wrapped: false };
  const wrapped =
    !alone &&
    first.control === 'begin' &&
    last.control === 'commit' &&
    last.index === statements.length - 1 &&
    statements.slice(0, first.index).every(({ statement }) => statement.tag === 'SET');
  const refused = wrapped ? controls.slice(1, -1) : controls;
  for (const { control, statement } of refused) findings.push(refusal(control, statement, alone));
  if (!wrapped) return { statements, wrapped };
  return { statements: statements.filter((one) => one !== first.statement && one !== last.statement), wrapped };
}

function refusal(control: TransactionControl, { statement, where }: ParsedStatement, alone: boolean): Finding {
  const { tag } = statement;
  if (alone) {
    const why = `${tag} cannot stand here: with transaction=none each statement is sent alone.`;
    const fix = 'Remove it; or remove `transaction=none` and keep one BEGIN … COMMIT around the whole file.';
    return fault('sql-transaction-control', { why, fix, where });
  }
  if (control === 'other' && tag === 'SET') {
    const why =
      'SET of the transaction’s mode comes too late or fails: the transaction is godwit’s, READ COMMITTED and READ WRITE.';
    return fault('sql-transaction-control', { why, fix: 'Remove the statement.', where });
  }
  const why = `${tag} stands inside the file. Godwit runs a migration and its record in one transaction, which ${tag} would tear apart.`;
  return fault('sql-transaction-control', { why, where });
}
