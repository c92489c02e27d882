/**
 * Settings of a message that describes objects. `godwit.described` sets its own for the definitions; these also qualify
 * names that are looked up next to it. Just-in-time compilation costs more than it gains, and the message must not wait
 * for locks.
 */
export const describingSettings: readonly string[] = [
  "SET LOCAL search_path TO ''",
  'SET LOCAL jit TO off',
  "SET LOCAL lock_timeout TO '200ms'",
];

/**
 * Common table expressions for the server's own definition of every wanted home (a relation, type, function, schema, …)
 * and all of its parts: `described (class, oid, sub, kind, name, home_class, home, words)`. What others have locked
 * exclusively must be excluded beforehand, because describing it would wait.
 *
 * @param wanted a query for `class, oid` of each home
 */
export function described(wanted: string): string {
  return `wanted (class, oid) as materialized (${wanted}),
described as materialized (select d.* from (select pg_catalog.array_agg(class) as classes, pg_catalog.array_agg(oid) as oids from wanted) w, godwit.described(w.classes, w.oids) d)`;
}
