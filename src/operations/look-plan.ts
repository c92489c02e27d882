import { nodeHashing } from '../adapters/files/hashing.ts';
import type { Finding } from '../kit/finding.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { Plan } from '../migrate/contract/model.ts';
import type { RunOutcome } from '../migrate/contract/run-outcome.ts';
import { reportedStatements } from '../migrate/plan/reported-statements.ts';
import type { Selection } from '../migrate/contract/task.ts';
import { whatIsApplied, type KnownResult } from './questions.ts';
import { withDefaults } from './selection.ts';
import { ofAnyDatabase, planTask } from './tasks.ts';
import { eventOf, execute, type OperationContext } from './execute.ts';
import { lookUp } from './look-up.ts';
import type { Ready } from './ready.ts';

/** A plan, and the known result that it was made from, if any. */
export interface LookedPlan {
  readonly plan: Plan;
  readonly findings: readonly Finding[];
  readonly exitCode: number;
  readonly outcome: RunOutcome;
  readonly known?: KnownResult;
}

/**
 * Plans what would run now. For a remote environment the plan is made here, from the newest known history, if there is
 * one: the run is bound to the plan by its hash, so a plan made from an outdated history is refused, never executed.
 * Otherwise the plan is made next to the database.
 *
 * @param anyDatabase true: only warns if the database is not the pinned one
 */
export async function lookPlan(
  operation: OperationContext,
  asked: Selection,
  anyDatabase = false,
): Promise<Outcome<LookedPlan>> {
  const { ready } = operation;
  const selection = withDefaults(asked, ready.project.environment);
  const known = await lookUp(operation, whatIsApplied);
  const made = known === undefined ? undefined : await planFrom(ready, known, selection);
  if (known !== undefined && made !== undefined) return made.ok ? ok({ ...made.value, known }) : made;
  const task = planTask(ready.project, ready.actor, selection);
  const execution = await execute(operation, anyDatabase ? ofAnyDatabase(task) : task, { question: 'plan' });
  const event = eventOf(execution, 'plan');
  if (!event.ok) return event;
  const { exitCode, outcome, findings } = execution;
  return ok({ plan: event.value.plan, exitCode, outcome, findings });
}

/** Makes the plan from a known result; undefined: the result does not suffice. */
async function planFrom(
  { project, wired }: Ready,
  known: KnownResult,
  selection: Selection,
): Promise<Outcome<Omit<LookedPlan, 'known'>> | undefined> {
  const history = known.events.findLast((event) => event.kind === 'history');
  if (history?.state === undefined) return undefined;
  const { state, rows, foreign } = history;
  // Whether these are the migrations of the folder is known next to the database.
  if (foreign !== undefined) return undefined;
  if (project.pinned !== undefined && state.environmentId !== '' && project.pinned.id !== state.environmentId)
    return undefined;
  const { makePlan } = await import('../migrate/plan/make-plan.ts');
  const recorded = reportedStatements(history, nodeHashing);
  const ports = { hashing: nodeHashing, recorded, ahead: project.environment.ahead };
  const made = await makePlan(wired.bundle, { ...state, rows }, selection, ports);
  // The texts of migrations without files are next to the database.
  if (!made.ok && made.findings.some(({ code }) => code === 'down-from-history')) return undefined;
  if (!made.ok) return err(...made.findings);
  const { plan, findings } = made.value;
  return ok({ plan, findings, exitCode: 0, outcome: plan.steps.length === 0 ? 'nothing-to-do' : 'done' });
}
