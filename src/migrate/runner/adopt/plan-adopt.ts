import type { PlanStep } from '../../contract/model.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import type { PlanTask } from '../../contract/task.ts';
import { lookForAdoption } from './adopt-run.ts';
import type { Opened } from '../session/open.ts';
import { claimOf, isAllRecorded } from './foreign/choose-claim.ts';
import type { ForeignClaim } from './foreign/match-entries.ts';
import { foreignFindings } from './foreign/guard-foreign.ts';
import { passedOver } from './foreign/plan-claimed.ts';
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
  const claim = await claimOf(session, ports.bundle, task.from);
  if (!claim.ok) return verdictOf(...claim.findings);
  const notReported = await reportDatabase(ports, opened, filesFor(ports, history, { steps, claim: claim.value }));
  if (notReported !== undefined) return verdictOf(notReported);
  const { rehearsed } = ports.bundle;
  if (task.from === undefined && rehearsed !== undefined) await tellOfForeign(task, ports, opened, steps);
  if (isAllRecorded(claim.value, steps)) return succeeded('nothing-to-do');
  if (rehearsed === undefined) return succeeded();
  const { selection, environment } = task;
  const target = { steps, facts, history };
  const judged = await lookForAdoption(session, ports, target, {
    how: task.adopts ?? 'adopt',
    selection,
    environment: environment.name,
    claim: claim.value,
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

/** An adoption that does not ask the history of another tool says that there is one. */
async function tellOfForeign(
  { environment }: PlanTask,
  { bundle, emit }: RunnerPorts,
  { session, history }: Opened,
  steps: readonly PlanStep[],
): Promise<void> {
  const found = await foreignFindings(session, { bundle, history, steps, environment: environment.name });
  for (const finding of found) emit({ kind: 'finding', finding: { ...finding, severity: 'note' } });
}

/** Migrations that the other tool has passed over are not in the database, so they are not rehearsed. */
function filesFor(
  { bundle }: Pick<RunnerPorts, 'bundle'>,
  history: Opened['history'],
  { steps, claim }: { readonly steps: readonly PlanStep[]; readonly claim: ForeignClaim | undefined },
): readonly string[] | undefined {
  const files = filesToRehearse(bundle, history, steps);
  const not = claim === undefined ? [] : passedOver(claim, steps).map(({ file }) => file);
  if (not.length === 0) return files;
  return (files ?? bundle.migrations.map(({ up }) => up.file)).filter((file) => !not.includes(file));
}
