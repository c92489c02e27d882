import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import type { Execution } from '../migrate/controller/execute-task.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import type { ApplyTask } from '../migrate/contract/task.ts';
import type { Context } from './command.ts';
import { executeHeard, type Ready } from './execute.ts';

/**
 * Executes a change. If its runner refuses it because it would destroy rows, and a person can be asked, it is executed
 * again when they say so, bound to the plan that they were asked about.
 */
export async function executeConfirmed(
  context: Context,
  ready: Ready,
  task: ApplyTask,
  onEvent: (event: RunEvent) => void,
): Promise<Execution> {
  const { io, screen } = context;
  if (!io.interactive || screen.json || task.consent.destroyRows === true)
    return await executeHeard(context, ready, task, onEvent);
  const held: RunEvent[] = [];
  const first = await executeHeard(context, ready, task, (event) => {
    const refuses = event.kind === 'finding' && curable.has(event.finding.code);
    if (refuses || held.length > 0) held.push(event);
    else onEvent(event);
  });
  const planHash = first.events.findLast((event) => event.kind === 'plan')?.plan.hash;
  const questions = questionsOf(first);
  if (questions.length === 0 || planHash === undefined || first.left === true || context.signal.aborted) {
    for (const event of held) onEvent(event);
    return first;
  }
  screen.settle();
  screen.say('', ...questionLines(questions, screen.style.yellow('!')));
  const answer = await io.ask(`\nType yes to destroy ${questions.length === 1 ? 'it' : 'them'}: `);
  if (!context.signal.aborted && answer?.trim().toLowerCase() === 'yes') {
    const consent = { ...task.consent, planHash, destroyRows: true };
    return await executeHeard(context, ready, { ...task, consent }, onEvent);
  }
  const why = 'You did not confirm; nothing was changed.';
  const finding = context.signal.aborted ? fault('interrupted', { why }) : fault('destroys-rows', { why });
  return givenUp(first, finding, { held, onEvent });
}

/** Refused for the sake of rows; a checkpoint that is missing too is taken once it is known that the run is wanted. */
const curable: ReadonlySet<string> = new Set(['destroys-rows', 'needs-checkpoint']);

function questionsOf({ findings }: Execution): readonly Finding[] {
  const errors = findings.filter(({ severity }) => severity === 'error');
  return errors.every(({ code }) => curable.has(code)) ? errors.filter(({ code }) => code === 'destroys-rows') : [];
}

function questionLines(questions: readonly Finding[], mark: string): readonly string[] {
  return [
    `${mark} This run destroys rows:`,
    ...questions.flatMap(({ why, where }) => [`    ${where?.file ?? ''}:${where?.line ?? 1}`, `      ${why}`]),
  ];
}

/** The refusal is told as the answer that was given; the findings have been shown with the question. */
function givenUp(
  first: Execution,
  finding: Finding,
  { held, onEvent }: { readonly held: readonly RunEvent[]; readonly onEvent: (event: RunEvent) => void },
): Execution {
  const end = finding.code === 'interrupted' ? ({ outcome: 'interrupted', exitCode: 130 } as const) : {};
  onEvent({ kind: 'finding', finding });
  for (const event of held) {
    if (event.kind === 'run.finished') onEvent({ ...event, ...end });
    else if (event.kind !== 'finding') onEvent(event);
  }
  return { ...first, ...end, findings: [finding] };
}
