import { fault } from '../kit/fault.ts';
import { firstTyped } from '../kit/option-name.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { OnDisconnect } from '../migrate/contract/task.ts';
import { readPlan, type PlanFile } from './plan-file.ts';
import { defaultWaitMs } from './tasks.ts';
import type { ChangeRequest } from './change.ts';
import { checkToolName } from './tool-name.ts';
import { selectionOf, type SelectionOptions } from './selection.ts';

/** The options of `up` and `down`; those that are undefined have their defaults. */
export interface ChangeOptions extends SelectionOptions {
  /** File of a reviewed plan. */
  readonly plan?: string | undefined;
  readonly detach?: boolean | undefined;
  /** Hash of a reviewed plan. */
  readonly planHash?: string | undefined;
  readonly verify?: boolean | undefined;
  readonly strict?: boolean | undefined;
  readonly destroyRows?: boolean | undefined;
  /** The tool whose history belongs to other migrations. */
  readonly ignoreForeign?: string | undefined;
  readonly allowRowLoss?: number | undefined;
  readonly waiveCheckpoint?: string | undefined;
  readonly waitMs?: number | undefined;
  readonly lockBudgetMs?: number | undefined;
  readonly takeOver?: boolean | undefined;
  readonly onDisconnect?: OnDisconnect | undefined;
}

/**
 * Turns the options into a request.
 *
 * @param cwd folder that the path of a plan is relative to
 */
export async function changeRequestOf(
  cwd: string,
  direction: 'up' | 'down',
  options: ChangeOptions,
): Promise<Outcome<ChangeRequest>> {
  const { to, file, outOfOrder, resumeUp, plan, tx } = options;
  const narrows = firstTyped({ to, file, outOfOrder, resumeUp, tx });
  if (plan !== undefined && narrows !== undefined) {
    return err(fault('wrong-usage', { why: `--plan and ${narrows} cannot be combined: the plan says what runs.` }));
  }
  const known = checkToolName('--ignore-foreign', options.ignoreForeign);
  if (!known.ok) return known;
  const reviewed = await reviewedPlan(plan, cwd, direction);
  if (!reviewed.ok) return reviewed;
  const selection = reviewed.value === undefined ? selectionOf(options, direction) : ok(reviewed.value.selection);
  if (!selection.ok) return selection;
  const { waiveCheckpoint: waived, lockBudgetMs } = options;
  const planHash = reviewed.value?.plan.hash ?? options.planHash;
  return ok({
    command: direction,
    detach: options.detach ?? false,
    selection: selection.value,
    waitMs: options.waitMs ?? defaultWaitMs,
    lose: options.allowRowLoss ?? 0,
    onDisconnect: options.onDisconnect ?? 'cancel',
    takeOver: options.takeOver ?? false,
    verify: options.verify ?? true,
    strict: options.strict ?? false,
    ...(lockBudgetMs === undefined ? {} : { lockBudgetMs }),
    ignoreForeign: options.ignoreForeign,
    ...(options.destroyRows === true ? { destroyRows: true } : {}),
    ...(waived === undefined ? {} : { waived }),
    ...(planHash === undefined ? {} : { planHash }),
    reviewed: reviewed.value,
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
