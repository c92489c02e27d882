import { fault } from '../kit/fault.ts';
import type { Finding } from '../kit/finding.ts';
import type { RunEvent } from '../migrate/contract/event.ts';
import type { ApplyTask } from '../migrate/contract/task.ts';
import type { Execution } from '../migrate/controller/execute-task.ts';
import { execute, type OperationContext } from './execute.ts';

/**
 * Executes a change. If its runner refuses it because it would destroy rows, asks a person, if there is one. If they
 * confirm, the change is executed again, bound to the plan that they were asked about.
 */
export async function executeConfirmed(
  operation: OperationContext,
  task: ApplyTask,
  onEvent: (event: RunEvent) => void,
): Promise<Execution> {
  const { ui, signal } = operation;
  if (ui.confirm === undefined || task.consent.destroyRows === true) return await execute(operation, task, { onEvent });
  const held: RunEvent[] = [];
  const first = await execute(operation, task, {
    onEvent(event) {
      const refuses = event.kind === 'finding' && curable.has(event.finding.code);
      if (refuses || held.length > 0) held.push(event);
      else onEvent(event);
    },
  });
  const planHash = first.events.findLast((event) => event.kind === 'plan')?.plan.hash;
  const findings = rowsOf(first);
  if (findings.length === 0 || planHash === undefined || first.left === true || signal.aborted) {
    for (const event of held) onEvent(event);
    return first;
  }
  const confirmed = await ui.confirm({ kind: 'rows', findings });
  if (!signal.aborted && confirmed) {
    const consent = { ...task.consent, planHash, destroyRows: true };
    return await execute(operation, { ...task, consent }, { onEvent });
  }
  const why = 'You did not confirm; nothing was changed.';
  const finding = signal.aborted ? fault('interrupted', { why }) : fault('destroys-rows', { why });
  return givenUp(first, finding, { held, onEvent });
}

/** Refusals that a confirmation overcomes; a missing checkpoint is taken once the run is confirmed. */
const curable: ReadonlySet<string> = new Set(['destroys-rows', 'needs-checkpoint']);

function rowsOf({ findings }: Execution): readonly Finding[] {
  const errors = findings.filter(({ severity }) => severity === 'error');
  return errors.every(({ code }) => curable.has(code)) ? errors.filter(({ code }) => code === 'destroys-rows') : [];
}

/** Ends the refused execution with the person's answer; the original findings were shown with the question. */
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
