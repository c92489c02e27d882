import { pipeline } from 'node:stream/promises';
import type { Client } from 'pg';
import type * as CopyStreams from 'pg-copy-streams';

/** A table that stores rows, with the columns that both databases have. */
interface CopiedTable {
  readonly name: string;
  readonly columns: readonly string[];
}

const notOurs = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'";
const ofExtension = `EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`;

/**
 * Tables that store rows, those of the history included. Generated columns are left out, because they are computed
 * again.
 */
async function tablesOf(client: Client): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await client.query<{ name: string; columns: string[] }>(
    `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, coalesce(pg_catalog.array_agg(pg_catalog.quote_ident(a.attname) ORDER BY a.attnum)
  FILTER (WHERE a.attname IS NOT NULL), '{}') AS columns
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE c.relkind = 'r' AND ${notOurs} AND NOT ${ofExtension} GROUP BY 1 ORDER BY 1`,
  );
  return new Map(rows.map(({ name, columns }) => [name, columns]));
}

/** Called with progress. */
export interface CopyOptions {
  readonly signal: AbortSignal;
  readonly onTable: (name: string, done: number, of: number) => void;
}

/**
 * Replaces the rows of a database by those of another one that has the same tables, in one transaction, without
 * triggers and foreign keys; then sets its sequences and refreshes its materialized views.
 *
 * @param from inside one read-only transaction, so that all tables are of one moment
 * @returns the tables, and the number of rows in those outside the history
 */
export async function copyRows(
  from: Client,
  to: Client,
  { signal, onTable }: CopyOptions,
): Promise<{ readonly tables: readonly CopiedTable[]; readonly rows: number }> {
  const [old, fresh] = [await tablesOf(from), await tablesOf(to)];
  const tables = [...old].flatMap(([name, columns]) => {
    const there = fresh.get(name);
    return there === undefined ? [] : [{ name, columns: columns.filter((column) => there.includes(column)) }];
  });
  let rows = 0;
  await to.query('BEGIN');
  await to.query('SET LOCAL session_replication_role = replica');
  const emptied = await emptiableIn(to);
  if (emptied.length > 0) await to.query(`TRUNCATE ${emptied.join(', ')}`);
  for (const [index, table] of tables.entries()) {
    onTable(table.name, index, tables.length);
    const copied = table.columns.length > 0 ? await copyTable({ from, to, table }, signal) : 0;
    if (!isHistory(table)) rows += copied;
  }
  await setSequences(from, to);
  await to.query('COMMIT');
  await refreshViews(from, to);
  return { tables, rows };
}

export function isHistory({ name }: Pick<CopiedTable, 'name'>): boolean {
  return name.startsWith('godwit.');
}

/** Includes partitioned tables: their foreign keys would prevent emptying the partitions alone. */
async function emptiableIn(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND ${notOurs} AND NOT ${ofExtension}`,
  );
  return rows.map(({ name }) => name);
}

interface TableCopy {
  readonly from: Client;
  readonly to: Client;
  readonly table: CopiedTable;
}

async function copyTable({ from, to, table }: TableCopy, signal: AbortSignal): Promise<number> {
  // CommonJS: its names are on the default export when a bundler has split it off.
  const streams = await import('pg-copy-streams');
  const copy = 'from' in streams ? streams : (streams as { readonly default: typeof CopyStreams }).default;
  const what = `${table.name} (${table.columns.join(', ')})`;
  const sink = to.query(copy.from(`COPY ${what} FROM STDIN`));
  await pipeline(from.query(copy.to(`COPY ${what} TO STDOUT`)), sink, { signal });
  return sink.rowCount;
}

async function setSequences(from: Client, to: Client): Promise<void> {
  const { rows } = await from.query<{ name: string }>(
    `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'S' AND ${notOurs}`,
  );
  for (const { name } of rows) {
    const { rows: state } = await from.query<{ last_value: string; is_called: boolean }>(
      `SELECT last_value::text, is_called FROM ${name}`,
    );
    const [now] = state;
    // A sequence that does not exist was already reported as left behind.
    if (now !== undefined)
      await to.query(
        'SELECT pg_catalog.setval(s, $2::bigint, $3) FROM (SELECT pg_catalog.to_regclass($1) AS s) AS there WHERE s IS NOT NULL',
        [name, now.last_value, now.is_called],
      );
  }
}

async function refreshViews(from: Client, to: Client): Promise<void> {
  const query = `SELECT pg_catalog.format('%I.%I', schemaname, matviewname) AS name, ispopulated FROM pg_catalog.pg_matviews`;
  const filled = new Set(
    (await from.query<{ name: string; ispopulated: boolean }>(query)).rows.flatMap((view) =>
      view.ispopulated ? [view.name] : [],
    ),
  );
  const { rows } = await to.query<{ name: string }>(
    `SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS name FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm' ORDER BY c.oid`,
  );
  // A materialized view that was created later may read an earlier one.
  for (const { name } of rows) if (filled.has(name)) await to.query(`REFRESH MATERIALIZED VIEW ${name}`);
}

/** Tables whose rows differ between the databases, by their number and a hash over all of them. */
export async function differingTables(
  from: Client,
  to: Client,
  tables: readonly CopiedTable[],
): Promise<readonly string[]> {
  const differing: string[] = [];
  for (const { name, columns } of tables) {
    const query = `SELECT pg_catalog.count(*)::text AS count, coalesce(pg_catalog.sum(('x' || pg_catalog.left(pg_catalog.md5(t::text), 15))::bit(60)::bigint), 0)::text AS hash
FROM (SELECT ${columns.join(', ')} FROM ONLY ${name}) AS t`;
    const [old, fresh] = [await from.query(query), await to.query(query)];
    if (JSON.stringify(old.rows) !== JSON.stringify(fresh.rows)) differing.push(name);
  }
  return differing;
}
