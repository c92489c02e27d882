import type { PlanStep } from '../../contract/model.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { PlanTask } from '../../contract/task.ts';
import { lookForAdoption } from './adopt-run.ts';
import type { Opened } from '../session/open.ts';
import { filesToRehearse } from './record-squashed.ts';
import { reportDatabase } from '../session/report-database.ts';
import { verdictOf, succeeded, type Verdict } from '../../contract/verdict.ts';

/**
 * The plan of an adoption: first reports what a rehearsal must know of the database; once the bundle carries the
 * rehearsal, how far the database matches it.
 */
export async function planAdopt(
  task: PlanTask,
  ports: RunnerPorts,
  opened: Opened,
  steps: readonly PlanStep[],
): Promise<Verdict> {
  const { session, facts, history } = opened;
  const untold = await reportDatabase(ports, opened, filesToRehearse(ports.bundle, history, steps));
  if (untold !== undefined) return verdictOf(untold);
  const { rehearsed } = ports.bundle;
  if (steps.length === 0) return succeeded('nothing-to-do');
  if (rehearsed === undefined) return succeeded();
  const { selection, environment } = task;
  const target = { steps, facts, history };
  const looked = await lookForAdoption(session, ports, target, {
    how: task.adopts ?? 'adopt',
    selection,
    environment: environment.name,
  });
  if (!looked.ok) return verdictOf(...looked.findings);
  const { records, findings, judgement } = looked.value.plan;
  const idsOf = (...kinds: readonly string[]) => records.flatMap(({ id, kind }) => (kinds.includes(kind) ? [id] : []));
  ports.emit({
    kind: 'adoption',
    proven: idsOf('adopted', 'squashed'),
    baseline: idsOf('baseline'),
    nearest: rehearsed.steps[judgement?.nearest ?? -1]?.id ?? '',
    doubtful: [...(judgement?.doubtful ?? []), ...looked.value.doubtful],
  });
  return findings.some(({ severity }) => severity === 'error') ? verdictOf(...findings) : { ...succeeded(), findings };
}
