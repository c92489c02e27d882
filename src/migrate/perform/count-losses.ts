import { bad, good, type Outcome } from '../../kit/outcome.ts';
import { quoteIdent, quoteLiteral, quoteName } from '../../sql/quote.ts';
import type { Session } from '../ports.ts';
import { serverFault } from '../server-fault.ts';
import { tableKey, type RowLoss, type TableName } from './row-losses.ts';

/** A loss held against the database: one table that is there, with its rows. */
export interface CountedLoss {
  /** The table's name now: `schema.name`. */
  readonly key: string;
  /** The column whose values are lost; absent: rows. */
  readonly column?: string;
  /** How people are told: `users`, `users.email`. */
  readonly label: string;
  readonly segment: number;
  /** The table, quoted, as it is called when its segment begins. */
  readonly table: string;
  /** Condition that a lost row fulfils. */
  readonly where: string;
  /** True: only running it tells how many rows go; `rows` is then what the table holds. */
  readonly some: boolean;
  readonly rows: number;
}

/** Counts what these losses would take now. What is not there loses nothing. */
export async function countLosses(
  session: Session,
  losses: readonly RowLoss[],
  schema: string,
): Promise<Outcome<readonly CountedLoss[]>> {
  const counted: CountedLoss[] = [];
  for (const loss of losses) {
    const touched = await ask(session, loss.how === 'schema' ? tablesIn(loss.now) : reached(loss));
    if (!touched.ok) return touched;
    for (const row of touched.value) {
      const [ownSchema, name, first] = row.map((cell) => cell ?? '') as [string, string, string];
      const found = { schema: ownSchema, name };
      const where =
        loss.how === 'column' ? await columnCondition(session, found, loss) : good({ now: 'true', later: 'true' });
      if (!where.ok) return where;
      if (where.value === undefined) continue;
      const count = await ask(session, `select count(*) from ${quoteName(found)} where ${where.value.now}`);
      if (!count.ok) return count;
      const moved = first === 'true' && tableKey(loss.table, schema) !== tableKey(loss.now, schema);
      counted.push({
        key: tableKey(found, schema),
        label: loss.columnNow === undefined ? name : `${name}.${loss.columnNow}`,
        ...(loss.columnNow === undefined ? {} : { column: loss.columnNow }),
        segment: loss.segment,
        table: quoteName(moved ? { schema: loss.table.schema ?? ownSchema, name: loss.table.name } : found),
        where: where.value.later,
        some: loss.how === 'deleted',
        rows: Number(count.value[0]?.[0] ?? 0),
      });
    }
  }
  return good(counted);
}

function tablesIn({ schema }: TableName): string {
  return `select n.nspname, c.relname, 'false' from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = ${quoteLiteral(schema ?? '')} and c.relkind in ('r', 'p') and not c.relispartition order by 2`;
}

/** The table itself, first; TRUNCATE and DELETE go on to the tables whose foreign keys pass them on. */
function reached({ how, now }: RowLoss): string {
  const passes = how === 'emptied' ? 'true' : how === 'deleted' ? "k.confdeltype = 'c'" : 'false';
  const root = `pg_catalog.to_regclass(${quoteLiteral(quoteName(now))})`;
  return `with recursive reach (oid) as (
  select c.oid from pg_catalog.pg_class c where c.oid = ${root}
  union select k.conrelid from pg_catalog.pg_constraint k join reach on k.confrelid = reach.oid where k.contype = 'f' and ${passes}
) select n.nspname, c.relname, (c.oid = ${root})::text from reach join pg_catalog.pg_class c using (oid) join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and (c.oid = ${root} or not c.relispartition) order by c.oid <> ${root}, 2`;
}

/**
 * The values of a column that are lost with it: neither null, nor computed, nor the constant that the column gives to
 * every row by itself. Undefined: there is no such column, or nothing in it to lose.
 */
async function columnCondition(
  session: Session,
  table: TableName,
  { column = '', columnNow = '' }: RowLoss,
): Promise<Outcome<{ readonly now: string; readonly later: string } | undefined>> {
  const found = await ask(
    session,
    `select a.attgenerated, pg_catalog.pg_get_expr(d.adbin, d.adrelid) from pg_catalog.pg_attribute a
left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = pg_catalog.to_regclass(${quoteLiteral(quoteName(table))}) and a.attname = ${quoteLiteral(columnNow)} and not a.attisdropped`,
  );
  if (!found.ok) return found;
  const [row] = found.value;
  if (row === undefined || (row[0] ?? '') !== '') return good(undefined);
  const preset = row[1];
  const condition = (name: string): string => {
    const given = `${quoteIdent(name)} IS NOT NULL`;
    // A call may differ from row to row, or do something.
    return preset == null || preset.includes('(')
      ? given
      : `${given} AND ${quoteIdent(name)}::text IS DISTINCT FROM (${preset})::text`;
  };
  return good({ now: condition(columnNow), later: condition(column) });
}

async function ask(session: Session, query: string): Promise<Outcome<readonly (readonly (string | null)[])[]>> {
  const reply = await session.send(query, { rows: 'all' });
  if (!reply.ok) return bad(serverFault(reply.error));
  return good(reply.results[0]?.rows ?? []);
}
