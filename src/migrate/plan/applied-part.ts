import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { PartialStatement } from '../contract/history.ts';
import type { Analysis, Statement } from '../contract/model.ts';
import { describeGroup } from '../read/statement-groups.ts';
import { statementPlace } from '../contract/statement-place.ts';

/** What an earlier attempt has committed of a migration that does not run in one transaction. */
export interface AppliedPart {
  /** How many statements of the file are done: it resumes with the next one. */
  readonly through: number;
  /** A statement that was started and has no recorded end. */
  readonly started?: PartialStatement;
}

/**
 * Compares the notes of an earlier attempt with the present file. A note may cover several statements that were timed
 * together, so the notes are matched with the statements in order; a difference from an executed statement is a
 * finding, and statements added after them are not done yet.
 *
 * @param notes the executed statements of this partly applied migration in this direction
 */
export function appliedPart(
  analysis: Analysis,
  notes: readonly PartialStatement[],
  file: string,
): Outcome<AppliedPart> {
  const done = notes.filter(({ state }) => state === 'done').sort((a, b) => a.ordinal - b.ordinal);
  let through = 0;
  for (const note of done) {
    const last = coveredBy(note, analysis.statements, through);
    if (last === undefined) return err(changed(analysis.statements[through], through, file));
    through = last + 1;
  }
  const started = notes.find(({ state }) => state === 'intent');
  return ok({ through, ...(started === undefined ? {} : { started }) });
}

/** The last statement that a note covers when it begins at `first`; undefined if it does not fit. */
function coveredBy(note: PartialStatement, statements: readonly Statement[], first: number): number | undefined {
  let count = 0;
  for (let last = first; last < statements.length; last += 1) {
    count += statements[last]?.count ?? 0;
    if (count < note.count) continue;
    return count === note.count && describeGroup(statements, { first, last }).hash === note.hash ? last : undefined;
  }
  return undefined;
}

function changed(statement: Statement | undefined, index: number, file: string): Finding {
  const where = statement === undefined ? { file } : statementPlace(statement, file);
  const why = `An earlier run executed a different version of statement ${index + 1}, or of one that was timed together with it.`;
  return fault('applied-part-changed', { where, why });
}
