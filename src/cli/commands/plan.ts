import { pendingExit } from '../../kit/exit-code.ts';
import { maskCredentials } from '../../kit/credential-shapes.ts';
import type { Plan } from '../../migrate/contract/model.ts';
import { plannedCheckpoint } from '../../operations/checkpoint-method.ts';
import { writePlan } from '../../operations/plan-file.ts';
import { defineCommand, type Run } from '../command.ts';
import { operationOf, withProject } from '../execute.ts';
import { asOfData } from '../known.ts';
import { lookPlan } from '../../operations/look-plan.ts';
import { flag, path } from '../options/kinds.ts';
import { selectionOf, withDefaults } from '../../operations/selection.ts';
import { exitCode, file, fresh, outOfOrder, resumeUp, to, tx } from '../options/shared.ts';
import { failed } from '../result.ts';
import type { Ready } from '../../operations/ready.ts';
import { checkpointNote, planLines } from '../screen/plan.ts';

export const spec = defineCommand({
  name: 'plan',
  summary: 'Show what would run, and change nothing',
  about: [
    'With --exit-code, the command ends with 0 if nothing is pending and with 3 if the plan has a step. What `up` would refuse ends with 10, and an unreachable database with 30, as without the option.',
  ],
  options: {
    out: path('FILE', 'write the plan to a file, for review and for `up --plan`'),
    to,
    outOfOrder,
    resumeUp,
    tx,
    file,
    sql: flag('print the SQL that would be executed, with the place of each statement'),
    down: flag('plan the way back: what `down` would undo'),
    exitCode,
    fresh,
  },
  examples: [
    { type: 'godwit plan', does: 'what `up` would do now' },
    { type: 'godwit plan -e prod --out prod.plan.json', does: 'write a plan for review; `up --plan` applies it' },
    { type: 'godwit plan --sql > plan.sql', does: 'every statement that would be executed, and what godwit adds' },
    { type: 'godwit plan --exit-code', does: 'for a pipeline: 0 nothing pending, 3 pending, 10 something is wrong' },
  ],
});

export const run: Run<typeof spec> = async (context) => {
  const { options, screen, io } = context;
  const { to, file, outOfOrder, resumeUp, tx, down, out } = options;
  const selection = selectionOf({ to, file, outOfOrder, resumeUp, tx, down }, down ? 'down' : 'up');
  if (!selection.ok) return failed(selection.findings);
  return await withProject(context, { file, fresh: options.fresh, first: () => ({ kind: 'plan' }) }, async (ready) => {
    const { project } = ready;
    // A plan for review comes only from the pinned database: `up --plan` applies exactly this plan later.
    const made = await lookPlan(operationOf(context, ready), selection.value, out === undefined);
    if (!made.ok) return failed(made.findings);
    const { plan: found, exitCode, outcome, findings } = made.value;
    const checkpoint = await plannedCheckpoint(project, found);
    const environment = project.environment.name;
    const sql = options.sql ? maskCredentials(await sqlOf(found, ready)) : undefined;
    if (sql === undefined) screen.answer(...planLines(found, screen.style));
    else if (!screen.json) screen.product(sql);
    const checkpointed = checkpointNote(checkpoint, screen.style);
    if (sql === undefined) screen.answer(...checkpointed);
    else screen.say(...checkpointed);
    if (out !== undefined) {
      const written = await writePlan(io.cwd, out, {
        environment,
        selection: withDefaults(selection.value, project.environment),
        plan: found,
        ...(file === undefined ? {} : { file }),
      });
      if (!written.ok) return failed(written.findings);
      const name = environment === 'local' ? '' : ` -e ${environment}`;
      screen.say(
        '',
        `${screen.style.green('✔ written')} ${out}`,
        `To apply exactly this: \`godwit ${selection.value.direction}${name} --plan ${out}\``,
      );
    }
    return {
      exitCode: options.exitCode && exitCode === 0 && found.steps.length > 0 ? pendingExit : exitCode,
      outcome,
      findings,
      data: {
        environment,
        plan: found,
        ...(sql === undefined ? {} : { sql }),
        checkpoint,
        ...asOfData(made.value.known),
      },
    };
  });
};

async function sqlOf(plan: Plan, { project, wired }: Ready): Promise<string> {
  const { plannedSql } = await import('../../operations/planned-sql.ts');
  const { name, locks } = project.environment;
  return await plannedSql(plan, wired.bundle, { environment: name, locks });
}
