import type { Finding } from '../../kit/finding.ts';
import { bad, good, type Outcome } from '../../kit/outcome.ts';
import type { PreparedStep } from '../apply/prepared.ts';
import type { History, PartialStatement } from '../history/read-history.ts';
import type { MadePlan } from '../plan/make-plan.ts';
import type { Bundle, Session } from '../ports.ts';
import type { ApplyTask } from '../task.ts';
import { rowGuards } from './row-guards.ts';

/** Brings each step of the plan together with its bytes, its guards, and what an earlier attempt has already done. */
export async function prepareSteps(
  made: MadePlan,
  context: { readonly bundle: Bundle; readonly history: History; readonly session: Session },
  task: ApplyTask,
): Promise<Outcome<readonly PreparedStep[]>> {
  const { bundle, history, session } = context;
  const migrations = new Map(bundle.migrations.map((migration) => [migration.id, migration]));
  const partial = partialByMigration(history);
  const prepared: PreparedStep[] = [];
  const refused: Finding[] = [];
  for (const step of made.plan.steps) {
    const migration = migrations.get(step.id);
    const analysis = made.analyses.get(step.id);
    if (migration === undefined || analysis === undefined) throw new Error(`step ${step.id} without its migration`);
    const attempt = partial.get(`${step.direction}:${step.id}`) ?? [];
    const guards =
      step.direction === 'down' ? await rowGuards({ bundle, session, lose: task.lose }, migration, analysis) : good([]);
    if (!guards.ok) {
      refused.push(...guards.findings);
      continue;
    }
    const begun = attempt.find((statement) => statement.state === 'intent')?.ordinal;
    prepared.push({
      step,
      migration,
      analysis,
      body: await bundle.body(migration, step.direction),
      guards: guards.value,
      done: new Map(attempt.filter(({ state }) => state === 'done').map(({ ordinal, hash }) => [ordinal, hash])),
      ...(begun === undefined ? {} : { begun }),
    });
  }
  return refused.length > 0 ? bad(...refused) : good(prepared);
}

function partialByMigration(history: History): ReadonlyMap<string, readonly PartialStatement[]> {
  const map = new Map<string, PartialStatement[]>();
  for (const statement of history.partial) {
    const key = `${statement.direction}:${statement.migration}`;
    map.set(key, [...(map.get(key) ?? []), statement]);
  }
  return map;
}
