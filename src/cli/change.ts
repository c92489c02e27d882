import { fault } from '../kit/fault.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import { readPlan, type PlanFile } from '../project/plan-file.ts';
import type { OnDisconnect } from '../migrate/contract/task.ts';
import { applyTask, defaultWaitMs, type ApplyRequest } from '../project/tasks.ts';
import type { Context, Result } from './command.ts';
import { dryRun } from './dry-run.ts';
import { resultAloud, withProject } from './execute.ts';
import { executeConfirmed } from './confirmed.ts';
import { consent } from './consent.ts';
import { detach } from './detach.ts';
import { checkPromotion, type Brought } from './promotion.ts';
import { failed } from './result.ts';
import { firstTyped } from './options/kinds.ts';
import { selectionOf, type SelectionOptions } from './options/selection.ts';

/** What was asked for; what is undefined has its default. */
export interface ChangeOptions extends SelectionOptions {
  readonly plan?: string | undefined;
  readonly dryRun?: boolean;
  readonly fresh?: boolean;
  readonly detach?: boolean;
  readonly verify?: boolean;
  readonly strict?: boolean;
  readonly destroyRows?: boolean;
  readonly allowRowLoss?: number | undefined;
  readonly waiveCheckpoint?: string | undefined;
  readonly waitMs?: number | undefined;
  readonly lockBudgetMs?: number | undefined;
  readonly takeOver?: boolean;
  readonly onDisconnect?: OnDisconnect | undefined;
}

/** `up` and `down`: what is asked for, the consent it needs, then one execution. */
export async function change(context: Context, direction: 'up' | 'down', options: ChangeOptions): Promise<Result> {
  const request = await requestOf(context, direction, options);
  if (!request.ok) return failed(request.findings);
  const { dryRun: isDry = false, detach: detached = false } = options;
  const reviewedFor = request.value.reviewed?.environment;
  const needs = {
    file: request.value.reviewed?.file ?? options.file,
    changes: true,
    detached,
    fresh: options.fresh ?? false,
  };
  return await withProject(context, needs, async (ready) => {
    if (reviewedFor !== undefined && reviewedFor !== ready.project.environment.name) {
      const why = `The plan was made for the environment \`${reviewedFor}\`, not for \`${ready.project.environment.name}\`.`;
      return failed([fault('plan-changed', { why, fix: `Name its environment: -e ${reviewedFor}.` })]);
    }
    if (isDry) return await dryRun(context, ready, request.value.selection);
    // A bare file that undoes another is applied by `up` too.
    const up = direction === 'up' && request.value.selection.direction === 'up';
    const hooks = up ? ready.project.environment.hooks.length : 0;
    const promoted = up ? await checkPromotion(context, ready, broughtBy(request.value)) : ok(undefined);
    if (!promoted.ok) return failed(promoted.findings);
    const consented = await consent(context, ready, request.value);
    if (!consented.ok) return failed(consented.findings);
    // Nothing to do, and nothing to consent to; hooks that have not passed are executed all the same.
    if (consented.value === undefined && hooks === 0)
      return { exitCode: 0, outcome: 'nothing-to-do', findings: [], data: {} };
    const task = await applyTask(ready.project, ready.actor, consented.value ?? request.value);
    if (hooks > 0 && detached) context.screen.finding(fault('hooks-left'));
    if (detached) return await detach(context, ready, task);
    if (hooks === 0) {
      const execution = await executeConfirmed(context, ready, task, (event) => context.screen.event(event));
      return resultAloud(context, ready, execution);
    }
    return await (await import('./hooks.ts')).upWithHooks(context, ready, task);
  });
}

/** What was typed, and the reviewed plan that it refers to. */
interface TypedChange extends ApplyRequest {
  readonly reviewed?: PlanFile;
}

function broughtBy({ selection, reviewed }: TypedChange): Brought {
  return reviewed === undefined ? { selection } : { selection, reviewed: reviewed.plan.steps.map(({ id }) => id) };
}

async function requestOf(
  { io }: Context,
  direction: 'up' | 'down',
  options: ChangeOptions,
): Promise<Outcome<TypedChange>> {
  const { to, file, outOfOrder, resumeUp, plan } = options;
  const narrows = firstTyped({ to, file, outOfOrder, resumeUp });
  if (plan !== undefined && narrows !== undefined) {
    return err(fault('wrong-usage', { why: `--plan and ${narrows} cannot be combined: the plan says what runs.` }));
  }
  const reviewed = await reviewedPlan(plan, io.cwd, direction);
  if (!reviewed.ok) return reviewed;
  const selection = reviewed.value === undefined ? selectionOf(options, direction) : ok(reviewed.value.selection);
  if (!selection.ok) return selection;
  const { waiveCheckpoint: waived, lockBudgetMs } = options;
  return ok({
    command: direction,
    selection: selection.value,
    waitMs: options.waitMs ?? defaultWaitMs,
    lose: options.allowRowLoss ?? 0,
    onDisconnect: options.onDisconnect ?? 'cancel',
    takeOver: options.takeOver ?? false,
    verify: options.verify ?? true,
    strict: options.strict ?? false,
    ...(lockBudgetMs === undefined ? {} : { lockBudgetMs }),
    ...(options.destroyRows === true ? { destroyRows: true } : {}),
    ...(waived === undefined ? {} : { waived }),
    ...(reviewed.value === undefined ? {} : { planHash: reviewed.value.plan.hash, reviewed: reviewed.value }),
  });
}

async function reviewedPlan(
  file: string | undefined,
  cwd: string,
  direction: 'up' | 'down',
): Promise<Outcome<PlanFile | undefined>> {
  if (file === undefined) return ok(undefined);
  const read = await readPlan(cwd, file);
  if (!read.ok || read.value.selection.direction === direction) return read;
  const other = read.value.selection.direction;
  return err(
    fault('plan-file-invalid', {
      why: `The plan is for \`godwit ${other}\`.`,
      fix: `Run \`godwit ${other} --plan ${file}\`.`,
      where: { file },
    }),
  );
}
