import { wantsCheckpoint } from '../migrate/contract/checkpoint.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import type { Plan } from '../migrate/contract/model.ts';
import type { Selection } from '../migrate/contract/task.ts';
import { plannedCheckpoint } from '../operations/checkpoint-method.ts';
import { withDefaults } from '../operations/selection.ts';
import { planTask } from '../operations/tasks.ts';
import type { Context, Result } from './command.ts';
import { eventOf } from '../operations/execute.ts';
import type { Ready } from '../operations/ready.ts';
import { operationOf, execute, resultOf } from './execute.ts';
import { lookPlan } from '../operations/look-plan.ts';
import { failed } from './result.ts';
import { countOf } from './screen/format.ts';
import { checkpointNote, planLines } from './screen/plan.ts';

/** `--dry-run`: shows the plan; for a remote environment, also what the run would create and cost. */
export async function dryRun(context: Context, ready: Ready, selection: Selection): Promise<Result> {
  if (ready.project.remote !== undefined) return await dryRunRemote(context, ready, selection);
  const onEvent = (event: RunEvent): void => {
    if (context.screen.json || event.kind === 'finding' || event.kind === 'lock.blocked') context.screen.event(event);
    if (event.kind === 'plan') context.screen.answer(...planLines(event.plan, context.screen.style));
  };
  const task = planTask(ready.project, ready.actor, withDefaults(selection, ready.project.environment));
  const execution = await execute(context, ready, task, { onEvent });
  const planned = eventOf(execution, 'plan');
  if (planned.ok) await sayCheckpoint(context, ready, planned.value.plan);
  if (planned.ok) sayHooks(context, ready, selection);
  return resultOf(execution);
}

async function sayCheckpoint({ screen }: Context, { project }: Ready, plan: Plan): Promise<void> {
  if (!screen.json) screen.answer(...checkpointNote(await plannedCheckpoint(project, plan), screen.style));
}

function sayHooks({ screen }: Context, { project }: Ready, { direction }: Selection): void {
  const names = project.environment.hooks.map(({ name }) => name);
  if (direction === 'down' || names.length === 0) return;
  const cost = project.remote === undefined ? '' : ', an execution each';
  screen.answer(screen.style.dim(`Afterwards: ${countOf(names.length, 'hook')} (${names.join(', ')})${cost}.`));
}

async function dryRunRemote(context: Context, ready: Ready, selection: Selection): Promise<Result> {
  const { screen } = context;
  const made = await lookPlan(operationOf(context, ready), selection);
  if (!made.ok) return failed(made.findings);
  const { plan, exitCode, outcome } = made.value;
  const { findings } = made.value;
  for (const finding of findings) screen.event({ kind: 'finding', finding });
  screen.event({ kind: 'plan', plan });
  screen.answer(...planLines(plan, screen.style));
  await sayCheckpoint(context, ready, plan);
  sayHooks(context, ready, selection);
  const cost = await costOf(ready, plan);
  if (!cost.ok) return failed(cost.findings);
  if (plan.steps.length > 0) {
    screen.event(cost.value);
    screen.answer(...costLines(cost.value));
  }
  // With --json, the command ends like a run: with the closing event.
  if (!screen.json) return { exitCode, outcome, findings: [] };
  const closing = { run: '', outcome: outcome as 'done', exitCode, events: findings.length + 2, ms: 0 };
  screen.event({ kind: 'run.finished', ...closing });
  return { exitCode, outcome, findings: [] };
}

type Cost = Extract<RunEvent, { readonly kind: 'cost' }>;

/** Computes what a run of this plan would create. */
async function costOf({ project, wired }: Ready, plan: Plan) {
  const { carryBundle } = await import('../adapters/bundle/carry-bundle.ts');
  const carried = await carryBundle(wired.bundle);
  if (!carried.ok) return carried;
  const { remote, environment } = project;
  const layer = carried.value.kind === 'layer';
  const bytes =
    carried.value.kind === 'layer'
      ? carried.value.files.reduce((sum, { source }) => sum + source.size, 0)
      : carried.value.value.length;
  const checkpoint = wantsCheckpoint(plan, environment.checkpoint);
  const cost: Cost = {
    kind: 'cost',
    place: remote?.place ?? '',
    job: remote?.options.job ?? 'ephemeral',
    executions: checkpoint ? 2 : 1,
    checkpoint,
    bundle: { travels: layer ? 'image layer' : 'variable', bytes },
    account: remote?.options.serviceAccount ?? '',
  };
  return { ok: true as const, value: cost };
}

function costLines({ executions, checkpoint, bundle, job, account }: Cost): readonly string[] {
  const size = bundle.bytes < 1_024 ? `${bundle.bytes} bytes` : `${(bundle.bytes / 1_024).toFixed(1)} KiB`;
  const second = checkpoint ? ': one finds that a checkpoint is needed, which is then taken; one applies' : '';
  return [
    '',
    `It would take ${countOf(executions, 'execution')}${second}.`,
    job === 'stable'
      ? '  job      the environment’s own, which remains'
      : '  job      one that is created for the run and deleted afterwards',
    `  account  ${account}`,
    bundle.travels === 'variable'
      ? `  bundle   ${size} in a variable of the job; the image is the same for every run`
      : `  bundle   ${size} as a layer of the image, pushed once`,
  ];
}
