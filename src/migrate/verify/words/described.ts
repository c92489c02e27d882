import { columnRows, compositeRows, foreignTableRows, relationRows, relations, sequenceRows } from './relation.ts';
import { relationPartRows } from './relation-part.ts';
import { rareRows } from './rare.ts';
import { typeAndRoutineRows } from './type.ts';

/**
 * Definitions as text depend on these settings, so they are fixed. Just-in-time compilation costs more than it gains, and
 * nobody's lock is waited for.
 */
export const describingSettings: readonly string[] = [
  "SET LOCAL search_path TO ''",
  "SET LOCAL TimeZone TO 'UTC'",
  "SET LOCAL DateStyle TO 'ISO'",
  "SET LOCAL IntervalStyle TO 'postgres'",
  'SET LOCAL extra_float_digits TO 1',
  "SET LOCAL bytea_output TO 'hex'",
  'SET LOCAL quote_all_identifiers TO off',
  'SET LOCAL standard_conforming_strings TO on',
  "SET LOCAL lc_monetary TO 'C'",
  'SET LOCAL jit TO off',
  "SET LOCAL lock_timeout TO '200ms'",
];

/**
 * Common table expressions that give the server's own words for every wanted home (a relation, type, function, schema, …)
 * and all of its parts: `described (class, oid, sub, kind, name, home_class, home, words)`. They mean the same only under
 * `describingSettings`. What is in use exclusively by others must be left out beforehand: its description would wait.
 *
 * @param wanted a query that gives `class, oid` of each home
 * @param major of the server
 */
export function described(wanted: string, major: number): string {
  const rows = [
    relationRows,
    sequenceRows,
    compositeRows,
    foreignTableRows,
    columnRows,
    ...relationPartRows,
    ...typeAndRoutineRows,
    ...rareRows(major),
  ];
  return `wanted (class, oid) as materialized (${wanted}),
${relations},
described as materialized (${rows.join('\nunion all ')})`;
}
