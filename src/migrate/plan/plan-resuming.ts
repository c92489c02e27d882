import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { History } from '../contract/history.ts';
import { isOf, versionIn } from '../contract/migration-id.ts';
import type { Analysis, PlanStep } from '../contract/model.ts';
import type { Bundle } from '../contract/ports.ts';
import { bringBackOf } from './back-steps.ts';
import type { Comparison } from './compare.ts';

type Applied = Comparison['applied'][number];

/** The parts of a plan that resumes forward out of a half-way `down`. */
export interface Resuming {
  readonly steps: readonly PlanStep[];
  readonly analyses: ReadonlyMap<string, Analysis>;
}

/** Plans `up --resume-up`: does again what a half-way `down` has undone. Empty: nothing is half-way. */
export async function planResuming(
  bundle: Bundle,
  history: History,
  comparison: Comparison,
): Promise<Outcome<Resuming>> {
  const steps: PlanStep[] = [];
  const analyses = new Map<string, Analysis>();
  const findings: Finding[] = [];
  const undone = new Set(history.partial.filter(({ direction }) => direction === 'down').map((note) => note.migration));
  for (const id of [...undone].filter((one) => isOf(one, bundle))) {
    const applied = comparison.applied.find(({ row }) => row.id === id);
    const planned = applied === undefined ? err(gone(id)) : await planOne(bundle, history, comparison, applied);
    if (planned.ok) {
      steps.push(planned.value.step);
      analyses.set(id, planned.value.analysis);
    } else findings.push(...planned.findings);
  }
  return findings.length > 0 ? err(...findings) : ok({ steps, analyses });
}

async function planOne(
  bundle: Bundle,
  { partial }: History,
  { applied, missing, ahead }: Comparison,
  { migration, row }: Applied,
): Promise<Outcome<{ readonly step: PlanStep; readonly analysis: Analysis }>> {
  const later = [...applied.map((one) => one.row), ...missing, ...ahead].find(({ seq }) => seq > row.seq);
  if (later !== undefined) {
    const why = `${later.file} was applied later and may depend on the present state.`;
    return err(fault('not-brought-back', { where: { file: migration.up.file }, why }));
  }
  if (migration.down === undefined)
    return err(
      fault('down-missing', { where: { file: migration.up.file }, why: 'The file shows what has been undone so far.' }),
    );
  const [up, down] = await Promise.all([bundle.analysis(migration, 'up'), bundle.analysis(migration, 'down')]);
  if (!up.ok) return up;
  if (!down.ok) return down;
  const { id, name } = migration;
  const notes = partial.filter((note) => note.migration === id && note.direction === 'down');
  const back = bringBackOf({ up: up.value, down: down.value, file: migration.down.file }, notes);
  if (!back.ok) return back;
  const again = back.value.steps.flatMap((one) =>
    one.up === undefined ? [] : [up.value.statements[one.up]?.tag ?? ''],
  );
  const counts = new Map<string, number>();
  for (const tag of again) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  const step: PlanStep = {
    id,
    name,
    file: migration.up.file,
    direction: 'up',
    checksum: migration.up.checksum,
    resumes: true,
    mode: 'none',
    statements: again.length,
    does: [...counts].map(([tag, count]) => ({ tag, count })),
    destroys: [],
  };
  // Its other statements are not executed.
  return ok({ step, analysis: { ...up.value, rows: [], looks: [], seeds: [] } });
}

function gone(id: string): Finding {
  const why = `Version ${versionIn(id)} is partly undone, and its file has changed since it was applied, or is missing.`;
  return fault('not-brought-back', { why });
}
