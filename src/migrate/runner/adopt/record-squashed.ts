import type { Finding } from '../../../kit/finding.ts';
import { ok, type Outcome } from '../../../kit/outcome.ts';
import { newestVersion } from '../history/newest-version.ts';
import { appliedNow, type History } from '../../contract/history.ts';
import type { PlanStep } from '../../contract/model.ts';
import { inEffect } from '../../plan/in-effect.ts';
import type { Bundle, Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { notRehearsed, proveSquashed, type Proof } from '../squash/prove.ts';
import type { Recordable } from '../squash/recordable.ts';
import type { ApplyTask, Selection } from '../../contract/task.ts';
import { isElsewhere } from '../verify/describe.ts';
import { majorOf } from '../session/server-facts.ts';
import type { Opened } from '../session/open.ts';
import { reportDatabase } from '../session/report-database.ts';

/** Squashed migrations that replace only applied migrations. */
function recordables(bundle: Bundle, history: History): readonly Recordable[] {
  const { recordable } = inEffect(bundle.folder ?? bundle.migrations, history);
  return [...recordable].map(([migration, rows]) => ({ migration, rows }));
}

/**
 * Files that a rehearsal must run to reach the state of this database: the applied ones, and those of the steps.
 * Undefined: all files of the folder, because it replaces nothing.
 */
export function filesToRehearse(
  { migrations, folder }: Bundle,
  history: History,
  steps: readonly PlanStep[],
): readonly string[] | undefined {
  if (folder === undefined) return undefined;
  const ids = new Set([...appliedNow(history.rows), ...steps].map(({ id }) => id));
  return migrations.filter(({ id }) => ids.has(id)).map(({ up }) => up.file);
}

/** Proves that squashed migrations may be recorded; records without proof under `--baseline`. */
export async function squashProof(
  session: Session,
  { bundle, hashing }: RunnerPorts,
  { facts, history }: Pick<Opened, 'facts' | 'history'>,
  { how, only = [] }: Pick<Selection, 'only'> & Pick<ApplyTask, 'how'>,
): Promise<Outcome<Proof>> {
  if (how === 'baseline') return ok({ findings: [], doubtful: [] });
  const major = majorOf(facts);
  const { systemId, databaseOid } = facts;
  const ownWords =
    history.baseline.major !== 0 && !isElsewhere({ server: { systemId, databaseOid }, major }, history.baseline);
  return await proveSquashed(session, recordables(bundle, history), {
    bundle,
    hashing,
    major,
    installed: history.version >= newestVersion,
    ownWords,
    named: only,
  });
}

/**
 * Why the squashed migrations of a plan cannot be recorded: they have not been rehearsed (then what a rehearsal must
 * know is reported), or they differ from what they replace.
 */
export async function squashRefusals(
  ports: RunnerPorts,
  opened: Pick<Opened, 'session' | 'facts' | 'history'>,
  steps: readonly PlanStep[],
): Promise<readonly Finding[]> {
  if (!steps.some(({ standsFor }) => standsFor !== undefined)) return [];
  const { bundle } = ports;
  if (bundle.rehearsed === undefined) {
    const done = steps.filter(({ standsFor }) => standsFor !== undefined);
    const notReported = await reportDatabase(ports, opened, filesToRehearse(bundle, opened.history, done) ?? []);
    return [notReported ?? notRehearsed(recordables(bundle, opened.history))];
  }
  const proof = await squashProof(opened.session, ports, opened, { how: 'execute' });
  if (!proof.ok) return proof.findings;
  const { findings, doubtful } = proof.value;
  const nearest = bundle.rehearsed.steps.at(-1)?.id ?? '';
  if (doubtful.length > 0) ports.emit({ kind: 'adoption', proven: [], baseline: [], nearest, doubtful });
  return findings.filter(({ severity }) => severity === 'error');
}
