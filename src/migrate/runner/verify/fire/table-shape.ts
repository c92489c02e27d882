import { quoteLiteral } from '../../../../sql/quote.ts';
import type { Reply } from '../../../contract/ports.ts';

/** What is needed of a column to make up a row. */
export interface ShapeColumn {
  readonly name: string;
  /** Its type; of a domain, the type below it. */
  readonly type: string;
  /** Category of pg_type: N numbers, S strings, B boolean, D dates, E enums, A arrays, … */
  readonly category: string;
  /** True: an INSERT must provide a value. */
  readonly needed: boolean;
  readonly nullable: boolean;
  readonly settable: boolean;
  /** True: part of a primary key or another unique index. */
  readonly unique: boolean;
  /** Longest text in characters; 0 without a limit. */
  readonly limit: number;
  /** Labels of an enum, in order; null for other types. */
  readonly labels: readonly string[] | null;
  /** Table and column that a foreign key of this column points to. */
  readonly parent: { readonly schema: string; readonly table: string; readonly column: string } | null;
  /** Definitions of the CHECK constraints that this column, or its domain, takes part in. */
  readonly checks: readonly string[];
}

/** A table by its columns. */
export interface TableShape {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly ShapeColumn[];
}

/** A message that reads the shapes of tables and of the tables that their foreign keys point to, three levels up. */
export function shapesMessage(tables: readonly { readonly schema: string; readonly table: string }[]): string {
  const list = quoteLiteral(JSON.stringify(tables.map(({ schema, table }) => [schema, table])));
  return `SET TRANSACTION READ ONLY;
with recursive named as (select distinct c.oid from pg_catalog.json_array_elements(${list}::json) e
    join pg_catalog.pg_namespace n on n.nspname = e ->> 0 join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = e ->> 1),
  reach(oid, depth) as (select oid, 0 from named
    union select k.confrelid, depth + 1 from reach join pg_catalog.pg_constraint k on k.conrelid = reach.oid and k.contype = 'f' where depth < 3),
  rel as (select distinct c.oid, n.nspname, c.relname from reach join pg_catalog.pg_class c using (oid) join pg_catalog.pg_namespace n on n.oid = c.relnamespace)
select rel.nspname, rel.relname, pg_catalog.json_agg(pg_catalog.json_build_object(
  'name', a.attname, 'type', pg_catalog.format_type(coalesce(nullif(t.typbasetype, 0), t.oid), null), 'category', t.typcategory,
  'limit', greatest(case t.typtype when 'd' then t.typtypmod else a.atttypmod end - 4, 0),
  'nullable', not a.attnotnull and not t.typnotnull,
  'needed', (a.attnotnull or t.typnotnull) and not a.atthasdef and t.typdefault is null and a.attidentity = '' and a.attgenerated = '',
  'settable', a.attidentity <> 'a' and a.attgenerated = '',
  'unique', exists (select from pg_catalog.pg_index x where x.indrelid = rel.oid and x.indisunique and a.attnum = any (x.indkey)),
  'labels', (select pg_catalog.json_agg(enumlabel order by enumsortorder) from pg_catalog.pg_enum where enumtypid = coalesce(nullif(t.typbasetype, 0), t.oid)),
  'parent', (select pg_catalog.json_build_object('schema', fn.nspname, 'table', f.relname, 'column', fa.attname)
    from pg_catalog.pg_constraint k join pg_catalog.pg_class f on f.oid = k.confrelid join pg_catalog.pg_namespace fn on fn.oid = f.relnamespace
    join pg_catalog.pg_attribute fa on fa.attrelid = f.oid and fa.attnum = k.confkey[pg_catalog.array_position(k.conkey, a.attnum)]
    where k.conrelid = rel.oid and k.contype = 'f' and a.attnum = any (k.conkey) limit 1),
  'checks', coalesce((select pg_catalog.json_agg(pg_catalog.pg_get_constraintdef(k.oid)) from pg_catalog.pg_constraint k
    where k.contype = 'c' and (k.conrelid = rel.oid and a.attnum = any (k.conkey) or k.contypid = t.oid)), '[]'::json)) order by a.attnum)
from rel join pg_catalog.pg_attribute a on a.attrelid = rel.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type t on t.oid = a.atttypid group by 1, 2`;
}

/** The shapes by `schema.table`. */
export function readShapes(reply: Reply): ReadonlyMap<string, TableShape> {
  if (!reply.ok) return new Map();
  const rows = reply.results.at(-1)?.rows ?? [];
  return new Map(
    rows.map(([schema, table, columns]) => [
      `${schema ?? ''}.${table ?? ''}`,
      { schema: schema ?? '', table: table ?? '', columns: JSON.parse(columns ?? '[]') as ShapeColumn[] },
    ]),
  );
}
