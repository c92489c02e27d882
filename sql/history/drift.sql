-- The start of a run: what was there, and what has drifted.

-- At the start of a run: keeps which objects without a schema had been there.
create or replace function godwit.note_found(of_run text) returns void
language sql set search_path = '' as $$
  update godwit.run set found = array(
    select n.oid from pg_namespace n where n.oid >= 16384 union all select e.oid from pg_extension e where e.oid >= 16384
    union all select e.oid from pg_event_trigger e union all select p.oid from pg_publication p
    union all select l.oid from pg_language l where l.oid >= 16384 union all select a.oid from pg_am a where a.oid >= 16384
    union all select f.oid from pg_foreign_data_wrapper f union all select s.oid from pg_foreign_server s
    union all select c.oid from pg_cast c where c.oid >= 16384 union all select t.oid from pg_transform t
    union all select d.oid from pg_default_acl d) where run = of_run;
$$;

-- At the start of a run: marks what has drifted, so that its end does not take that for the run's own. Only what was
-- written since the horizon is compared, and what is gone. What was made anew under its name is the same object; with the
-- same words (REINDEX CONCURRENTLY) it has not drifted.
create or replace function godwit.note_drift() returns void
language plpgsql set search_path = '' set jit = off as $$
#variable_conflict use_column
declare
  next_horizon pg_snapshot := pg_current_snapshot();
  moved_class oid[] := '{}';
  moved_oid oid[] := '{}';
  silent_class oid[] := '{}';
  silent_oid oid[] := '{}';
  busy oid[];
  waits boolean := false;
begin
  -- What an earlier run left and could not be described would look like drift, and so would what it is perhaps still at.
  if exists (select from godwit.own_transaction where seq is not null or outside and through is null and relations is null) then
    return;
  end if;
  busy := array(select r from godwit.own_transaction t, unnest(t.relations) r where t.outside and t.through is null
    union select o.home from godwit.own_transaction t, unnest(t.relations) r join godwit.object o on o.class = 'pg_class'::regclass and o.oid = r
      where t.outside and t.through is null);
  if exists (select from godwit.object) then
    select coalesce(array_agg(m.class), '{}'), coalesce(array_agg(m.oid), '{}') into moved_class, moved_oid
    from (select distinct w.class, w.oid from (select coalesce(pg_snapshot_xmin(horizon), pg_snapshot_xmax(pg_current_snapshot())) as h from godwit.guard) g,
      godwit.written_since(g.h) w) m;
    -- What had drifted may have been put right in silence.
    select coalesce(array_agg(s.class), '{}'), coalesce(array_agg(s.oid), '{}') into silent_class, silent_oid
    from (select class, oid from godwit.silently_changed() union select home_class, home from godwit.object where drifted
      union select o.home_class, o.home from godwit.gone(moved_oid) g join godwit.object o on o.class = g.class and o.oid = g.oid and o.sub = g.sub) s;
  end if;
  if moved_class <> '{}' or silent_class <> '{}' then
    with home as materialized (
      select h.class, h.oid from (select h.class, h.oid from godwit.homes_around(moved_class, moved_oid) h
        union select s.class, s.oid from unnest(silent_class, silent_oid) s (class, oid)) h where h.class <> 'pg_class'::regclass or h.oid <> all (busy)),
    waiting as materialized (select l.class, l.oid from godwit.locked() l join home h on h.class = l.class and h.oid = l.oid),
    now as materialized (
      select d.* from (select array_agg(class) as classes, array_agg(oid) as oids from home h
        where not exists (select from waiting w where w.class = h.class and w.oid = h.oid)) f, godwit.described(f.classes, f.oids) d),
    gone as materialized (
      select g.* from godwit.gone(moved_oid) g join godwit.object o on o.class = g.class and o.oid = g.oid and o.sub = g.sub
      where o.home_class <> 'pg_class'::regclass or o.home <> all (busy)),
    anew as materialized (
      select distinct on (d.class, d.oid, d.sub) o.class, o.oid, o.sub, d.oid as new_oid, d.sub as new_sub, d.home as new_home, d.words <> o.words as differs
      from gone g join godwit.object o on o.class = g.class and o.oid = g.oid and o.sub = g.sub
      join now d on d.kind = o.kind and d.name = o.name
      where not exists (select from godwit.object t where t.class = d.class and t.oid = d.oid and t.sub = d.sub)
      order by d.class, d.oid, d.sub, o.seq desc),
    bound as (
      update godwit.object o set oid = a.new_oid, sub = a.new_sub, home = a.new_home, drifted = a.differs
      from anew a where o.class = a.class and o.oid = a.oid and o.sub = a.sub),
    -- What differs in a home made anew stays a part of it.
    state (class, oid, sub, drifted, new_home) as materialized (
      select o.class, o.oid, o.sub, d.words <> o.words or d.name <> o.name, null::oid
      from now d join godwit.object o on o.class = d.class and o.oid = d.oid and o.sub = d.sub
      union all select o.class, o.oid, o.sub, true, h.new_home from gone g join godwit.object o on o.class = g.class and o.oid = g.oid and o.sub = g.sub
      left join anew h on h.class = o.home_class and h.oid = o.home and h.sub = 0
      where not exists (select from anew a where a.class = g.class and a.oid = g.oid and a.sub = g.sub)
      union all select o.class, o.oid, o.sub, true, null from now h join godwit.object o on o.class = h.class and o.oid = h.oid and o.sub > 0
      where h.sub = 0 and h.kind in ('view', 'materialized view') and not exists (select from now d where d.class = o.class and d.oid = o.oid and d.sub = o.sub)),
    marked as (
      update godwit.object o set drifted = s.drifted, home = coalesce(s.new_home, o.home) from state s
      where o.class = s.class and o.oid = s.oid and o.sub = s.sub and (o.drifted <> s.drifted or s.new_home is not null))
    select exists (select from waiting) into waits;
  end if;
  update godwit.guard set horizon = next_horizon where not waits;
end $$;

revoke all on all functions in schema godwit from public;
