import { quoteLiteral, quoteName } from '../../../../sql/quote.ts';
import { err, ok, type Outcome } from '../../../../kit/outcome.ts';
import type { ForeignHistory, ForeignSummary } from '../../../contract/foreign-history.ts';
import type { Session } from '../../../contract/ports.ts';
import { serverFault } from '../../../contract/server-fault.ts';
import { entriesQuery, lockQuery, readEntries } from './entries.ts';
import { markers, recogniseHistories, type CandidateTable, type RecognisedTable } from './recognise.ts';

const listed = (names: readonly string[]): string => names.map(quoteLiteral).join(', ');

/** Small tables that have a column of the kind that a history table has, in every schema. Reads each catalogue once. */
const candidates = `with marked as materialized (
  select distinct m.attrelid from pg_catalog.pg_attribute m join pg_catalog.pg_class c on c.oid = m.attrelid
  where c.relkind in ('r', 'p') and (c.relname = 'ar_internal_metadata' or m.attname in (${listed(markers.distinct)})
    or c.relnatts <= 6 and m.attname in (${listed(markers.small)})))
select n.nspname, c.relname, pg_catalog.pg_get_userbyid(c.relowner),
  pg_catalog.string_agg(a.attname || ' ' || pg_catalog.format_type(a.atttypid, null), E'\\n' order by a.attnum)
from marked join pg_catalog.pg_class c on c.oid = marked.attrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnatts <= 30 and n.nspname !~ '^(pg_|godwit$|information_schema$)'
group by 1, 2, 3 order by 1, 2`;

/** Finds the histories of other tools by the columns of their tables: one question, and one for each table found. */
export async function findForeignHistories(session: Session): Promise<Outcome<readonly ForeignHistory[]>> {
  const reply = await session.send(candidates, { rows: 'all' });
  if (!reply.ok) return err(serverFault(reply.error));
  const tables = recogniseHistories((reply.results[0]?.rows ?? []).map(candidate));
  const histories: ForeignHistory[] = [];
  for (const table of tables) {
    const read = await readTable(session, table);
    if (!read.ok) return read;
    histories.push(read.value);
  }
  return ok(histories);
}

/** What of a history is reported. */
export function summaryOf({ tool, table, entries, unsettled, unreadable }: ForeignHistory): ForeignSummary {
  return { tool, table, unsettled, unreadable, entries: entries.length };
}

function candidate([schema, name, owner, columns]: readonly (string | null)[]): CandidateTable {
  const pairs = (columns ?? '').split('\n').map((line): [string, string] => {
    // A name may hold spaces, and so may a type: no history table has such a name.
    const at = line.indexOf(' ');
    return [line.slice(0, at), line.slice(at + 1)];
  });
  return { schema: schema ?? '', name: name ?? '', owner: owner ?? '', columns: new Map(pairs) };
}

async function readTable(session: Session, table: RecognisedTable): Promise<Outcome<ForeignHistory>> {
  const known = { tool: table.tool, table: shownName(table) };
  const reply = await session.send(entriesQuery(table), { rows: 'all' });
  if (!reply.ok && reply.error.lost) return err(serverFault(reply.error));
  if (!reply.ok) return ok({ ...known, entries: [], unsettled: [], unreadable: reply.error.message });
  const asked = lockQuery(table);
  const lock = asked === undefined ? undefined : await session.send(asked, { rows: 'all' });
  const isLocked = lock?.ok === true && (lock.results[0]?.rows.length ?? 0) > 0;
  return ok({ ...known, ...readEntries(table, reply.results[0]?.rows ?? [], isLocked), unreadable: '' });
}

/** Quoted only where SQL needs it. */
function shownName({ schema, name }: CandidateTable): string {
  const plain = [schema, name].every((one) => /^[a-z_][a-z0-9_$]*$/.test(one));
  return plain ? `${schema}.${name}` : quoteName({ schema, name });
}
