import { catalogue } from './words/part.ts';

/** Catalogues whose objects have rows of their own; those of columns and foreign tables are told by others. */
const plain = [
  'pg_constraint',
  'pg_trigger',
  'pg_policy',
  'pg_rewrite',
  'pg_statistic_ext',
  'pg_proc',
  'pg_type',
  'pg_namespace',
];

const inClass = (table: string): string => `o.class = ${catalogue(table)}`;

/**
 * A query of objects of the baseline that the catalogue has no more: `class, oid, sub`.
 *
 * @param chosen a condition on the baseline's row `o`
 */
export function goneFromCatalogue(chosen = 'true'): string {
  const relation = `select o.class, o.oid, o.sub from godwit.object o left join pg_catalog.pg_class c on c.oid = o.oid
where (${inClass('pg_class')} or ${inClass('pg_foreign_table')}) and o.sub = 0 and c.oid is null and ${chosen}`;
  const column = `select o.class, o.oid, o.sub from godwit.object o left join pg_catalog.pg_attribute a on a.attrelid = o.oid and a.attnum = o.sub and not a.attisdropped
where ${inClass('pg_class')} and o.sub > 0 and a.attrelid is null and ${chosen}`;
  const others = plain.map(
    (table) => `select o.class, o.oid, o.sub from godwit.object o left join pg_catalog.${table} c on c.oid = o.oid
where ${inClass(table)} and c.oid is null and ${chosen}`,
  );
  const known = ['pg_class', 'pg_foreign_table', ...plain].map(catalogue).join(', ');
  const rare = `select o.class, o.oid, o.sub from godwit.object o
where o.class not in (${known}) and (pg_catalog.pg_identify_object(o.class, o.oid, 0)).identity is null and ${chosen}`;
  return [relation, column, ...others, rare].join('\nunion all ');
}
