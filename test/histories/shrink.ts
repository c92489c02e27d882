import type { Verdict } from './evaluate.ts';
import type { History } from './history.ts';

/** A history and what became of it. */
export interface Result {
  readonly history: History;
  readonly verdict: Verdict;
}

/** Leaves out runs, files, others' changes and statements while the first failure stays the same. */
export async function shrink(result: Result, judge: (history: History) => Promise<Verdict>): Promise<Result> {
  let best = result;
  const [wanted] = result.verdict.failures;
  if (wanted === undefined) return result;
  let budget = 150;
  const fails = async (history: History): Promise<boolean> => {
    budget -= 1;
    const verdict = await judge(history);
    const same = verdict.failures.some(({ kind, about }) => kind === wanted.kind && about === wanted.about);
    if (same) best = { history, verdict };
    return same;
  };
  for (let smaller = true; smaller;) {
    smaller = false;
    for (const candidate of candidates(best.history)) {
      if (budget <= 0 || !(await fails(candidate))) continue;
      smaller = true;
      break;
    }
  }
  return best;
}

/** Each history with one thing less, large things first. */
function* candidates(history: History): Generator<History> {
  const { runs, foreign, damages } = history;
  for (const [index] of runs.entries()) {
    if (runs.length > 1)
      yield {
        ...history,
        runs: without(runs, index),
        foreign: foreign
          .filter(({ run }) => run !== index + 1)
          .map((one) => (one.run > index + 1 ? { ...one, run: one.run - 1 } : one)),
      };
  }
  if (foreign.length > 0) yield { ...history, foreign: [] };
  if (damages.length > 1) for (const sql of damages) yield { ...history, damages: [sql] };
  if (damages.length > 0) yield { ...history, damages: [] };
  for (const [r, migrations] of runs.entries())
    for (const [m] of migrations.entries())
      if (migrations.length > 1) yield { ...history, runs: replaced(runs, r, without(migrations, m)) };
  for (const [index] of foreign.entries()) yield { ...history, foreign: without(foreign, index) };
  for (const size of [8, 4, 2, 1])
    for (const [r, migrations] of runs.entries())
      for (const [m, migration] of migrations.entries())
        for (let first = Math.max(0, migration.statements.length - size); first >= 0; first -= size) {
          const statements = [...migration.statements.slice(0, first), ...migration.statements.slice(first + size)];
          if (statements.length === migration.statements.length || statements.length === 0) continue;
          yield { ...history, runs: replaced(runs, r, replaced(migrations, m, { ...migration, statements })) };
        }
}

function without<T>(list: readonly T[], index: number): readonly T[] {
  return list.filter((_, at) => at !== index);
}

function replaced<T>(list: readonly T[], index: number, item: T): readonly T[] {
  return list.map((old, at) => (at === index ? item : old));
}
