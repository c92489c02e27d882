-- The end of a run, as the server tells it.

-- Describes what migrations' transactions wrote, as far as that has not been done: the server's words go into the
-- baseline, those that they replace into its past, and what was dropped out of it. Written by the run: taken. Described
-- only because it uses something that the run wrote: taken unless it had drifted, or others wrote it meanwhile. Neither in
-- the baseline nor written by the run: somebody else's.
--
-- added: columns that migrations add by their text, as [migration, table, column]: of a column the catalogue keeps only the
-- last writer. Returns `created`, `changed`, `dropped`, or `locked` for what others hold exclusively, so that the next run describes
-- it. `within` is a part of what was created or dropped along with it.
--
-- The query is composed of what this run needs, because reading and planning it costs more than to perform it: most runs
-- have no statement outside of transactions, and where the baseline is empty nothing can have changed, drifted or gone.
create or replace function godwit.describe_run(added jsonb default '[]') returns table (change text, migration text, kind text, name text,
  within boolean, had_drifted boolean)
language plpgsql set search_path = '' set jit = off set join_collapse_limit = 1 set from_collapse_limit = 1 as $$
#variable_conflict use_column
declare
  floor xid8 := (select least(min(t.xid::text::numeric), min(pg_snapshot_xmin(g.horizon)::text::numeric))::text::xid8
    from godwit.own_transaction t, godwit.guard g);
  -- A transaction outside of which no relation is known may have written and dropped anything.
  opaque boolean := exists (select from godwit.own_transaction where outside and relations is null);
  first_seq bigint := (select min(seq) from godwit.own_transaction);
  last_seq bigint := (select max(seq) from godwit.own_transaction);
  found_before oid[] := coalesce((select r.found from godwit.run r where r.run = (select max(t.run) from godwit.own_transaction t)), '{}');
  created_by_dependency constant oid[] := array['pg_constraint', 'pg_trigger', 'pg_policy', 'pg_rewrite', 'pg_statistic_ext']::regclass[]::oid[];
  has_windows boolean := exists (select from godwit.own_transaction where outside);
  has_baseline boolean := exists (select from godwit.object);
begin
  if floor is null then
    return;
  end if;
  if not has_baseline then
    perform set_config('godwit.renamed', '[]', true);
  end if;
  return query execute $q$
  with own (x, seq) as materialized (
    select t.xid::xid, t.seq from godwit.own_transaction t where not t.outside
    union all select s, t.seq from godwit.own_transaction t, unnest(t.subtransactions) s where not t.outside),
  written as materialized (select w.*, o.x is not null as own, o.seq from godwit.written_since($1) w left join own o on o.x = w.x),
$q$ || case when has_windows then $q$
  -- Of a statement outside of transactions: what was written to its relations meanwhile, whatever their part.
  by_window as materialized (
    select w.class, w.oid, w.sub, w.x, w.link, t.seq from godwit.own_transaction t
    join written w on not w.own and age(w.x) between age(coalesce(t.through, t.xid)::xid) and age(t.xid::xid)
    where t.outside and (t.relations is null or w.oid = any (t.relations)
      or exists (select from pg_index i where w.class = 'pg_class'::regclass and i.indexrelid = w.oid and i.indrelid = any (t.relations))
      or exists (select from pg_constraint k where w.class = 'pg_constraint'::regclass and k.oid = w.oid and k.conrelid = any (t.relations))
      or exists (select from pg_trigger k where w.class = 'pg_trigger'::regclass and k.oid = w.oid and k.tgrelid = any (t.relations)))),
$q$ else $q$
  by_window as (select class, oid, sub, x, link, seq from written where false),
$q$ end || $q$
  by_run (class, oid, sub, seq) as materialized (
    select class, oid, sub, seq from written where own union all select class, oid, sub, seq from by_window),
  -- Of an index each column has a row, too.
  entry (class, oid, sub, seq) as materialized (
    select b.class, b.oid, case when i.indexrelid is null then b.sub else 0 end, max(b.seq)
    from by_run b left join pg_index i on b.class = 'pg_class'::regclass and i.indexrelid = b.oid group by 1, 2, 3),
  -- What had been compared when the run began, also of earlier runs, is nobody's doing meanwhile.
  meanwhile (x) as materialized (
    select d.x from (select distinct x from written where not own) d
    where not coalesce((select pg_visible_in_snapshot(godwit.later(d.x), g.horizon) from godwit.guard g), false)),
  stranger (class, oid, sub) as materialized (
    select distinct w.class, w.oid, case when i.indexrelid is null then w.sub else 0 end
    from written w join meanwhile m on m.x = w.x left join pg_index i on w.class = 'pg_class'::regclass and i.indexrelid = w.oid
    where not w.own and not exists (select from by_window b where b.x = w.x and b.class = w.class and b.oid = w.oid)),
  first_written (class, oid, seq) as materialized (select class, oid, min(seq) from by_run group by 1, 2),
  new_link (class, oid, seq) as materialized (
    select w.class, w.oid, min(w.seq) from (select class, oid, sub, x, link, seq from written where own
      union all select class, oid, sub, x, link, seq from by_window) w where w.link and w.sub = 0
      and (w.class = any ($6) or exists (select from pg_index i where w.class = 'pg_class'::regclass and i.indexrelid = w.oid)
        or exists (select from pg_depend d where d.classid = w.class and d.objid = w.oid and d.objsubid = 0
          -- A composite type lies in its schema by its row of pg_type.
          and (d.refclassid = 'pg_namespace'::regclass or w.class = 'pg_class'::regclass and d.refclassid = 'pg_type'::regclass and d.deptype = 'i') and d.xmin = w.x)) group by 1, 2
    union all select e.class, e.oid, e.seq from entry e where e.sub = 0 and e.oid >= 16384 and e.oid <> all ($5)
      and e.class <> all ($6) and e.class <> all (array['pg_class', 'pg_foreign_table']::regclass[]::oid[])
      and not exists (select from pg_depend d where d.classid = e.class and d.objid = e.oid and d.refclassid = 'pg_namespace'::regclass)),
  -- Its link may have been written anew since (SET SCHEMA, OR REPLACE): other rows of it, or what lies in a schema, are older.
  creation (class, oid, seq) as materialized (
    select l.class, l.oid, least(l.seq, f.seq, c.seq) from new_link l left join first_written f on f.class = l.class and f.oid = l.oid
    left join lateral (select min(o.seq) as seq from pg_depend d join own o on o.x = d.xmin
      where l.class = 'pg_namespace'::regclass and d.refclassid = l.class and d.refobjid = l.oid) c on true),
$q$ || case when has_baseline then $q$
  dropped_by (class, oid, seq) as materialized (
    select d.class, d.oid, max(t.seq) from godwit.own_transaction t, rows from (unnest(t.dropped_class), unnest(t.dropped_oid)) as d (class, oid) group by 1, 2
    union all select 'pg_class'::regclass, r, max(t.seq) from godwit.own_transaction t, unnest(t.relations) r where t.outside group by 2),
  -- What the run dropped, what lay in it, and columns that it wrote. What others drop meanwhile the next run finds.
  perhaps_gone as materialized (
    select o.class, o.oid, o.sub from dropped_by d join godwit.object o on o.class = d.class and o.oid = d.oid
    union select o.class, o.oid, o.sub from dropped_by d join godwit.object o on o.home_class = d.class and o.home = d.oid
    union select o.class, o.oid, o.sub from entry e join godwit.object o on o.class = e.class and o.oid = e.oid and o.sub = e.sub where e.sub > 0),
  gone_by_run as materialized (
    select p.class, p.oid, p.sub from perhaps_gone p where not $2 and godwit.is_gone(p.class, p.oid, p.sub)
    union all select g.class, g.oid, g.sub from (select where $2) everything, godwit.gone(null) g),
$q$ else '' end || $q$
  home as materialized (
    select h.class, h.oid from (select array_agg(class) as classes, array_agg(oid) as oids from (select distinct class, oid from by_run) b) b,
      godwit.homes_around(b.classes, b.oids) h
$q$ || case when has_baseline then $q$
    union select s.class, s.oid from godwit.silently_changed() s
    -- The words of the whole may name the part (the index of a replica identity).
    union select o.home_class, o.home from gone_by_run g join godwit.object o on o.class = g.class and o.oid = g.oid and o.sub = g.sub
$q$ else '' end || $q$),
  waiting as materialized (select l.class, l.oid from godwit.locked() l join home h on h.class = l.class and h.oid = l.oid),
  now as materialized (
    select d.* from (select array_agg(class) as classes, array_agg(oid) as oids from home h
      where not exists (select from waiting w where w.class = h.class and w.oid = h.oid)) f, godwit.described(f.classes, f.oids) d),
  fate as materialized (
    select d.*, e.class is not null or c.class is not null as own, coalesce(e.seq, c.seq) as by_seq, s.class is not null as by_others,
      c.class is not null as created, c.seq as created_seq, o.class is not null as known, o.words as old_words, o.name as old_name,
      o.made as old_made, o.seq as old_seq, coalesce(o.drifted, false) as had_drifted, coalesce(h.whole, false) or hc.class is not null as whole_home,
      case when d.sub > 0 then hc.seq end as home_created_seq
    from now d
    left join entry e on e.class = d.class and e.oid = d.oid and e.sub = d.sub
    left join stranger s on s.class = d.class and s.oid = d.oid and s.sub = d.sub
    left join creation c on c.class = d.class and c.oid = d.oid and d.sub = 0
$q$ || case when has_baseline then $q$
    -- Asked for one by one: few of many.
    left join lateral (select * from godwit.object k where k.class = d.class and k.oid = d.oid and k.sub = d.sub offset 0) o on true
    left join lateral (select k.whole from godwit.object k where k.class = d.home_class and k.oid = d.home and k.sub = 0 offset 0) h on true
$q$ else $q$
    left join godwit.object o on false left join godwit.object h on false
$q$ end || $q$
    left join creation hc on hc.class = d.home_class and hc.oid = d.home),
  added_column (part, seq) as materialized (
    select format('.%I.%I', a ->> 1, a ->> 2), (select max(m.seq) from godwit.migration m where m.id = a ->> 0 and m.seq >= $3)
    from jsonb_array_elements($7) a),
  taken as materialized (
    select f.*, f.known and (f.words <> f.old_words or f.name <> f.old_name) as differs,
      case when f.own then f.by_seq when f.words = f.old_words and f.name = f.old_name then f.old_seq else coalesce(used.seq, $4) end as new_seq,
      coalesce(f.old_made, case when f.created then f.created_seq
        -- A later migration of the run may have written the column, too.
        when added_by.seq is not null then added_by.seq
        -- Of what stands in part it is known when its migration is recorded: then it is described once more.
        when f.by_seq is null and added_by.part then null
        when f.home_created_seq is not null then f.home_created_seq
        when not f.known and f.whole_home and $3 = $4 then f.by_seq end) as new_made
    from fate f
    left join lateral (select max(a.seq) filter (where a.seq <= f.by_seq) as seq, bool_or(a.seq is null) as part from added_column a
      where f.sub > 0 and right(f.name, length(a.part)) = a.part) added_by on true
$q$ || case when has_baseline and first_seq <> last_seq then $q$
    -- Changed only because of what it uses: by the migration that wrote that.
    left join lateral (select max(e.seq) as seq from (
        select d.refclassid, d.refobjid from pg_depend d where d.classid = f.class and d.objid = f.oid
        union all select d.refclassid, d.refobjid from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
          where f.class = 'pg_class'::regclass and r.ev_class = f.oid) d
      join entry e on e.class = d.refclassid and e.oid = d.refobjid
      where f.known and not f.own and (f.words <> f.old_words or f.name <> f.old_name)) used on true
$q$ else $q$
    left join (select null::bigint as seq) used on true
$q$ end || $q$
    -- What a table of others inherits from ours is theirs.
    where case when f.known then f.own or not f.had_drifted and not f.by_others
      else f.own and (f.whole_home or not ('inherited: yes' = any (f.words)) and not (f.class = 'pg_class'::regclass and f.sub = 0
        and exists (select from pg_inherits i where i.inhrelid = f.oid))) end),
$q$ || case when has_baseline then $q$
  -- What others had dropped before the run made it anew.
  made_anew as materialized (
    select o.class, o.oid, o.sub from taken t join godwit.object o on o.kind = t.kind and o.name = t.name where not t.known),
  gone as materialized (
    select class, oid, sub from gone_by_run union select m.class, m.oid, m.sub from made_anew m where godwit.is_gone(m.class, m.oid, m.sub)),
  lost as materialized (
    select o.*, coalesce(b.seq, hb.seq, e.seq, case when g.unsaid then $4 end) as by_seq,
      b.class is not null or hb.class is not null or e.class is not null or t.class is not null or $2 or g.unsaid and not o.drifted as own,
      t.words as new_words, g.unsaid
    from (select class, oid, sub, false as unsaid from gone
      -- Nothing is said any more of the column of a view.
      union all select o.class, o.oid, o.sub, true from now h join godwit.object o on o.class = h.class and o.oid = h.oid and o.sub > 0
        where h.sub = 0 and h.kind in ('view', 'materialized view') and not exists (select from now d where d.class = o.class and d.oid = o.oid and d.sub = o.sub)) g
    join godwit.object o on o.class = g.class and o.oid = g.oid and o.sub = g.sub
    left join dropped_by b on b.class = o.class and b.oid = o.oid
    left join dropped_by hb on hb.class = o.home_class and hb.oid = o.home
    left join entry e on e.class = o.class and e.oid = o.oid and e.sub = o.sub and o.sub > 0
    -- Made anew by the run under its name: whoever dropped it, it is ours again.
    left join lateral (select t.class, t.words from taken t where not t.known and t.kind = o.kind and t.name = o.name limit 1) t on true),
  kept as (
    insert into godwit.former_object (seq, change, class, oid, sub, kind, name, home_class, home, words, made, written)
    select new_seq, 'changed', class, oid, sub, kind, old_name, home_class, home, old_words, old_made, old_seq from taken where differs
    union all select by_seq, 'dropped', class, oid, sub, kind, name, home_class, home, words, made, seq from lost where own),
$q$ else '' end || $q$
  put as (
    insert into godwit.object (class, oid, sub, kind, name, home_class, home, words, whole, made, seq)
    select class, oid, sub, kind, name, home_class, home, words, created and sub = 0 and class = home_class and oid = home, new_made, new_seq from taken
    where not known or differs or had_drifted or new_seq is distinct from old_seq or new_made is distinct from old_made or created
    on conflict (class, oid, sub) do update set kind = excluded.kind, name = excluded.name, home_class = excluded.home_class, home = excluded.home,
      words = excluded.words, whole = godwit.object.whole or excluded.whole, made = excluded.made, seq = excluded.seq, drifted = false),
$q$ || case when has_baseline then $q$
  -- Words of what drifted stay, and its name; where the run renamed the table, that part of the name moves along.
  left_alone as (
    update godwit.object o set drifted = true,
      name = case when starts_with(o.name, h.old_name || '.') then h.name || substr(o.name, length(h.old_name) + 1) else o.name end
    from fate f left join fate h on h.class = f.home_class and h.oid = f.home and h.sub = 0 and h.own and h.name <> h.old_name
    where f.known and not f.own and (f.had_drifted or f.by_others) and o.class = f.class and o.oid = f.oid and o.sub = f.sub
      and (not o.drifted and (f.words <> f.old_words or f.name <> f.old_name) or starts_with(o.name, h.old_name || '.'))),
  removed as (delete from godwit.object o using lost l where l.own and o.class = l.class and o.oid = l.oid and o.sub = l.sub),
  missing as (
    update godwit.object o set drifted = true from lost l where not l.own and not l.drifted and o.class = l.class and o.oid = l.oid and o.sub = l.sub),
$q$ else '' end || $q$
  done as (delete from godwit.own_transaction t where t.seq is not null and not exists (select from waiting)),
  -- What others wrote meanwhile has not been compared: the next run looks at it.
  looked as (
    update godwit.guard set undescribed = exists (select from waiting) or exists (select from godwit.own_transaction where seq is null),
      horizon = case when exists (select from waiting) or exists (select from stranger)$q$ || case when has_baseline then ' or exists (select from lost where not own and not drifted)' else '' end || $q$
        then horizon else pg_current_snapshot() end)
$q$ || case when has_baseline then $q$
  select case when f.known or again.class is not null or f.new_made is null and f.by_seq is not null and not f.created and not (f.whole_home and f.sub > 0) then 'changed' else 'created' end, coalesce(m.id, part.migration), f.kind, f.name,
    not f.known and (f.class, f.oid, f.sub) is distinct from (f.home_class, f.home, 0)
      and exists (select from creation c where c.class = f.home_class and c.oid = f.home), f.had_drifted and f.differs
  from taken f left join godwit.migration m on m.seq = case when f.known then f.new_seq else coalesce(f.new_made, f.new_seq) end left join lateral (select t.migration from godwit.own_transaction t where t.seq is null limit 1) part on true
  left join lateral (select l.class, l.words from lost l where l.own and not f.known and l.kind = f.kind and l.name = f.name limit 1) again on true
  where not f.known and again.words is distinct from f.words or f.differs
  union all select case when l.unsaid then 'changed' else 'dropped' end, coalesce(m.id, part.migration), l.kind, l.name,
    (l.class, l.oid, l.sub) is distinct from (l.home_class, l.home, 0) and exists (select from lost h where h.own and h.class = l.home_class and h.oid = l.home and h.sub = 0), l.drifted
  from lost l left join godwit.migration m on m.seq = l.by_seq left join lateral (select t.migration from godwit.own_transaction t where t.seq is null limit 1) part on true
  where l.own and l.new_words is null
  union all select 'locked', null, null, (pg_identify_object(w.class, w.oid, 0)).identity, false, false from waiting w
  -- For godwit.chain_baseline: it sees rows as they are, not the names that they had.
  union all select 'renamed', null, null, null, false, false from (select set_config('godwit.renamed', coalesce((
    select json_agg(json_build_array(kind, old_name)) from fate where known and (not own or had_drifted) and name <> old_name)::text, '[]'), true) as names) r where r.names is null
$q$ else $q$
  select case when f.new_made is null and f.by_seq is not null and not f.created and not (f.whole_home and f.sub > 0) then 'changed' else 'created' end, coalesce(m.id, part.migration), f.kind, f.name,
    (f.class, f.oid, f.sub) is distinct from (f.home_class, f.home, 0)
      and exists (select from creation c where c.class = f.home_class and c.oid = f.home), false
  from taken f left join godwit.migration m on m.seq = coalesce(f.new_made, f.new_seq)
  left join lateral (select t.migration from godwit.own_transaction t where t.seq is null limit 1) part on true
  union all select 'locked', null, null, (pg_identify_object(w.class, w.oid, 0)).identity, false, false from waiting w
$q$ end
  using floor, opaque, first_seq, last_seq, found_before, created_by_dependency, added;
end $$;
