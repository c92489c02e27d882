import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import type { HistoryRow } from '../contract/history-rows.ts';
import { versionIn } from '../contract/migration-id.ts';
import type { Migration } from '../contract/model.ts';
import type { Comparison } from './compare.ts';
import type { Selected } from './select.ts';

/** The down texts that the history has stored for migrations without files. */
export interface RecordedDowns {
  /** Checksums of the stored down texts of these rows, by row number. */
  checksums(rows: readonly HistoryRow[]): Promise<ReadonlyMap<number, string>>;
  /** Reports these to the controller, which analyses them and asks again. */
  report(rows: readonly HistoryRow[]): void;
}

/**
 * Why migrations without files cannot be undone: no down text exists, or it is not analysed yet.
 *
 * @param downs absent: the history is not available
 */
export async function judgeRecorded(
  { withoutFile, migrations }: Selected,
  { applied }: Comparison,
  downs: RecordedDowns | undefined,
): Promise<readonly Finding[]> {
  const recorded = applied.filter(({ migration }) => migration.recorded === true && migrations.includes(migration));
  const rows = [...withoutFile, ...recorded.map(({ row }) => row)];
  if (rows.length === 0) return [];
  if (downs === undefined) return withoutFile.map(notReportedFinding);
  const kept = await downs.checksums(rows);
  const gone = rows.filter(({ seq }) => !kept.has(seq));
  if (gone.length > 0) return gone.map(goneFinding);
  const other = recorded.filter(({ migration, row }) => kept.get(row.seq) !== migration.down?.checksum);
  const notReported = [...withoutFile, ...other.map(({ row }) => row)];
  if (notReported.length > 0) downs.report(notReported);
  return notReported.map(notReportedFinding);
}

/** The finding for a migration that is to be undone and has no down text. */
function goneFinding({ file, at, by, id }: HistoryRow): Finding {
  return fault('migration-missing', {
    where: { file },
    why: `The migration was applied on ${at} by ${by} as version ${versionIn(id)}. Its down file, which is needed to undo it, is not here, and the history has not kept its text.`,
    fix: 'Bring the file and its down file back (they may be on another branch, or in a later release).',
  });
}

function notReportedFinding({ file, id }: HistoryRow): Finding {
  const why = `Version ${versionIn(id)} has no file here; the text of its down file is in the history, and godwit has not read it yet.`;
  return fault('down-from-history', { where: { file }, why });
}

/** The note of a plan that undoes a migration by its recorded text. */
export function recordedFinding({ up, down }: Migration, row: HistoryRow | undefined): Finding {
  const short = (down?.checksum ?? '').slice(0, 12);
  return fault('down-recorded', {
    where: { file: down?.file ?? up.file },
    why: `${up.file} is not here. Godwit undoes it with the text of its down file, recorded when it was applied on ${row?.at ?? ''} by ${row?.by ?? ''} (checksum ${short}).`,
    fix: `Nothing to do. To read the text: select convert_from(body, 'UTF8') from godwit.recorded_down where seq = ${row?.seq ?? 0}.`,
  });
}
