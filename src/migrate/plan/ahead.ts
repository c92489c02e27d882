import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import type { HistoryRow } from '../contract/history-rows.ts';
import { isBareId, versionIn } from '../contract/migration-id.ts';
import type { Migration } from '../contract/model.ts';
import { compareVersions } from '../read/file-name.ts';

/** What `up` does when the database is ahead of the folder: warn or refuse. */
export type AheadPolicy = 'warn' | 'refuse';

/** Is a version newer than every migration of a folder? Standalone scripts have no version. */
export function isAheadOf(id: string, migrations: readonly Pick<Migration, 'id'>[]): boolean {
  return !isBareId(id) && migrations.every((one) => compareVersions(versionIn(one.id), versionIn(id)) < 0);
}

const mostNamed = 3;

/** The finding about applied migrations that are newer than every file. */
export function aheadFinding(rows: readonly HistoryRow[], policy: AheadPolicy = 'warn'): Finding {
  const newest = [...rows].sort((a, b) => compareVersions(versionIn(b.id), versionIn(a.id)));
  const named = newest.slice(0, mostNamed).map(({ file, at, by }) => `${file} (applied on ${at} by ${by})`);
  const more = rows.length - named.length;
  const what = rows.length === 1 ? '1 applied migration is' : `${rows.length} applied migrations are`;
  const why = `${what} newer than every file here: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`;
  return policy === 'warn' ? fault('database-ahead', { why }) : aheadRefused(why);
}

function aheadRefused(why: string): Finding {
  return fault('database-ahead', {
    why: `${why} The configuration refuses that (\`ahead\`).`,
    severity: 'error',
    fix: 'Use the files of the newest release, or set `"ahead": "warn"` for this environment.',
  });
}
