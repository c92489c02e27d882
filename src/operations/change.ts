import { fault } from '../kit/fault.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { PlanFile } from './plan-file.ts';
import { applyTask, type ApplyRequest } from './tasks.ts';
import { checkPromotion } from './check-promotion.ts';
import { refused, type OperationResult } from './operation-result.ts';
import { consent } from './consent.ts';
import { detach } from './detach.ts';
import type { OperationContext } from './execute.ts';
import { executeConfirmed } from './execute-confirmed.ts';
import type { Project } from '../project/open.ts';
import type { WireOptions } from '../project/wire.ts';
import type { Ready } from './ready.ts';

/** What `up` or `down` is asked to do. */
export interface ChangeRequest extends ApplyRequest {
  readonly command: 'up' | 'down';
  /** The reviewed plan that the request is bound to, if it was read from a file. */
  readonly reviewed?: PlanFile | undefined;
  /** True: the run is started and left alone. */
  readonly detach?: boolean | undefined;
}

/**
 * The whole of `up` and `down`, with every policy of the environment: the reviewed plan, the promotion from another
 * environment, consent, the checkpoint, one execution, hooks.
 */
export async function change(operation: OperationContext, request: ChangeRequest): Promise<OperationResult> {
  const { ready, ui } = operation;
  const reviewed = checkReviewed(ready, request.reviewed);
  if (!reviewed.ok) return refused(reviewed.findings);
  // A standalone script that undoes another is applied by `up` too.
  const up = request.command === 'up' && request.selection.direction === 'up';
  const hooks = up ? ready.project.environment.hooks.length : 0;
  const promoted = up ? await checkPromotion(operation, request) : ok(undefined);
  if (!promoted.ok) return refused(promoted.findings);
  const consented = await consent(operation, request);
  if (!consented.ok) return refused(consented.findings);
  // There is nothing to do and nothing to consent to, but hooks that have not passed are executed anyway.
  if (consented.value === undefined && hooks === 0) return { kind: 'nothing' };
  const task = await applyTask(ready.project, ready.actor, consented.value ?? request);
  if (request.detach === true) {
    if (hooks > 0) ui.onFinding(fault('hooks-left'));
    return await detach(operation, task);
  }
  if (hooks > 0) return { kind: 'ended', execution: await (await import('./hooks.ts')).upWithHooks(operation, task) };
  return { kind: 'ended', execution: await executeConfirmed(operation, task, (event) => ui.onEvent(event)) };
}

/**
 * The first task of such a change, if that is certain before it begins.
 *
 * @param asks true: a person is asked for the consent that a protected environment needs
 */
export function firstTaskOf(
  { reviewed, planHash, onDisconnect = 'cancel' }: ChangeRequest,
  asks: boolean,
): (project: Project) => WireOptions['first'] {
  return ({ environment }) => {
    if (environment.requires !== undefined) return undefined;
    if (reviewed !== undefined && reviewed.environment !== environment.name) return undefined;
    const isShown = environment.protected && planHash === undefined && asks;
    return isShown ? { kind: 'plan' } : { kind: 'apply', onDisconnect };
  };
}

/** Refuses a plan that was made for another environment. */
export function checkReviewed({ project }: Ready, reviewed: PlanFile | undefined): Outcome<void> {
  const { name } = project.environment;
  if (reviewed === undefined || reviewed.environment === name) return ok(undefined);
  const why = `The plan was made for the environment \`${reviewed.environment}\`, not for \`${name}\`.`;
  return err(fault('plan-changed', { why, fix: `Name its environment: -e ${reviewed.environment}.` }));
}
