import { bad, good, type Outcome } from '../../kit/outcome.ts';
import { appliedPart } from '../apply/applied-part.ts';
import type { PreparedStep } from '../apply/prepared.ts';
import { defaultLockTerms } from '../courtesy/terms.ts';
import type { History, PartialStatement } from '../history/read-history.ts';
import { guardRollback } from '../losses/guard-rollback.ts';
import type { MadePlan } from '../plan/make-plan.ts';
import type { Bundle, Session } from '../ports.ts';
import type { ApplyTask } from '../task.ts';
import { keepingDown } from './keep-down.ts';

/** Brings each step of the plan together with its bytes, its guards, and what an earlier attempt has already done. */
export async function prepareSteps(
  made: MadePlan,
  context: { readonly bundle: Bundle; readonly history: History; readonly session: Session; readonly schema: string },
  task: ApplyTask,
): Promise<Outcome<readonly PreparedStep[]>> {
  const { bundle, history } = context;
  const migrations = new Map(bundle.migrations.map((migration) => [migration.id, migration]));
  const guards = await guardRollback(made, { ...context, lose: task.lose });
  if (!guards.ok) return guards;
  const prepared: PreparedStep[] = [];
  for (const step of made.plan.steps) {
    const migration = migrations.get(step.id);
    const analysis = made.analyses.get(step.id);
    if (migration === undefined || analysis === undefined) throw new Error(`step ${step.id} without its migration`);
    const part = appliedPart(analysis, notesOf(history, step), step.file);
    if (!part.ok) return bad(...part.findings);
    const guard = guards.value.get(step.id);
    const keeping = step.direction === 'up' ? keepingDown(bundle, migration, context.schema) : undefined;
    prepared.push({
      step,
      migration,
      analysis,
      body: await bundle.body(migration, step.direction),
      ...(guard === undefined ? {} : { guard }),
      ...(keeping === undefined ? {} : { keeping }),
      part: part.value,
      locks: task.locks ?? defaultLockTerms,
    });
  }
  return good(prepared);
}

function notesOf({ partial }: History, { id, direction }: PreparedStep['step']): readonly PartialStatement[] {
  return partial.filter((note) => note.migration === id && note.direction === direction);
}

/** Steps as they stand after an attempt: what it has done of them is not done again. */
export function asTheyStand(prepared: readonly PreparedStep[], history: History): Outcome<readonly PreparedStep[]> {
  const steps: PreparedStep[] = [];
  for (const one of prepared) {
    const part = appliedPart(one.analysis, notesOf(history, one.step), one.step.file);
    if (!part.ok) return bad(...part.findings);
    steps.push({ ...one, part: part.value });
  }
  return good(steps);
}
