import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { appliedNow } from '../contract/history.ts';
import type { HistoryRow } from '../contract/history-rows.ts';
import { isOf, versionIn } from '../contract/migration-id.ts';
import type { Bundle } from '../contract/ports.ts';

/**
 * Versions that stand in part and have no file: they can neither go on nor be judged, and under another version they
 * would run twice. Bare files are named by the command, so nothing is known of theirs; nor of those of other sets.
 *
 * @param partial ids of migrations that stand in part
 */
export function withoutFile(
  partial: readonly string[],
  { layout, set, migrations }: Pick<Bundle, 'layout' | 'set' | 'migrations'>,
): readonly string[] {
  if (layout === 'bare') return [];
  const known = new Set(migrations.map(({ id }) => id));
  return [...new Set(partial)].filter((id) => !known.has(id) && isOf(id, { layout, set }));
}

/** What is said of such a version; one that is applied is on its way back. */
export function vanishedInPart(id: string, applied = false): Finding {
  if (applied)
    return fault('half-way', {
      why: `Version ${versionIn(id)} is partly undone, and its file is not here.`,
      fix: 'Run `godwit down` first: it continues with the text of the down file, which the history has kept.',
    });
  return fault('migration-missing', {
    why: `An earlier run executed part of version ${versionIn(id)}, and the folder no longer contains it.`,
    fix: 'Bring its file back under the same version; the same command then resumes there.',
  });
}

/** What is said of all such versions where nothing is to be executed. */
export function judgeVanished(vanished: readonly string[], rows: readonly HistoryRow[]): readonly Finding[] {
  const applied = new Set(appliedNow(rows).map(({ id }) => id));
  return vanished.map((id) => vanishedInPart(id, applied.has(id)));
}
