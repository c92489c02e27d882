import { plannedCheckpoint } from '../../project/checkpoint-means.ts';
import { writePlan } from '../../project/plan-file.ts';
import { planTask } from '../../project/tasks.ts';
import type { Run } from '../command.ts';
import { eventOf, executeQuietly, withProject } from '../execute.ts';
import { failed } from '../result.ts';
import { checkpointNote, planLines } from '../screen/plan.ts';
import { selectionOf } from '../wishes.ts';

/** `godwit plan` */
export const plan: Run = async (context) => {
  const { typed, screen, io } = context;
  const selection = selectionOf(typed, typed.switches.has('down') ? 'down' : 'up');
  if (!selection.ok) return failed(selection.findings);
  const { file } = typed.values;
  return await withProject(context, { file }, async (ready) => {
    const { project, actor } = ready;
    const execution = await executeQuietly(context, ready, planTask(project, actor, selection.value));
    const made = eventOf(execution, 'plan');
    if (!made.ok) return failed(made.findings);
    const found = made.value.plan;
    const checkpoint = await plannedCheckpoint(project, found);
    screen.say(...planLines(found, screen.style), ...checkpointNote(checkpoint, screen.style));
    const out = typed.values['out'];
    const environment = project.environment.name;
    if (out !== undefined) {
      const written = await writePlan(io.cwd, out, {
        environment,
        selection: selection.value,
        plan: found,
        ...(file === undefined ? {} : { file }),
      });
      if (!written.ok) return failed(written.findings);
      const name = environment === 'local' ? '' : ` -e ${environment}`;
      screen.say(
        '',
        `${screen.style.green('✔ written')} ${out}`,
        `To apply exactly this: godwit ${selection.value.direction}${name} --plan ${out}`,
      );
    }
    return {
      exitCode: execution.exitCode,
      outcome: execution.outcome,
      findings: execution.findings,
      data: { environment, plan: found, checkpoint },
    };
  });
};
