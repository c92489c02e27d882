import { fault } from '../kit/fault.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { ApplyRequest } from '../project/tasks.ts';
import type { Context } from './command.ts';
import type { Ready } from './execute.ts';
import { lookPlan } from './look-plan.ts';
import { planLines } from './screen/plan.ts';

/**
 * In a protected environment a person sees the plan and types the environment's name; the run is then bound to that
 * plan. Where nobody can be asked, the runner refuses with `needs-approval`. Undefined: there is nothing to do.
 */
export async function consent(
  context: Context,
  ready: Ready,
  request: ApplyRequest,
): Promise<Outcome<ApplyRequest | undefined>> {
  const { io, screen } = context;
  const { environment } = ready.project;
  if (!environment.protected || request.planHash !== undefined || !io.interactive || screen.json) return ok(request);
  const made = await lookPlan(context, ready, request.selection);
  if (!made.ok) return made;
  const { plan } = made.value;
  screen.say(...planLines(plan, screen.style));
  if (plan.steps.length === 0) return ok(undefined);
  const answer = await io.ask(`\n${environment.name} is protected. Type its name to continue: `);
  if (context.signal.aborted)
    return err(fault('interrupted', { why: 'Cancelled at the confirmation prompt; nothing was changed.' }));
  if (answer?.trim() === environment.name) return ok({ ...request, planHash: plan.hash, nameTyped: true });
  return err(fault('needs-approval', { why: `The name of the environment was not typed; nothing was changed.` }));
}
