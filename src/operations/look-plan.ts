import { nodeHashing } from '../adapters/files/hashing.ts';
import type { Finding } from '../kit/finding.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { Plan } from '../migrate/contract/model.ts';
import type { RunOutcome } from '../migrate/contract/run-outcome.ts';
import { reportedStatements } from '../migrate/plan/reported-statements.ts';
import type { Selection } from '../migrate/contract/task.ts';
import { whatIsApplied, type KnownResult } from './questions.ts';
import { ofAnyDatabase, planTask } from './tasks.ts';
import { eventOf, execute, type OperationContext } from './execute.ts';
import { lookUp } from './look-up.ts';
import type { Ready } from './ready.ts';

/** A plan, and what it was made from. */
export interface LookedPlan {
  readonly plan: Plan;
  readonly findings: readonly Finding[];
  readonly exitCode: number;
  readonly outcome: RunOutcome;
  readonly known?: KnownResult;
}

/**
 * What would run now. Far away it is made here, from the newest known history, where there is one: the run is bound to
 * it by its hash, so that one made from an old history is refused, never followed. Else it is made next to the database.
 *
 * @param anyDatabase true: that the database is not the pinned one is only said
 */
export async function lookPlan(
  operation: OperationContext,
  selection: Selection,
  anyDatabase = false,
): Promise<Outcome<LookedPlan>> {
  const { ready } = operation;
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

/** Undefined: what is known does not do for a plan. */
async function planFrom(
  { project, wired }: Ready,
  known: KnownResult,
  selection: Selection,
): Promise<Outcome<Omit<LookedPlan, 'known'>> | undefined> {
  const history = known.events.findLast((event) => event.kind === 'history');
  if (history?.state === undefined) return undefined;
  const { state, rows } = history;
  if (project.pinned !== undefined && state.environmentId !== '' && project.pinned.id !== state.environmentId)
    return undefined;
  const { makePlan } = await import('../migrate/plan/make-plan.ts');
  const recorded = reportedStatements(history, nodeHashing);
  const ports = { hashing: nodeHashing, recorded, ahead: project.environment.ahead };
  const made = await makePlan(wired.bundle, { ...state, rows }, selection, ports);
  // The texts of what has no file are next to the database.
  if (!made.ok && made.findings.some(({ code }) => code === 'down-from-history')) return undefined;
  if (!made.ok) return err(...made.findings);
  const { plan, findings } = made.value;
  return ok({ plan, findings, exitCode: 0, outcome: plan.steps.length === 0 ? 'nothing-to-do' : 'done' });
}
