import { bad, good, type Outcome } from '../../../kit/outcome.ts';
import type { Session } from '../../contract/ports.ts';
import { serverFault } from '../../contract/server-fault.ts';

/** One row of an answer: the server's texts. */
export type Row = readonly (string | null)[];

/** Rows of one answer: events have long bodies. */
const partSize = 1_000;

/**
 * Reads rows of any number in bounded memory.
 *
 * @param partBehind gives the query of what comes behind a row (absent: from the start), without its limit
 * @param take hears each row, in order
 */
export async function readInParts(
  session: Session,
  partBehind: (last: Row | undefined) => string,
  take: (row: Row) => void,
): Promise<Outcome<void>> {
  let last: Row | undefined;
  for (;;) {
    const reply = await session.send(`${partBehind(last)} limit ${partSize}`, { rows: 'all' });
    if (!reply.ok) return bad(serverFault(reply.error));
    const rows = reply.results[0]?.rows ?? [];
    for (const row of rows) take(row);
    last = rows.at(-1);
    if (rows.length < partSize) return good(undefined);
  }
}

/** An expression that gives a time as ISO 8601 UTC with microseconds; empty: there is none. */
export function utc(column: string): string {
  return `coalesce(pg_catalog.to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '')`;
}
