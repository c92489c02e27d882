import { goneFromCatalogue } from './gone.ts';
import { described } from './words/described.ts';
import { catalogue } from './words/part.ts';
import { homesAround, locked, withoutSchema, writtenSince } from './written.ts';

const pgClass = catalogue('pg_class');

/** Before the first look at a database nothing is compared: everything is as it is. */
const floor = `(select coalesce(horizon, pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())) from godwit.guard)`;

/**
 * One statement at the start of a run that marks what has drifted, so that the end of the run does not take it for the
 * run's own. Only rows written since the horizon are compared; then the horizon moves. An object that was
 * made anew under its name with the same words (REINDEX CONCURRENTLY) has not drifted. Runs under `describingSettings`,
 * in a message that `godwit.enter` opened, when nothing waits to be described.
 *
 * @param major of the server
 * @param run whose row keeps what had been there before it
 */
export function noteDrift(major: number, run: string): string {
  const free = `select h.class, h.oid from homes h where not (h.class = ${pgClass} and exists (select from locked l where l.oid = h.oid))`;
  const found = withoutSchema.map((table) => `select oid from pg_catalog.${table} where oid >= 16384`);
  return `with ${writtenSince(floor, major)},
${homesAround('select class, oid from written')},
${locked},
${described(free, major)},
gone (class, oid, sub) as materialized (${goneFromCatalogue()}),
anew as materialized (
  select o.class, o.oid, o.sub, d.oid as new_oid, d.sub as new_sub, d.home as new_home
  from gone g join godwit.object o on o.class = g.class and o.oid = g.oid and o.sub = g.sub
  join described d on d.kind = o.kind and d.name = o.name and d.words = o.words
  where not exists (select from godwit.object t where t.class = d.class and t.oid = d.oid and t.sub = d.sub)),
bound as (
  update godwit.object o set oid = a.new_oid, sub = a.new_sub, home = a.new_home, drifted = false
  from anew a where o.class = a.class and o.oid = a.oid and o.sub = a.sub),
state (class, oid, sub, drifted) as materialized (
  select o.class, o.oid, o.sub, d.words <> o.words or d.name <> o.name
  from described d join godwit.object o on o.class = d.class and o.oid = d.oid and o.sub = d.sub
  union all select class, oid, sub, true from gone g where not exists (select from anew a where a.class = g.class and a.oid = g.oid and a.sub = g.sub)),
marked as (
  update godwit.object o set drifted = s.drifted from state s
  where o.class = s.class and o.oid = s.oid and o.sub = s.sub and o.drifted <> s.drifted),
noted as (
  update godwit.run set found = coalesce((select pg_catalog.array_agg(oid) from (${found.join(' union all ')}) f), '{}') where run = ${run})
update godwit.guard set horizon = pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())
where not exists (select from homes h join locked l on l.oid = h.oid and h.class = ${pgClass})`;
}
