import type { NamedRelation, SeedInsert, SeedStep } from '../../contract/seed-step.ts';

/** Rows that a recorded migration has inserted, and the tables that may hold them by now. */
export interface SeedSource {
  readonly seq: string;
  /** Possible tables: the first one that exists is taken. */
  readonly candidates: readonly SourceRelation[];
  /** Their present names; empty: all columns of the table, in their order. */
  readonly columns: readonly string[];
  readonly insert: SeedInsert;
}

interface SourceRelation {
  readonly schema: string;
  readonly name: string;
}

/** The steps of one recorded migration. */
export interface RecordedSteps {
  readonly seq: string;
  readonly steps: readonly SeedStep[];
}

/**
 * Follows the names of tables and columns through the renames of the same migrations. A row found under a name only
 * counts if the migration's transaction wrote it, so a wrong guess does no harm.
 *
 * @param migrations in the order of the history
 * @param sessionPath the schemas in which unqualified names are searched for
 */
export function seedSources(
  migrations: readonly RecordedSteps[],
  sessionPath: readonly string[],
): readonly SeedSource[] {
  let sources: readonly SeedSource[] = [];
  for (const { seq, steps } of migrations)
    for (const step of steps) {
      const candidates = candidatesOf(step.table, sessionPath);
      if (step.op === 'insert') {
        sources = [...sources, { seq, candidates, columns: step.columns, insert: step }];
        continue;
      }
      const { to } = step;
      const meant = new Set(candidates.map(sourceKey));
      sources = sources.map((source) => {
        if (!source.candidates.some((candidate) => meant.has(sourceKey(candidate)))) return source;
        if ('column' in to)
          return { ...source, columns: source.columns.map((column) => (column === to.column ? to.name : column)) };
        const moved = source.candidates.map((one) => (meant.has(sourceKey(one)) ? { ...one, ...to } : one));
        return { ...source, candidates: moved };
      });
    }
  return sources;
}

function candidatesOf(
  { schema, name, path }: NamedRelation,
  sessionPath: readonly string[],
): readonly SourceRelation[] {
  const schemas = schema === null ? (path ?? sessionPath) : [schema];
  return schemas.map((one) => ({ schema: one, name }));
}

function sourceKey({ schema, name }: SourceRelation): string {
  return JSON.stringify([schema, name]);
}

/** A table that rows were inserted into, as the catalogue has it. */
export interface SeededTable {
  readonly oid: string;
  /** In their order. */
  readonly columns: readonly { readonly number: number; readonly name: string; readonly type: string }[];
  /** Column numbers of the primary key, then of unique indexes, shortest first. */
  readonly keys: readonly (readonly number[])[];
}

/** SQL that finds each source's table: `n, oid, columns, keys`. Under `describingSettings`. */
export function seededTables(candidates: readonly (readonly SourceRelation[])[]): string {
  const wanted = JSON.stringify(candidates).replaceAll("'", "''");
  return `select w.n, c.oid,
  (select pg_catalog.json_agg(pg_catalog.json_build_array(a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)) order by a.attnum)
    from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
  (select pg_catalog.json_agg((select pg_catalog.json_agg(k.num order by k.at) from pg_catalog.unnest(i.indkey) with ordinality k (num, at) where k.at <= i.indnkeyatts)
      order by i.indisprimary desc, i.indnkeyatts, i.indexrelid)
    from pg_catalog.pg_index i join pg_catalog.pg_class x on x.oid = i.indexrelid join pg_catalog.pg_am m on m.oid = x.relam and m.amname = 'btree'
    where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null)
from pg_catalog.json_array_elements(' ${wanted}'::json) with ordinality w (list, n)
cross join lateral (
  select c.oid, c.relkind from pg_catalog.json_array_elements(w.list) with ordinality o (one, at)
  join pg_catalog.pg_namespace s on s.nspname = case o.one ->> 'schema' when '$user' then current_user else o.one ->> 'schema' end
  join pg_catalog.pg_class c on c.relnamespace = s.oid and c.relname = o.one ->> 'name' and c.relkind in ('r', 'p', 'v', 'f')
  order by o.at limit 1) c
where c.relkind in ('r', 'p')`;
}

/** Rows of one table and migration that are searched for together. */
export interface SeedGroup {
  readonly seq: string;
  readonly table: SeededTable;
  readonly key: readonly number[];
  /** Numbers of the columns that the INSERT names. */
  readonly columns: readonly number[];
  readonly path: readonly string[] | null;
  /** True: an earlier statement of the migration may have written them. */
  readonly keeps: boolean;
  readonly rows: SeedGroupRow[];
}

interface SeedGroupRow {
  readonly line: number;
  /** The literals of the key, in its order. */
  readonly key: readonly { readonly start: number; readonly end: number }[];
}

/** Groups rows that have literals for a key. The others cannot be followed, and are not reported. */
export function seedGroups(
  sources: readonly SeedSource[],
  tableOf: (source: SeedSource) => SeededTable | undefined,
): readonly SeedGroup[] {
  const groups = new Map<string, SeedGroup>();
  for (const source of sources) {
    const table = tableOf(source);
    if (table === undefined) continue;
    const { insert, seq } = source;
    const byName = new Map(table.columns.map(({ name, number }) => [name, number]));
    const width = insert.rows[0]?.length ?? 0;
    const numbers =
      source.columns.length > 0
        ? source.columns.map((name) => byName.get(name))
        : table.columns.slice(0, width).map(({ number }) => number);
    const columns = numbers.filter((number) => number !== undefined);
    for (const row of insert.rows) {
      const literal = (number: number): (typeof row)[number] => row[numbers.indexOf(number)] ?? null;
      const key = table.keys.find((candidate) => candidate.every((number) => literal(number) !== null));
      if (key === undefined) continue;
      const { keeps } = insert;
      const { path } = insert.table;
      const identity = JSON.stringify([seq, table.oid, key, columns, path, keeps]);
      const group = groups.get(identity) ?? { seq, table, key, columns, path, keeps, rows: [] };
      groups.set(identity, group);
      group.rows.push({ line: insert.line, key: key.map(literal).filter((span) => span !== null) });
    }
  }
  return [...groups.values()];
}
