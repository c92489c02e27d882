import type { Statement } from './model.ts';

/** Indexes of the statements that a later ROLLBACK TO undoes. */
export function undoneIn(statements: readonly Pick<Statement, 'backTo'>[]): ReadonlySet<number> {
  const undone = new Set<number>();
  for (const [index, { backTo }] of statements.entries())
    for (let at = (backTo ?? index) + 1; at < index; at += 1) undone.add(at);
  return undone;
}
