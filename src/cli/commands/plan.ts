import { plannedCheckpoint } from '../../project/checkpoint-method.ts';
import { writePlan } from '../../project/plan-file.ts';
import type { Run } from '../command.ts';
import { withProject } from '../execute.ts';
import { asOfData } from '../look.ts';
import { lookPlan } from '../look-plan.ts';
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
    const { project } = ready;
    // Whoever reviews a plan is shown that of the right database: what is applied later is bound to it.
    const made = await lookPlan(context, ready, selection.value, typed.values['out'] === undefined);
    if (!made.ok) return failed(made.findings);
    const { plan: found, exitCode, outcome, findings } = made.value;
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
      exitCode,
      outcome,
      findings,
      data: { environment, plan: found, checkpoint, ...asOfData(made.value.known) },
    };
  });
};
