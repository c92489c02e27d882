import type { PlanStep } from '../model.ts';
import type { RunnerPorts } from '../runner-ports.ts';
import { serverFault } from '../server-fault.ts';
import type { PlanTask } from '../task.ts';
import { lookForAdoption } from './adopt.ts';
import { majorOf } from './facts.ts';
import { newestVersion } from '../history/newest-version.ts';
import type { Opened } from './open.ts';
import { verdictOf, wellDone, type Verdict } from './verdict.ts';

const extensions = `select e.extname, n.nspname from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace order by 1`;

/**
 * The look before an adoption: first what a rehearsal must know of the database; once the bundle brings the rehearsal,
 * how far the database is what it made.
 */
export async function planAdopt(
  task: PlanTask,
  ports: RunnerPorts,
  { session, facts, history }: Opened,
  steps: readonly PlanStep[],
): Promise<Verdict> {
  const asked = await session.send(extensions, { rows: 'all' });
  if (!asked.ok) return verdictOf(serverFault(asked.error));
  ports.emit({
    kind: 'database',
    major: majorOf(facts),
    searchPath: facts.searchPath,
    schema: facts.schema,
    extensions: (asked.results[0]?.rows ?? []).map(([name, schema]) => ({ name: name ?? '', schema: schema ?? '' })),
  });
  const { rehearsed } = ports.bundle;
  if (steps.length === 0) return wellDone('nothing-to-do');
  if (rehearsed === undefined) return wellDone();
  const { selection, environment } = task;
  const target = { steps, major: majorOf(facts), installed: history.version >= newestVersion };
  const looked = await lookForAdoption(session, ports.bundle, target, {
    how: task.adopts ?? 'adopt',
    selection,
    environment: environment.name,
  });
  if (!looked.ok) return verdictOf(...looked.findings);
  const { records, findings, judgement } = looked.value.plan;
  const idsOf = (kind: 'adopted' | 'baseline') => records.flatMap((one) => (one.kind === kind ? [one.id] : []));
  ports.emit({
    kind: 'adoption',
    proven: idsOf('adopted'),
    baseline: idsOf('baseline'),
    nearest: rehearsed.steps[judgement?.nearest ?? -1]?.id ?? '',
    doubtful: judgement?.doubtful ?? [],
  });
  return findings.some(({ severity }) => severity === 'error') ? verdictOf(...findings) : { ...wellDone(), findings };
}
