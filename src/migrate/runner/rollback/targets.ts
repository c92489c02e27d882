import { quoteIdent, quoteLiteral, quoteName } from '../../../sql/quote.ts';
import { shortWaitMs } from '../../contract/lock-policy.ts';
import type { RefusedReply, Session } from '../../contract/ports.ts';
import type { NamedTable, StatedLoss } from '../../contract/row-change.ts';

type Rows = readonly (readonly (string | null)[])[];

/** A table of the database that a loss affects. */
export interface LossTarget {
  readonly oid: string;
  /** Quoted and schema-qualified. */
  readonly table: string;
  /** The label for people: `users`, `app.users`, `users.email`. */
  readonly label: string;
  /** The condition that holds for rows that lose something. */
  readonly condition: string;
  /** Its owner, if the rows can only be counted as that role: rights that are not inherited, row security. */
  readonly role?: string;
}

export type FoundTargets = { readonly ok: true; readonly targets: readonly LossTarget[] } | RefusedReply;

/**
 * Looks up what a loss affects in the present catalogue: ordinary tables, including partitions and inheriting tables.
 * Objects that do not exist, are temporary, or hold no rows of their own (a view) are excluded.
 *
 * @param loss without a path, a name is resolved as the session itself does
 */
export async function findTargets(ask: Ask, loss: StatedLoss): Promise<FoundTargets> {
  const found = await ask(loss.how === 'drop-schema' ? tablesIn(loss.table.name) : reached(loss));
  if (!found.ok) return found;
  const targets = found.rows.map((row) => targetOf(row, loss));
  const [table] = targets;
  if (loss.column === undefined || table === undefined) return { ok: true, targets };
  const condition = await columnCondition(ask, table.oid, loss.column);
  if (!condition.ok) return condition;
  return { ok: true, targets: condition.text === undefined ? [] : [{ ...table, condition: condition.text }] };
}

/** The same tables in the same order, found again; those that are gone are omitted. */
export async function findAgain(ask: Ask, oids: readonly string[]): Promise<FoundTargets> {
  const list = oids.join(', ');
  const order = `order by pg_catalog.array_position(array[${list}]::oid[], c.oid)`;
  const found = await ask(`${columns} where c.oid in (${list}) ${order}`);
  if (!found.ok) return found;
  return { ok: true, targets: found.rows.map((row) => targetOf(row)) };
}

/** The expression that finds a table by its name. */
export function oidOf({ schema, name, path }: NamedTable): string {
  const find = (own: string | null): string =>
    `pg_catalog.to_regclass(${quoteLiteral(quoteName({ schema: own, name }))})`;
  if (schema !== null || path === undefined) return find(schema);
  const where = path.filter((entry) => entry !== '' && !entry.includes('$user'));
  return where.length === 0 ? 'null::pg_catalog.regclass' : `coalesce(${where.map(find).join(', ')})`;
}

/** Sends one query: in the open transaction, or in its own. */
export type Ask = (query: string) => Promise<{ readonly ok: true; readonly rows: Rows } | RefusedReply>;

/** Queries in the session as it is. */
export function askIn(session: Session): Ask {
  return async (query) => {
    const reply = await session.send(query, { rows: 'all' });
    return reply.ok ? { ok: true, rows: reply.results[0]?.rows ?? [] } : reply;
  };
}

/** Queries in a separate transaction, which changes nothing and does not wait for locks. */
export function queryAside(session: Session): Ask {
  return async (query) => {
    const commands = ['BEGIN READ ONLY', `SET LOCAL lock_timeout TO '${shortWaitMs}ms'`, query, 'ROLLBACK'];
    const reply = await session.send(commands.map((command) => `${command};\n`).join(''), { rows: 'all' });
    if (!reply.ok && !reply.error.lost) await session.send('ROLLBACK');
    return reply.ok ? { ok: true, rows: reply.results.find((result) => result.columns.length > 0)?.rows ?? [] } : reply;
  };
}

const columns = `select c.oid, n.nspname, c.relname,
  case when pg_catalog.pg_has_role(c.relowner, 'MEMBER') and (pg_catalog.row_security_active(c.oid)
    or not pg_catalog.has_table_privilege(c.oid, 'SELECT') or not pg_catalog.has_schema_privilege(n.oid, 'USAGE'))
  then pg_catalog.pg_get_userbyid(c.relowner) end
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace`;

const holdsRows = "c.relkind in ('r', 'p') and c.relpersistence <> 't'";

function tablesIn(schema: string): string {
  return `${columns} where n.nspname = ${quoteLiteral(schema)} and ${holdsRows} and not c.relispartition order by 3`;
}

/**
 * The table itself, first; TRUNCATE … CASCADE and DELETE continue to the tables to which foreign keys propagate them.
 */
function reached({ how, table, cascade }: StatedLoss): string {
  const deletes = how === 'delete' || how === 'delete-some';
  const passes = deletes ? "k.confdeltype = 'c'" : cascade === true ? 'true' : 'false';
  return `with recursive root (oid) as (select ${oidOf(table)}::pg_catalog.oid), reach (oid) as (
  select root.oid from root
  union select k.conrelid from pg_catalog.pg_constraint k join reach on k.confrelid = reach.oid
    where k.contype = 'f' and ${passes}
) ${columns} join reach on reach.oid = c.oid join root on true
where ${holdsRows} and (c.oid = root.oid or not c.relispartition) order by c.oid <> root.oid, 3`;
}

function targetOf(row: readonly (string | null)[], loss?: StatedLoss): LossTarget {
  const [oid, schema, name, role] = row;
  const names = { schema: schema ?? '', name: name ?? '' };
  const said = loss?.table.schema != null || loss?.how === 'drop-schema' ? `${names.schema}.${names.name}` : names.name;
  return {
    oid: oid ?? '',
    table: quoteName(names),
    label: loss?.column === undefined ? said : `${said}.${loss.column}`,
    condition: 'true',
    ...(role == null ? {} : { role }),
  };
}

/**
 * The values of a column that are lost with it: neither null, nor computed, nor the constant default that every row
 * gets. Undefined: the column does not exist, or holds nothing to lose.
 */
async function columnCondition(
  ask: Ask,
  oid: string,
  column: string,
): Promise<{ readonly ok: true; readonly text: string | undefined } | RefusedReply> {
  const found = await ask(
    `select a.attgenerated, pg_catalog.pg_get_expr(d.adbin, d.adrelid) from pg_catalog.pg_attribute a
left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = ${oid} and a.attname = ${quoteLiteral(column)} and a.attnum > 0 and not a.attisdropped`,
  );
  if (!found.ok) return found;
  const [row] = found.rows;
  if (row === undefined || (row[0] ?? '') !== '') return { ok: true, text: undefined };
  const preset = row[1];
  const given = `${quoteIdent(column)} IS NOT NULL`;
  // A function call may differ from row to row, or have side effects.
  const text =
    preset == null || preset.includes('(')
      ? given
      : `${given} AND ${quoteIdent(column)}::text IS DISTINCT FROM (${preset})::text`;
  return { ok: true, text };
}
