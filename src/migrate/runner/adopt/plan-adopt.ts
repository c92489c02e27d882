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
  const notReported = await reportDatabase(ports, opened, filesToRehearse(ports.bundle, history, steps));
  if (notReported !== undefined) return verdictOf(notReported);
  const { rehearsed } = ports.bundle;
  if (steps.length === 0) return succeeded('nothing-to-do');
  if (rehearsed === undefined) return succeeded();
  const { selection, environment } = task;
  const target = { steps, facts, history };
  const judged = await lookForAdoption(session, ports, target, {
    how: task.adopts ?? 'adopt',
    selection,
    environment: environment.name,
  });
  if (!judged.ok) return verdictOf(...judged.findings);
  const { records, findings, judgement } = judged.value.plan;
  const idsOf = (...kinds: readonly string[]) => records.flatMap(({ id, kind }) => (kinds.includes(kind) ? [id] : []));
  ports.emit({
    kind: 'adoption',
    proven: idsOf('adopted', 'squashed'),
    baseline: idsOf('baseline'),
    nearest: rehearsed.steps[judgement?.nearest ?? -1]?.id ?? '',
    doubtful: [...(judgement?.doubtful ?? []), ...judged.value.doubtful],
  });
  return findings.some(({ severity }) => severity === 'error') ? verdictOf(...findings) : { ...succeeded(), findings };
}
