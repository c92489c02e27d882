import { fault } from '../../kit/fault.ts';
import type { Plan } from '../../migrate/contract/model.ts';
import { adopt, prepareAdoption, type PreparedAdoption } from '../../operations/adopt.ts';
import { eventOf } from '../../operations/execute.ts';
import { defaultWaitMs, inspectTask, ofAnyDatabase } from '../../operations/tasks.ts';
import type { Ready } from '../../operations/ready.ts';
import { defineCommand, type Context, type Result, type Run } from '../command.ts';
import { executeQuietly, operationOf, resultOfOperation, withProject } from '../execute.ts';
import { restArguments } from '../options/argument-kinds.ts';
import { flag, text, version } from '../options/kinds.ts';
import { wait } from '../options/shared.ts';
import { failed } from '../result.ts';
import { planLines } from '../screen/plan.ts';
import { historyAsSql } from './adopt/export-history.ts';

export const spec = defineCommand({
  name: 'adopt',
  summary: 'Take over a database whose tables exist already',
  about: [
    'godwit runs the migrations on a throwaway PostgreSQL of the same major version, compares the result with the database by name, and records the migrations up to the first that does not match. Your tables are not changed.',
    'With --from, the history of another tool says which migrations are applied: TOOL is its name, the name of its table, or `auto`. What it says is compared with the database all the same; only migrations that change rows are recorded because it says so. Its table is not changed.',
    'A migration that changes rows, or that fails on the throwaway server, is recorded only if you name it, and then without proof.',
    'With --identity, no migration is adopted. A database that was restored, copied or moved becomes the database of the environment: its name, its id and its location are recorded. godwit shows them before it asks, records a run of its own with the reason, and writes godwit.lock.json.',
  ],
  arguments: {
    names: restArguments('NAME', 'versions or names of migrations (default: all that are pending)'),
  },
  options: {
    dryRun: flag('show what would be recorded and what differs'),
    baseline: version('record everything up to this version without proof'),
    from: text('TOOL', 'take over what another migration tool has applied, such as flyway, prisma, or auto'),
    export: flag('print what is applied as SQL for a plain history table: the way out'),
    identity: flag('make this the database of the environment; adopt no migrations'),
    reason: text('TEXT', 'with --identity: why the database is another one; stored in the history'),
    wait,
  },
  examples: [
    { type: 'godwit adopt', does: 'record what the database is proven to contain' },
    { type: 'godwit adopt --from auto', does: 'take over the history of the tool that you used so far' },
    { type: 'godwit adopt --baseline 12', does: 'record everything up to 12 and say what was not proven' },
    {
      type: 'godwit adopt --identity --reason "restored after the outage" -e prod',
      does: 'prod is this database now',
    },
    { type: 'godwit adopt --export > history.sql', does: 'leave godwit' },
  ],
  events: true,
});

export const run: Run<typeof spec> = async (context) => {
  const { options } = context;
  const { dryRun, baseline, from, reason, wait: waitMs = defaultWaitMs } = options;
  const { names } = context.arguments;
  if (options.identity) {
    const request = { names, baseline, from, export: options.export, reason, dryRun, waitMs };
    return await (await import('./adopt/identify.ts')).identify(context, request);
  }
  if (reason !== undefined)
    return failed([
      fault('wrong-usage', { why: '--reason belongs to --identity: it says why the database is a different one.' }),
    ]);
  return await withProject(context, { changes: true }, async (ready) => {
    if (options.export) return await exportHistory(context, ready);
    const operation = operationOf(context, ready);
    const request = { names, baseline, from, waitMs };
    const prepared = await prepareAdoption(operation, request);
    if (!prepared.ok) return failed(prepared.findings);
    if (dryRun) return showLook(context, prepared.value);
    return resultOfOperation(context, ready, await adopt(operation, prepared.value, request));
  });
};

/** `--dry-run`: shows what `adopt` would record, and its findings. */
function showLook({ screen }: Context, { plan, look, how }: PreparedAdoption): Result {
  screen.settle();
  const adoption = look.events.findLast((event) => event.kind === 'adoption');
  const recorded = new Set([...(adoption?.proven ?? []), ...(adoption?.baseline ?? [])]);
  const without = new Set(adoption?.baseline ?? (how === 'baseline' ? plan.steps.map(({ id }) => id) : []));
  const shown = (steps: Plan['steps'], kind: 'adopt' | 'baseline'): void => {
    if (steps.length > 0) screen.answer(...planLines({ ...plan, steps }, screen.style, kind));
  };
  if (plan.steps.length === 0) screen.answer(...planLines(plan, screen.style, how));
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
