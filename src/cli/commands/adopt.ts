import { fault } from '../../kit/fault.ts';
import { bad, good, type Outcome } from '../../kit/outcome.ts';
import { nearest } from '../../kit/nearest.ts';
import type { Migration } from '../../migrate/model.ts';
import type { Selection } from '../../migrate/task.ts';
import { applyTask, inspectTask } from '../../project/tasks.ts';
import type { Context, Result, Run } from '../command.ts';
import { consent } from '../consent.ts';
import { dryRun } from '../dry-run.ts';
import { eventOf, executeAloud, executeQuietly, withProject, type Ready } from '../execute.ts';
import { historyAsSql } from '../export-history.ts';
import { failed } from '../result.ts';
import { waitOf } from '../wishes.ts';

/** `godwit adopt` */
export const adopt: Run = async (context) => {
  const { typed } = context;
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
    if (typed.switches.has('dry-run')) return await dryRun(context, ready, selection, how);
    const consented = await consent(context, ready, { command: 'adopt', how, selection, waitMs: wait.value });
    if (!consented.ok) return failed(consented.findings);
    if (consented.value === undefined) return { exitCode: 0, outcome: 'nothing-to-do', findings: [], data: {} };
    return await executeAloud(context, ready, await applyTask(ready.project, ready.actor, consented.value));
  });
};

/** Migrations by version or name; each must exist. */
function idsOf(names: readonly string[], migrations: readonly Migration[]): Outcome<readonly string[]> {
  const ids: string[] = [];
  for (const name of names) {
    const canonical = /^\d+$/.test(name) ? String(BigInt(name)) : name;
    const found = migrations.find(
      (one) => one.id === canonical || one.name === name || one.up.file.endsWith(`/${name}`),
    );
    if (found === undefined) {
      const near = nearest(
        name,
        migrations.map((one) => one.name),
      );
      return bad(
        fault('wrong-usage', {
          why: `There is no migration \`${name}\`.`,
          ...(near === undefined ? {} : { fix: `Did you mean \`${near}\`?` }),
        }),
      );
    }
    ids.push(found.id);
  }
  return good(ids);
}

async function exportHistory(context: Context, ready: Ready): Promise<Result> {
  const execution = await executeQuietly(context, ready, inspectTask(ready.project, ready.actor, { what: 'history' }));
  const history = eventOf(execution, 'history');
  if (!history.ok) return failed(history.findings);
  if (context.screen.json) {
    for (const event of execution.events) context.screen.event(event);
  } else context.screen.product(historyAsSql(history.value.rows));
  return { exitCode: 0, outcome: 'done', findings: [] };
}
