import { quoteLiteral } from '../../../sql/quote.ts';
import type { Reply } from '../../ports.ts';

/** A column as far as a row for it has to be made up. */
export interface ShapeColumn {
  readonly name: string;
  readonly type: string;
  /** Category of pg_type: N numbers, S strings, B boolean, D dates, E enums, A arrays, … */
  readonly category: string;
  /** Must be given a value by whoever inserts. */
  readonly needed: boolean;
  readonly settable: boolean;
  /** Longest text in characters; 0 without a limit. */
  readonly limit: number;
  /** First label of an enum. */
  readonly label: string | null;
  /** Table and column that a foreign key of this column points to. */
  readonly parent: { readonly schema: string; readonly table: string; readonly column: string } | null;
  /** Definitions of the CHECK constraints that this column takes part in. */
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
with recursive named as (select c.oid from pg_catalog.json_array_elements(${list}::json) e
    join pg_catalog.pg_namespace n on n.nspname = e ->> 0 join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = e ->> 1),
  reach(oid, depth) as (select oid, 0 from named
    union select k.confrelid, depth + 1 from reach join pg_catalog.pg_constraint k on k.conrelid = reach.oid and k.contype = 'f' where depth < 3),
  rel as (select distinct c.oid, n.nspname, c.relname from reach join pg_catalog.pg_class c using (oid) join pg_catalog.pg_namespace n on n.oid = c.relnamespace)
select rel.nspname, rel.relname, pg_catalog.json_agg(pg_catalog.json_build_object(
  'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, null), 'category', t.typcategory, 'limit', greatest(a.atttypmod - 4, 0),
  'needed', a.attnotnull and not a.atthasdef and a.attidentity = '' and a.attgenerated = '',
  'settable', a.attidentity <> 'a' and a.attgenerated = '',
  'label', (select enumlabel from pg_catalog.pg_enum where enumtypid = coalesce(nullif(t.typbasetype, 0), t.oid) order by enumsortorder limit 1),
  'parent', (select pg_catalog.json_build_object('schema', fn.nspname, 'table', f.relname, 'column', fa.attname)
    from pg_catalog.pg_constraint k join pg_catalog.pg_class f on f.oid = k.confrelid join pg_catalog.pg_namespace fn on fn.oid = f.relnamespace
    join pg_catalog.pg_attribute fa on fa.attrelid = f.oid and fa.attnum = k.confkey[pg_catalog.array_position(k.conkey, a.attnum)]
    where k.conrelid = rel.oid and k.contype = 'f' and a.attnum = any (k.conkey) limit 1),
  'checks', coalesce((select pg_catalog.json_agg(pg_catalog.pg_get_constraintdef(k.oid)) from pg_catalog.pg_constraint k
    where k.conrelid = rel.oid and k.contype = 'c' and a.attnum = any (k.conkey)), '[]'::json)) order by a.attnum)
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
