import { fault } from '../kit/fault.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { ApplyRequest, ExecRequest } from './tasks.ts';
import type { OperationContext } from './execute.ts';
import { lookPlan } from './look-plan.ts';

/**
 * In a protected environment, shows the plan and has a person type the environment's name; the run is then bound to
 * that plan. If nobody can be asked, the runner refuses with `needs-approval`.
 *
 * @returns undefined: there is nothing to do
 */
export async function consent(
  operation: OperationContext,
  request: ApplyRequest,
): Promise<Outcome<ApplyRequest | undefined>> {
  const { ready, ui, signal } = operation;
  const { environment } = ready.project;
  if (!environment.protected || request.planHash !== undefined || ui.confirm === undefined) return ok(request);
  const made = await lookPlan(operation, request.selection);
  if (!made.ok) return made;
  const { plan } = made.value;
  ui.onNote({ kind: 'plan', plan });
  if (plan.steps.length === 0) return ok(undefined);
  const confirmed = await ui.confirm({ kind: 'change', environment: environment.name });
  if (signal.aborted)
    return err(fault('interrupted', { why: 'Cancelled at the confirmation prompt; nothing was changed.' }));
  if (confirmed) return ok({ ...request, planHash: plan.hash, nameTyped: true });
  return err(fault('needs-approval', { why: `The name of the environment was not typed; nothing was changed.` }));
}

/** Asks for the same consent to a command, which has no plan. */
export async function consentToCommand(
  operation: OperationContext,
  request: ExecRequest,
): Promise<Outcome<ExecRequest>> {
  const { ready, ui, signal } = operation;
  const { name, protected: isProtected } = ready.project.environment;
  if (!isProtected || ui.confirm === undefined) return ok({ ...request, approved: false });
  const confirmed = await ui.confirm({ kind: 'command', environment: name, words: request.words });
  if (signal.aborted)
    return err(fault('interrupted', { why: 'Cancelled at the confirmation prompt; nothing was executed.' }));
  if (confirmed) return ok({ ...request, approved: true });
  const why = 'The name of the environment was not typed; nothing was executed.';
  return err(fault('needs-approval', { why, fix: `Type \`${name}\` when asked.` }));
}
