import { rollsBackTo } from '../../sql/savepoints.ts';
import { undoneIn } from '../contract/undone-statements.ts';
import type { ParsedStatement } from './parsed-statement.ts';

/**
 * The statements, each ROLLBACK TO with the savepoint that it returns to. Statements that it undoes destroy nothing.
 * @param savepoints Which savepoint a RELEASE or ROLLBACK TO means, by index.
 */
export function withUndone(
  statements: readonly ParsedStatement[],
  savepoints: ReadonlyMap<number, number>,
): readonly ParsedStatement[] {
  if (savepoints.size === 0) return statements;
  const marked = statements.map((one, index): ParsedStatement => {
    const backTo = rollsBackTo(one.node) ? savepoints.get(index) : undefined;
    return backTo === undefined ? one : { ...one, statement: { ...one.statement, backTo } };
  });
  const undone = undoneIn(marked.map(({ statement }) => statement));
  return marked.map((one, index) => {
    if (!undone.has(index)) return one;
    const { destroys: _, ...statement } = one.statement;
    return { ...one, statement };
  });
}
