import type { Hashing } from '../../contract/ports.ts';
import type { HistoryRow } from '../../contract/history-rows.ts';

/**
 * The head of the history after one more row: a hash over the previous head and the row. It is known before the server
 * has answered, so that messages can be sent without waiting, and it differs whenever anything before it differs.
 */
export function nextHead(hashing: Hashing, head: string, row: Pick<HistoryRow, 'kind' | 'id' | 'checksum'>): string {
  return hashing.sha256().update(`${head}\n${row.kind}\n${row.id}\n${row.checksum}`).hex();
}
