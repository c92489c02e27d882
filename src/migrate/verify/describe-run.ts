import { quoteLiteral } from '../../sql/quote.ts';
import { goneFromCatalogue } from './gone.ts';
import { described } from './words/described.ts';
import { catalogue } from './words/part.ts';
import { homesAround, locked, writtenSince } from './written.ts';

const pgClass = catalogue('pg_class');

/** What others wrote since the last look is looked for as well: only where there is none the horizon may move. */
const floor = `(select least(min(t.xid::text::numeric), min(g.horizon::text::numeric))::text::xid8 from godwit.own_transaction t, godwit.guard g)`;

/** Which migration wrote what: exact transactions, and the time of statements outside of transactions. */
const ownTransactions = `own (x, seq, n) as materialized (
  select t.xid::xid, t.seq, t.n from godwit.own_transaction t where not t.outside
  union all select s, t.seq, t.n from godwit.own_transaction t, pg_catalog.unnest(t.subtransactions) s where not t.outside),
-- A window's rows are those of its relations, whatever their part.
by_window as materialized (
  select w.class, w.oid, w.sub, w.x, t.seq, t.n from written w join godwit.own_transaction t on t.outside
    and pg_catalog.age(w.x) between pg_catalog.age(coalesce(t.through, t.xid)::xid) and pg_catalog.age(t.xid::xid)
  where t.relations is null or w.oid = any(t.relations)
    or exists (select from pg_catalog.pg_index i where w.class = ${pgClass} and i.indexrelid = w.oid and i.indrelid = any(t.relations))
    or exists (select from pg_catalog.pg_constraint k where w.class = ${catalogue('pg_constraint')} and k.oid = w.oid and k.conrelid = any(t.relations))
    or exists (select from pg_catalog.pg_trigger k where w.class = ${catalogue('pg_trigger')} and k.oid = w.oid and k.tgrelid = any(t.relations))),
by_run as materialized (
  select w.class, w.oid, w.sub, o.seq, o.n from written w join own o on o.x = w.x
  union all select class, oid, sub, seq, n from by_window)`;

const writes = `-- Of an index each column has a row, too.
entry (class, oid, sub, seq, n) as materialized (
  select b.class, b.oid, case when i.indexrelid is null then b.sub else 0 end, max(b.seq), max(b.n)
  from by_run b left join pg_catalog.pg_index i on b.class = ${pgClass} and i.indexrelid = b.oid group by 1, 2, 3),
stranger (class, oid, sub) as materialized (
  select distinct w.class, w.oid, case when i.indexrelid is null then w.sub else 0 end from written w
  left join pg_catalog.pg_index i on w.class = ${pgClass} and i.indexrelid = w.oid
  where not exists (select from own o where o.x = w.x) and not exists (select from by_window b where b.x = w.x and b.class = w.class and b.oid = w.oid)),
creation (class, oid, seq) as materialized (
  select d.classid, d.objid, min(o.seq) from dependency d join own o on o.x = d.x
  where d.objsubid = 0 and (d.refclassid = ${catalogue('pg_namespace')} or d.classid in (${['pg_constraint', 'pg_trigger', 'pg_policy', 'pg_rewrite', 'pg_statistic_ext'].map(catalogue).join(', ')})
    or d.classid = ${pgClass} and exists (select from pg_catalog.pg_index i where i.indexrelid = d.objid)) group by 1, 2
  union all select e.class, e.oid, e.seq from entry e where e.sub = 0
    and not exists (select from pg_catalog.pg_depend d where d.classid = e.class and d.objid = e.oid and d.refclassid = ${catalogue('pg_namespace')})
    and e.class not in (${[pgClass, ...['pg_constraint', 'pg_trigger', 'pg_policy', 'pg_rewrite', 'pg_statistic_ext', 'pg_foreign_table'].map(catalogue)].join(', ')})
    and e.oid >= 16384 and not (e.oid = any(coalesce((select r.found from godwit.run r where r.run = (select max(run) from godwit.own_transaction)), '{}'))))`;

/**
 * What becomes of each described entry. Written by the run: taken. Described only because it uses something that the run
 * wrote: taken unless it had drifted. Not in the baseline and not written by the run: somebody else's.
 */
const fates = `fate as materialized (
  select d.*, e.class is not null or c.class is not null as own, coalesce(e.seq, c.seq) as by_seq, s.class is not null as by_others, c.seq as created_seq, c.class is not null as created,
    o.class is not null as known, o.words as old_words, o.name as old_name, o.made as old_made, o.seq as old_seq, o.drifted as had_drifted,
    coalesce(h.whole, false) or hc.class is not null as whole_home
  from described d
  left join entry e on e.class = d.class and e.oid = d.oid and e.sub = d.sub
  left join stranger s on s.class = d.class and s.oid = d.oid and s.sub = d.sub
  left join creation c on c.class = d.class and c.oid = d.oid and d.sub = 0
  left join godwit.object o on o.class = d.class and o.oid = d.oid and o.sub = d.sub
  left join godwit.object h on h.class = d.home_class and h.oid = d.home and h.sub = 0
  left join creation hc on hc.class = d.home_class and hc.oid = d.home),
taken as materialized (
  select f.*, f.known and f.words is distinct from f.old_words or f.known and f.name <> f.old_name as differs,
    coalesce(f.by_seq, case when f.known and f.words = f.old_words and f.name = f.old_name then f.old_seq else (select max(seq) from godwit.own_transaction) end) as new_seq,
    coalesce(f.old_made, case when f.known then f.created_seq when f.created then f.created_seq when f.whole_home then f.by_seq end) as new_made
  from fate f
  where case when f.known then f.own or not f.had_drifted and not f.by_others
    else f.own and (f.whole_home or not ('inherited: yes' = any(f.words)) and not (f.class = ${pgClass} and f.sub = 0 and exists (
      select from pg_catalog.pg_inherits i where i.inhrelid = f.oid))) end)`;

/** Gone: by the run when it was seen to drop it, or its home; else by somebody else. */
const drops = `gone (class, oid, sub) as materialized (${goneFromCatalogue()}),
dropped_by (class, oid, seq) as materialized (
  select d.class, d.oid, max(t.seq) from godwit.own_transaction t, rows from (pg_catalog.unnest(t.dropped_class), pg_catalog.unnest(t.dropped_oid)) as d (class, oid) group by 1, 2
  union all select ${pgClass}, r, max(t.seq) from godwit.own_transaction t, pg_catalog.unnest(t.relations) r where t.outside group by 2),
lost as materialized (
  select o.*, coalesce(b.seq, hb.seq, e.seq) as by_seq, b.class is not null or hb.class is not null or e.class is not null
    or exists (select from godwit.own_transaction t where t.outside and t.relations is null) as own
  from gone g join godwit.object o on o.class = g.class and o.oid = g.oid and o.sub = g.sub
  left join dropped_by b on b.class = o.class and b.oid = o.oid
  left join dropped_by hb on hb.class = o.home_class and hb.oid = o.home
  left join entry e on e.class = o.class and e.oid = o.oid and e.sub = o.sub and o.sub > 0)`;

const changes = `kept as (
  insert into godwit.former_object (seq, change, class, oid, sub, kind, name, home_class, home, words, made, written)
  select new_seq, 'changed', class, oid, sub, kind, old_name, home_class, home, old_words, old_made, old_seq from taken where differs
  union all select by_seq, 'dropped', class, oid, sub, kind, name, home_class, home, words, made, seq from lost where own),
put as (
  insert into godwit.object (class, oid, sub, kind, name, home_class, home, words, whole, made, seq)
  select class, oid, sub, kind, name, home_class, home, words, created and sub = 0 and class = home_class and oid = home, new_made, new_seq from taken
  on conflict (class, oid, sub) do update set kind = excluded.kind, name = excluded.name, home_class = excluded.home_class, home = excluded.home,
    words = excluded.words, whole = godwit.object.whole or excluded.whole, made = excluded.made, seq = excluded.seq, drifted = false
  where (godwit.object.words, godwit.object.name, godwit.object.seq, godwit.object.made, godwit.object.drifted) is distinct from
    (excluded.words, excluded.name, excluded.seq, excluded.made, false)),
renamed as (
  update godwit.object o set name = f.name from fate f
  where f.known and not f.own and (f.had_drifted or f.by_others) and o.class = f.class and o.oid = f.oid and o.sub = f.sub and o.name <> f.name),
removed as (
  delete from godwit.object o using lost l where l.own and o.class = l.class and o.oid = l.oid and o.sub = l.sub),
missing as (
  update godwit.object o set drifted = true from lost l where not l.own and not l.drifted and o.class = l.class and o.oid = l.oid and o.sub = l.sub),
differing as (
  update godwit.object o set drifted = true from fate f
  where f.known and not f.own and f.by_others and not f.had_drifted and f.words <> f.old_words and o.class = f.class and o.oid = f.oid and o.sub = f.sub),
waiting as (select l.oid, l.pid from homes h join locked l on l.oid = h.oid and h.class = ${pgClass}),
done as (delete from godwit.own_transaction t where t.seq is not null and not exists (select from waiting)),
looked as (
  update godwit.guard set undescribed = exists (select from waiting) or exists (select from godwit.own_transaction where seq is null),
    horizon = case when exists (select from waiting) or exists (select from stranger) or exists (select from lost where not own and not drifted)
      then horizon else pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot()) end)`;

/** Its id; without a number yet it stands in part. */
const migrationOf = (seq: string): string =>
  `coalesce((select m.id from godwit.migration m where m.seq = ${seq}), (select t.migration from godwit.own_transaction t where t.seq is null limit 1))`;

/**
 * One statement that describes what the migrations' transactions did, as far as that has not been done: it takes the
 * server's words into the baseline, keeps the former ones, and removes what is gone. Runs under `describingSettings`, in
 * a message that `godwit.enter` opened.
 *
 * @param major of the server
 * @returns SQL whose rows are `change, migration, kind, name, within, drifted`: `created`, `changed`, `dropped`, or `locked`
 * for what could not be described; `within` is true for parts of what the same run created or dropped
 */
export function describeRun(major: number): string {
  const free = `select h.class, h.oid from homes h where not (h.class = ${pgClass} and exists (select from locked l where l.oid = h.oid))`;
  return `with ${writtenSince(floor, major)},
${ownTransactions},
${homesAround('select class, oid from by_run')},
${locked},
${described(free, major)},
${writes},
${fates},
${drops},
${changes}
select case when known then 'changed' else 'created' end, ${migrationOf('case when known then new_seq else coalesce(new_made, new_seq) end')}, kind, name,
  not known and (class, oid, sub) is distinct from (home_class, home, 0) and exists (select from taken t where not t.known and t.class = taken.home_class and t.oid = taken.home and t.sub = 0 and t.created),
  had_drifted is true
from taken where not known or differs
union all select 'dropped', ${migrationOf('by_seq')}, kind, name, (class, oid, sub) is distinct from (home_class, home, 0) and exists (select from lost h where h.own and h.class = lost.home_class and h.oid = lost.home and h.sub = 0), drifted
from lost where own
union all select 'locked', null, 'table', oid::pg_catalog.regclass::text, false, false from waiting
-- For the next statement: it sees rows as they are, not the names that they had.
union all select 'renamed', null, null, null, null, null from (select pg_catalog.set_config('godwit.renamed', coalesce((
  select pg_catalog.json_agg(pg_catalog.json_build_array(kind, old_name)) from fate
  where known and not own and name <> old_name)::text, '[]'), true) as names) told where told.names is null`;
}

/** The statement behind `describeRun`, in its transaction: takes the new baseline into the chain of the run. */
export function chainDescribed(run: string): string {
  return `SELECT godwit.chain_baseline(${quoteLiteral(run)}, pg_catalog.current_setting('godwit.renamed'))`;
}
