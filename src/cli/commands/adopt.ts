import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { nearest } from '../../kit/nearest.ts';
import { versionIn } from '../../migrate/contract/migration-id.ts';
import type { Migration, Plan } from '../../migrate/contract/model.ts';
import type { Selection } from '../../migrate/contract/task.ts';
import { rehearseAdoption, type RehearsedAdoption } from '../../project/rehearse-adoption.ts';
import { applyTask, inspectTask, ofAnyDatabase } from '../../project/tasks.ts';
import type { Context, Result, Run } from '../command.ts';
import { consent } from '../consent.ts';
import { eventOf, executeAloud, executeQuietly, progressOn, withProject, type Ready } from '../execute.ts';
import { historyAsSql } from '../export-history.ts';
import { failed } from '../result.ts';
import { planLines } from '../screen/plan.ts';
import { waitOf } from '../wishes.ts';

/** `godwit adopt` */
export const adopt: Run = async (context) => {
  const { typed } = context;
  if (typed.switches.has('identity')) return await (await import('./identify.ts')).identify(context);
  if (typed.values['reason'] !== undefined)
    return failed([
      fault('wrong-usage', { why: '--reason belongs to --identity: it says why the database is another one.' }),
    ]);
  const wait = waitOf(typed);
  if (!wait.ok) return failed(wait.findings);
  const baseline = typed.values['baseline'];
  if (baseline !== undefined && !/^\d{1,40}$/.test(baseline))
    return failed([fault('wrong-usage', { why: `--baseline ${baseline}: a version is a number.` })]);
  if (baseline !== undefined && typed.arguments.length > 0)
    return failed([fault('wrong-usage', { why: 'Name migrations, or give --baseline VERSION, not both.' })]);
  return await withProject(context, { changes: true }, async (ready) => {
    if (typed.switches.has('export')) return await exportHistory(context, ready);
    const only = idsOf(typed.arguments, ready.wired.bundle.migrations);
    if (!only.ok) return failed(only.findings);
    const how = baseline === undefined ? 'adopt' : 'baseline';
    const selection: Selection = {
      direction: 'up',
      outOfOrder: only.value.length > 0,
      ...(baseline === undefined ? {} : { to: baseline }),
      ...(only.value.length === 0 ? {} : { only: only.value }),
    };
    const prepared = await prepare(context, ready, selection, how);
    if (!prepared.ok) return failed(prepared.findings);
    const { plan, bundle, look, findings } = prepared.value;
    for (const finding of findings) context.screen.event({ kind: 'finding', finding });
    const rehearsed = { ...ready, wired: { ...ready.wired, bundle } };
    if (typed.switches.has('dry-run')) return showLook(context, { plan, look }, how);
    const consented = await consent(context, ready, { command: 'adopt', how, selection, waitMs: wait.value });
    if (!consented.ok) return failed(consented.findings);
    if (consented.value === undefined) return { exitCode: 0, outcome: 'nothing-to-do', findings: [], data: {} };
    return await executeAloud(context, rehearsed, await applyTask(ready.project, ready.actor, consented.value));
  });
};

/** Runs the migrations on a throwaway server, and looks how far the database is what they make. Ctrl-C ends it at once. */
async function prepare(context: Context, ready: Ready, selection: Selection, how: 'adopt' | 'baseline') {
  const { screen, signal } = context;
  const tell = progressOn(context);
  return await rehearseAdoption(ready.project, {
    bundle: ready.wired.bundle,
    actor: ready.actor,
    selection,
    how,
    execute: async (task, bundle) => {
      const wired = { ...ready.wired, bundle };
      return await executeQuietly(context, { ...ready, wired }, task);
    },
    onProgress: (text, step) => (step === 'step' ? screen.passing(text) : tell(text, step)),
    signal,
  });
}

/** `--dry-run`: what would be recorded, and what would be said. */
function showLook(
  context: Context,
  { plan, look }: Pick<RehearsedAdoption, 'plan' | 'look'>,
  how: 'adopt' | 'baseline',
): Result {
  const { screen } = context;
  screen.settle();
  const adoption = look.events.findLast((event) => event.kind === 'adoption');
  const recorded = new Set([...(adoption?.proven ?? []), ...(adoption?.baseline ?? [])]);
  const without = new Set(adoption?.baseline ?? (how === 'baseline' ? plan.steps.map(({ id }) => id) : []));
  const shown = (steps: Plan['steps'], kind: 'adopt' | 'baseline'): void => {
    if (steps.length > 0) screen.say(...planLines({ ...plan, steps }, screen.style, kind));
  };
  if (plan.steps.length === 0) screen.say(...planLines(plan, screen.style, how));
  shown(
    plan.steps.filter(({ id }) => recorded.has(id) && !without.has(id)),
    'adopt',
  );
  shown(
    plan.steps.filter(({ id }) => without.has(id)),
    'baseline',
  );
  for (const event of look.events) if (screen.json || event.kind === 'finding') screen.event(event);
  return { exitCode: look.exitCode, outcome: look.outcome, findings: [] };
}

/** Migrations by version or name; each must exist. */
function idsOf(names: readonly string[], migrations: readonly Migration[]): Outcome<readonly string[]> {
  const ids: string[] = [];
  for (const name of names) {
    const canonical = /^\d+$/.test(name) ? String(BigInt(name)) : name;
    const found = migrations.find(
      (one) => versionIn(one.id) === canonical || one.name === name || one.up.file.endsWith(`/${name}`),
    );
    if (found === undefined) {
      const near = nearest(
        name,
        migrations.map((one) => one.name),
      );
      return err(
        fault('wrong-usage', {
          why: `There is no migration \`${name}\`.`,
          ...(near === undefined ? {} : { fix: `Did you mean \`${near}\`?` }),
        }),
      );
    }
    ids.push(found.id);
  }
  return ok(ids);
}

async function exportHistory(context: Context, ready: Ready): Promise<Result> {
  const task = ofAnyDatabase(inspectTask(ready.project, ready.actor, { what: 'history' }));
  const execution = await executeQuietly(context, ready, task);
  const history = eventOf(execution, 'history');
  if (!history.ok) return failed(history.findings);
  if (context.screen.json) {
    for (const event of execution.events) context.screen.event(event);
  } else {
    for (const finding of execution.findings) context.screen.finding(finding);
    context.screen.product(historyAsSql(history.value.rows));
  }
  return { exitCode: 0, outcome: 'done', findings: [] };
}
