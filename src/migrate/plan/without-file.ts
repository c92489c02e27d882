import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { appliedNow } from '../contract/history.ts';
import type { HistoryRow } from '../contract/history-rows.ts';
import { isOf, versionIn } from '../contract/migration-id.ts';
import type { Bundle } from '../contract/ports.ts';

/**
 * Partly applied versions without a file: they can neither continue nor be checked, and under another version they
 * would run twice. Standalone scripts are named by the command, so theirs are not known; nor are those of other sets.
 *
 * @param partial ids of partly applied migrations
 */
export function withoutFile(
  partial: readonly string[],
  { layout, set, migrations }: Pick<Bundle, 'layout' | 'set' | 'migrations'>,
): readonly string[] {
  if (layout === 'bare') return [];
  const known = new Set(migrations.map(({ id }) => id));
  return [...new Set(partial)].filter((id) => !known.has(id) && isOf(id, { layout, set }));
}

/** The finding for such a version; one that is applied is half-way through its rollback. */
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

/** The findings for all such versions when nothing is to be executed. */
export function judgeVanished(vanished: readonly string[], rows: readonly HistoryRow[]): readonly Finding[] {
  const applied = new Set(appliedNow(rows).map(({ id }) => id));
  return vanished.map((id) => vanishedInPart(id, applied.has(id)));
}
