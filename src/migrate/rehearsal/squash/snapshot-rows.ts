import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { DescribedObject } from '../draft/draft-object.ts';
import type { Session } from '../../contract/ports.ts';
import { serverFault } from '../../contract/server-fault.ts';

/** The contents of a table or a sequence. */
interface HeldContent {
  readonly kind: string;
  readonly rows: number;
  /** Hash of all rows, independent of their order. */
  readonly hash: string;
}

/** By qualified name. */
export type HeldRows = ReadonlyMap<string, HeldContent>;

const perMessage = 100;

/** Counts and hashes the rows of each table, and the state of each sequence, of a database without other users. */
export async function readContents(session: Session, objects: readonly DescribedObject[]): Promise<Outcome<HeldRows>> {
  const holding = objects.filter(({ kind, id, home }) => id === home && (kind === 'table' || kind === 'sequence'));
  const held = new Map<string, HeldContent>();
  for (let at = 0; at < holding.length; at += perMessage) {
    const batch = holding.slice(at, at + perMessage);
    const queries = batch.map(({ kind, name }) =>
      kind === 'sequence'
        ? `select 1, pg_catalog.concat(last_value, ' ', is_called) from ${name}`
        : `select pg_catalog.count(*), coalesce(pg_catalog.md5(pg_catalog.string_agg(h, '' order by h)), '')
from (select pg_catalog.md5(t::pg_catalog.text) as h from only ${name} t) r`,
    );
    const reply = await session.send(queries.map((query) => `${query};\n`).join(''), { rows: 'all' });
    if (!reply.ok) return err(serverFault(reply.error));
    for (const [index, { kind, name }] of batch.entries()) {
      const [count, hash] = reply.results[index]?.rows[0] ?? [];
      held.set(name, { kind, rows: Number(count ?? 0), hash: hash ?? '' });
    }
  }
  return ok(held);
}

/** Differences in the number or the contents of rows. */
export function rowDifferences(
  before: HeldRows,
  after: HeldRows,
): { readonly counts: readonly string[]; readonly values: readonly string[] } {
  const counts: string[] = [];
  const values: string[] = [];
  for (const [name, { kind, rows, hash }] of before) {
    const now = after.get(name);
    // A missing table is reported with the objects.
    if (now === undefined || now.hash === hash) continue;
    if (now.rows !== rows) counts.push(`${kind} ${name}: ${now.rows} rows, ${rows} by the original files`);
    else if (kind === 'sequence') counts.push(`${kind} ${name}: at ${now.hash}, ${hash} by the original files`);
    else values.push(name);
  }
  return { counts, values };
}
