import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import { isOf, versionIn } from '../migration-id.ts';
import type { Bundle } from '../ports.ts';

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

/** What is said of such a version. */
export function vanishedInPart(id: string): Finding {
  return fault('migration-missing', {
    why: `Version ${versionIn(id)} was executed in part by an earlier run, and the folder does not contain it any more.`,
    fix: 'Bring its file back under the same version; the same command then goes on there.',
  });
}
