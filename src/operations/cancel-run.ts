import type { LedgerEntry } from '../migrate/contract/engine.ts';
import { fault } from '../kit/fault.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { Project } from '../project/open.ts';
import { cancelTask } from './tasks.ts';
import { eventOf, execute, type OperationContext } from './execute.ts';
import { findRun } from './find-run.ts';
import type { Ui } from './ui.ts';

/** The result of asking a run to stop. */
export interface CancelledRun {
  readonly run: string;
  /** How the run ended; `running`: the database was asked to stop it; absent: its runner was asked. */
  readonly outcome?: string;
}

/**
 * Asks the process or the execution of a run to stop at the next safe point.
 *
 * @returns without `cancelled` when there is no runner to ask: the database may know the run
 */
export async function cancelByRunner(
  ui: Ui,
  project: Project,
  named: string,
): Promise<{ readonly run: string; readonly cancelled?: CancelledRun }> {
  const { engine, run, entry } = await findRun(ui, project, named);
  if (entry?.run === run && isOver(entry)) return { run, cancelled: { run, outcome: entry.outcome ?? 'unknown' } };
  const ref = await engine.attach(run);
  const asked = ref.ok ? await engine.cancel(ref.value) : ok(false);
  if (!ref.ok || (asked.ok && !asked.value)) return { run };
  if (asked.ok) return { run, cancelled: { run: ref.value.run } };
  for (const { why } of asked.findings) ui.onFinding(fault('cancel-refused', { why }));
  return { run: ref.value.run };
}

/** Asks the database to stop a run, wherever its runner is. */
export async function cancelByDatabase(operation: OperationContext, named: string): Promise<Outcome<CancelledRun>> {
  const { project, actor } = operation.ready;
  const execution = await execute(operation, cancelTask(project, actor, named));
  const event = eventOf(execution, 'runs');
  if (!event.ok) return event;
  const [run] = event.value.runs;
  return run === undefined ? err(...execution.findings) : ok({ run: run.run, outcome: run.outcome });
}

/** Says whether the end of a run is known; a run that ended as unknown may still be running. */
function isOver({ finishedAt, outcome }: LedgerEntry): boolean {
  return finishedAt !== undefined && outcome !== undefined && outcome !== 'unknown';
}
