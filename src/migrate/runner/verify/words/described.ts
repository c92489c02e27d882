/**
 * Settings of a message that describes. The words themselves bring theirs along (`godwit.described`); names that are
 * looked up beside them are qualified, too. Just-in-time compilation costs more than it gains, and nobody's lock is
 * waited for.
 */
export const describingSettings: readonly string[] = [
  "SET LOCAL search_path TO ''",
  'SET LOCAL jit TO off',
  "SET LOCAL lock_timeout TO '200ms'",
];

/**
 * Common table expressions that give the server's own words for every wanted home (a relation, type, function, schema, …)
 * and all of its parts: `described (class, oid, sub, kind, name, home_class, home, words)`. What is in use exclusively by
 * others must be left out beforehand: its description would wait.
 *
 * @param wanted a query that gives `class, oid` of each home
 */
export function described(wanted: string): string {
  return `wanted (class, oid) as materialized (${wanted}),
described as materialized (select d.* from (select pg_catalog.array_agg(class) as classes, pg_catalog.array_agg(oid) as oids from wanted) w, godwit.described(w.classes, w.oids) d)`;
}
