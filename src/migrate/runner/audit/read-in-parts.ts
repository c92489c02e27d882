import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { Session, AnswerRow } from '../../contract/ports.ts';
import { serverFault } from '../../contract/server-fault.ts';

/** Rows of one reply: events have long bodies. */
const partSize = 1_000;

/**
 * Reads rows of any number in bounded memory.
 *
 * @param partBehind returns the query for what follows a row (absent: from the start), without its limit
 * @param take receives each row, in order
 */
export async function readInParts(
  session: Session,
  partBehind: (last: AnswerRow | undefined) => string,
  take: (row: AnswerRow) => void,
): Promise<Outcome<void>> {
  let last: AnswerRow | undefined;
  for (;;) {
    const reply = await session.send(`${partBehind(last)} limit ${partSize}`, { rows: 'all' });
    if (!reply.ok) return err(serverFault(reply.error));
    const rows = reply.results[0]?.rows ?? [];
    for (const row of rows) take(row);
    last = rows.at(-1);
    if (rows.length < partSize) return ok(undefined);
  }
}

/** An expression for a time as ISO 8601 UTC with microseconds; empty for null. */
export function utc(column: string): string {
  return `coalesce(pg_catalog.to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '')`;
}
