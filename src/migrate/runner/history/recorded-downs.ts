import { readRecordedDowns, type RecordedDown } from './recorded-down.ts';
import type { HistoryRow } from '../../contract/history-rows.ts';
import type { RecordedDowns } from '../../plan/recorded-downs.ts';
import type { Session } from '../../contract/ports.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';

/** The down texts that the history has stored, for a plan. */
export function recordedDowns(session: Session, version: number, { emit }: Pick<RunnerPorts, 'emit'>): RecordedDowns {
  const read = new Map<number, RecordedDown>();
  return {
    async checksums(rows) {
      const seqs = rows.map(({ seq }) => seq);
      for (const [seq, down] of (await readRecordedDowns(session, version, seqs)) ?? []) read.set(seq, down);
      return new Map([...read].map(([seq, { checksum }]) => [seq, checksum]));
    },
    report(rows: readonly HistoryRow[]) {
      const downs = rows.flatMap(({ seq, id, name, file, checksum }) => {
        const down = read.get(seq);
        if (down === undefined) return [];
        const kept = { file: down.file, checksum: down.checksum };
        return [{ id, name, up: { file, checksum }, down: kept, body: down.body }];
      });
      // One event for each: together they may be long.
      for (const one of downs) emit({ kind: 'recorded.downs', downs: [one] });
    },
  };
}
