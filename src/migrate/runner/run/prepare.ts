import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import { appliedPart } from '../../plan/applied-part.ts';
import { bringBackOf, type UndoneScripts } from '../../plan/back-steps.ts';
import type { PreparedStep } from '../apply/prepared.ts';
import { defaultLockPolicy } from '../../contract/lock-policy.ts';
import { appliedNow, type History, type PartialStatement } from '../../contract/history.ts';
import { guardRollback } from '../rollback/guard-rollback.ts';
import type { MadePlan } from '../../plan/make-plan.ts';
import type { Migration, PlanStep } from '../../contract/model.ts';
import type { Bundle, Session } from '../../contract/ports.ts';
import type { ApplyTask } from '../../contract/task.ts';
import { keepingDown } from '../history/keep-down.ts';

/** Joins each step of the plan with its bytes, its guards, and what an earlier attempt has already done. */
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
    if (!part.ok) return err(...part.findings);
    const back = step.resumes === true ? await scriptsOf(bundle, migration) : ok(undefined);
    if (!back.ok) return back;
    const guard = guards.value.get(step.id);
    const keeping =
      step.direction === 'up' && step.resumes !== true ? keepingDown(bundle, migration, context.schema) : undefined;
    const one: PreparedStep = {
      step,
      migration,
      analysis,
      body: await bundle.body(migration, step.direction),
      ...(guard === undefined ? {} : { guard }),
      ...(keeping === undefined ? {} : { keeping }),
      part: part.value,
      locks: task.locks ?? defaultLockPolicy,
      ...backIn(history, step),
    };
    const resuming = back.value === undefined ? ok(one) : resumed(one, history, back.value);
    if (!resuming.ok) return resuming;
    prepared.push(resuming.value);
  }
  return ok(prepared);
}

async function scriptsOf(bundle: Bundle, migration: Migration): Promise<Outcome<UndoneScripts>> {
  const [up, down] = await Promise.all([bundle.analysis(migration, 'up'), bundle.analysis(migration, 'down')]);
  if (!up.ok) return up;
  if (!down.ok) return down;
  return ok({ up: up.value, down: down.value, file: migration.down?.file ?? migration.up.file });
}

/** The step with what is to be done again, according to the present history. */
function resumed(one: PreparedStep, history: History, scripts: UndoneScripts): Outcome<PreparedStep> {
  const back = bringBackOf(scripts, notesOf(history, { id: one.step.id, direction: 'down' }));
  if (!back.ok) return back;
  const seq = appliedNow(history.rows).find(({ id }) => id === one.step.id)?.seq ?? 0;
  return ok({ ...one, bringsBack: { ...back.value, seq, scripts } });
}

/** Of a rollback: what `up --resume-up` had started when it died. */
function backIn({ partial }: History, { id, direction }: PlanStep): Pick<PreparedStep, 'broughtBack'> {
  const started = partial.find((note) => note.migration === id && note.direction === 'up' && note.state === 'intent');
  return direction === 'down' && started !== undefined ? { broughtBack: started } : {};
}

function notesOf(
  { partial }: History,
  { id, direction }: Pick<PlanStep, 'id' | 'direction'>,
): readonly PartialStatement[] {
  return partial.filter((note) => note.migration === id && note.direction === direction);
}

/** The steps in their state after an attempt: what it has done is not done again. */
export function asTheyStand(prepared: readonly PreparedStep[], history: History): Outcome<readonly PreparedStep[]> {
  const steps: PreparedStep[] = [];
  for (const one of prepared) {
    const part = appliedPart(one.analysis, notesOf(history, one.step), one.step.file);
    if (!part.ok) return err(...part.findings);
    const { broughtBack: _, ...rest } = one;
    const standing = { ...rest, part: part.value, ...backIn(history, one.step) };
    const scripts = one.bringsBack?.scripts;
    const resuming = scripts === undefined ? ok(standing) : resumed(standing, history, scripts);
    if (!resuming.ok) return resuming;
    steps.push(resuming.value);
  }
  return ok(steps);
}
