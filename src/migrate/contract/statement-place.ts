import type { Place } from '../../kit/finding.ts';
import type { Statement } from './model.ts';

/** The place of a statement's first token. */
export function statementPlace(statement: Pick<Statement, 'line' | 'column'>, file: string): Place {
  return { file, line: statement.line, column: statement.column };
}
