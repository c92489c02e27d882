import type { Plan, PlanStep } from '../../migrate/contract/model.ts';
import type { ApplyTask } from '../../migrate/contract/task.ts';
import type { PlannedCheckpoint } from '../../operations/checkpoint-method.ts';
import { placeText } from './finding.ts';
import { countOf } from './format.ts';
import type { Style } from './style.ts';
import type { Line } from './table.ts';

/** Says whether a checkpoint would be taken before the plan, and by which means. */
export function checkpointNote(planned: PlannedCheckpoint, style: Style): readonly string[] {
  if (!planned.needed) return [];
  // Without means, the text begins with "godwit cannot take one: ".
  const text = `A checkpoint comes first${planned.means === 'none' ? ', but ' : ': '}${planned.text}.`;
  return [planned.means === 'none' ? style.magenta(text) : style.dim(text)];
}

/** Lists what would run, step by step, with what it destroys; or, by `how`, what would be recorded and not executed. */
export function planLines(plan: Plan, style: Style, how: ApplyTask['how'] = 'execute'): readonly Line[] {
  if (plan.steps.length === 0) return [`${style.green('✔')} Nothing to do: nothing is pending.`];
  const { direction = 'up', resumes } = plan.steps[0] ?? {};
  const verb = verbs[how !== 'execute' ? how : resumes === true ? 'resumes' : direction];
  const recorded = plan.steps.filter(({ standsFor }) => standsFor !== undefined).length;
  const run = plan.steps.length - recorded;
  const wouldRun = `${countOf(run, 'migration')} would ${verb}`;
  const wouldBeRecorded = `${countOf(recorded, 'migration')} would be recorded`;
  return [
    '',
    `${[...(run > 0 ? [wouldRun] : []), ...(recorded > 0 ? [wouldBeRecorded] : [])].join(', ')}:`,
    '',
    {
      rows: plan.steps.map((step) => ({
        cells: row(step, style),
        below: (how === 'execute' ? step.destroys : []).map(
          ({ what, where }) => `    ${style.magenta('!')} ${what} ${style.dim(placeText(where))}`,
        ),
      })),
      cut: [0, 2],
    },
    '',
    style.dim(
      `plan ${plan.hash.slice(0, 12)}${plan.tx === 'all' ? ', in one transaction: all of it is applied, or nothing' : ''}`,
    ),
  ];
}

const verbs = {
  up: 'run',
  down: 'be undone',
  resumes: 'have reapplied what `down` undid',
  adopt: 'be recorded: the database already has what they make',
  baseline: 'be recorded without proof',
} as const;

function row(step: PlanStep, style: Style): readonly string[] {
  const id = step.id.startsWith('file:') ? '' : `${step.id} `;
  return [
    `  ${step.direction === 'down' ? style.magenta('↩') : style.cyan('•')} ${style.bold(id + step.name)}`,
    style.dim(modeText(step)),
    style.dim(
      step.standsFor === undefined ? does(step) : `in place of ${step.standsFor} that are applied; nothing is executed`,
    ),
  ];
}

function modeText({ standsFor, recorded, mode }: PlanStep): string {
  if (standsFor !== undefined) return 'recorded';
  return recorded === true ? `${modes[mode]}, recorded text` : modes[mode];
}

const modes: Readonly<Record<PlanStep['mode'], string>> = {
  transaction: 'one transaction',
  mixed: 'several parts',
  none: 'no transaction',
};

const most = 5;

function does(step: PlanStep): string {
  const shown = step.does
    .slice(0, most)
    .map(({ tag, count }) => (count === 1 ? tag.toLowerCase() : `${tag.toLowerCase()} ×${count}`));
  return step.does.length > most ? `${shown.join(', ')}, …` : shown.join(', ');
}
