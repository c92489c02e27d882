import { appliedNow } from '../../../migrate/contract/history.ts';
import type { HistoryRow } from '../../../migrate/contract/history-rows.ts';
import { quoteLiteral } from '../../../sql/quote.ts';

/** Returns what is applied now as SQL for a plain table that any tool and any person can read. */
export function historyAsSql(rows: readonly HistoryRow[]): string {
  const applied = appliedNow(rows);
  const values = applied.map(
    ({ id, name, checksum, at }) => `  (${[id, name, checksum, at].map(quoteLiteral).join(', ')})`,
  );
  return [
    '-- What godwit has applied, for a plain history table. Schema godwit may be dropped afterwards.',
    'CREATE TABLE IF NOT EXISTS schema_migrations (',
    '  version text PRIMARY KEY,',
    '  name text NOT NULL,',
    '  checksum text NOT NULL,',
    '  applied_at timestamptz NOT NULL',
    ');',
    ...(values.length === 0
      ? []
      : [
          'INSERT INTO schema_migrations (version, name, checksum, applied_at) VALUES',
          values.join(',\n'),
          'ON CONFLICT (version) DO NOTHING;',
        ]),
    '',
  ].join('\n');
}
