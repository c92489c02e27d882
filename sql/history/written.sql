-- Which rows of the catalogues transactions wrote, and what these belong to.

-- The rows written since a transaction: class, OID and column of the object that each belongs to, and who wrote it (xmin).
-- `link` is a row of pg_depend: one to a schema, and one of a part to its table, is written when the object is created.
create or replace function godwit.written_since(floor xid8) returns table (class oid, oid oid, sub integer, x xid, link boolean)
language plpgsql stable set search_path = '' as $$
#variable_conflict use_column
declare
  -- By the same measure as the rows: while others are at work it counts from another transaction than the snapshot does.
  a integer := case when pg_snapshot_xmax(pg_current_snapshot())::text::numeric - floor::text::numeric < 2000000000 then age(floor::xid) else 2147483647 end;
begin
  return query
  select 'pg_class'::regclass::oid, c.oid, 0, xmin, false from pg_class c where age(xmin) <= a and relkind <> 't'
  union all select 'pg_class'::regclass, attrelid, attnum, xmin, false from pg_attribute where age(xmin) <= a and attnum > 0
  union all select 'pg_class'::regclass, adrelid, adnum, xmin, false from pg_attrdef where age(xmin) <= a
  union all select 'pg_class'::regclass, indexrelid, 0, xmin, false from pg_index where age(xmin) <= a
  union all select 'pg_class'::regclass, inhrelid, 0, xmin, false from pg_inherits where age(xmin) <= a
  union all select 'pg_class'::regclass, seqrelid, 0, xmin, false from pg_sequence where age(xmin) <= a
  union all select 'pg_class'::regclass, partrelid, 0, xmin, false from pg_partitioned_table where age(xmin) <= a
  union all select 'pg_constraint'::regclass, c.oid, 0, xmin, false from pg_constraint c where age(xmin) <= a and contype not in ('n', 't')
  union all select 'pg_class'::regclass, conrelid, conkey[1], xmin, false from pg_constraint where age(xmin) <= a and contype = 'n' and conrelid <> 0
  -- A trigger that the server made for a constraint tells whether that one is enforced.
  union all select case when tgisinternal then 'pg_constraint'::regclass else 'pg_trigger'::regclass end,
    case when tgisinternal then tgconstraint else t.oid end, 0, xmin, false from pg_trigger t where age(xmin) <= a
  union all select case rulename when '_RETURN' then 'pg_class'::regclass else 'pg_rewrite'::regclass end,
    case rulename when '_RETURN' then ev_class else r.oid end, 0, xmin, false from pg_rewrite r where age(xmin) <= a
  union all select 'pg_proc'::regclass, p.oid, 0, xmin, false from pg_proc p where age(xmin) <= a
  union all select 'pg_proc'::regclass, aggfnoid::oid, 0, xmin, false from pg_aggregate where age(xmin) <= a
  union all select case when typrelid <> 0 then 'pg_class'::regclass else 'pg_type'::regclass end,
    case when typrelid <> 0 then typrelid else t.oid end, 0, xmin, false from pg_type t
    where age(xmin) <= a and not (typcategory = 'A' and typelem <> 0) and typtype <> 'm'
  union all select 'pg_type'::regclass, enumtypid, 0, xmin, false from pg_enum where age(xmin) <= a
  union all select 'pg_type'::regclass, rngtypid, 0, xmin, false from pg_range where age(xmin) <= a
  union all select 'pg_namespace'::regclass, n.oid, 0, xmin, false from pg_namespace n where age(xmin) <= a
  union all select 'pg_cast'::regclass, c.oid, 0, xmin, false from pg_cast c where age(xmin) <= a
  union all select 'pg_collation'::regclass, c.oid, 0, xmin, false from pg_collation c where age(xmin) <= a
  union all select 'pg_extension'::regclass, e.oid, 0, xmin, false from pg_extension e where age(xmin) <= a
  union all select 'pg_publication'::regclass, p.oid, 0, xmin, false from pg_publication p where age(xmin) <= a
  union all select 'pg_publication'::regclass, prpubid, 0, xmin, false from pg_publication_rel where age(xmin) <= a
  union all select 'pg_default_acl'::regclass, d.oid, 0, xmin, false from pg_default_acl d where age(xmin) <= a
  union all select 'pg_language'::regclass, l.oid, 0, xmin, false from pg_language l where age(xmin) <= a
  union all select 'pg_am'::regclass, m.oid, 0, xmin, false from pg_am m where age(xmin) <= a
  union all select 'pg_foreign_data_wrapper'::regclass, f.oid, 0, xmin, false from pg_foreign_data_wrapper f where age(xmin) <= a
  union all select classoid, objoid, objsubid, xmin, false from pg_description where age(xmin) <= a
  union all select classid, objid, objsubid, xmin, true from pg_depend
    where age(xmin) <= a and deptype in ('a', 'i', 'n') and (deptype <> 'n' or refclassid = 'pg_namespace'::regclass);
  -- Many databases have none of these, and to open a catalogue costs a session more than to find nothing in it. Each of them
  -- uses something that is not the server's own; whether one does is asked by index, catalogue by catalogue.
  if exists (select from unnest(array['pg_policy', 'pg_statistic_ext', 'pg_event_trigger', 'pg_foreign_server']::regclass[]::oid[]) c (class)
    where (select d.objid from pg_depend d where d.classid = c.class order by d.objid desc limit 1) >= 16384) then
    return query select 'pg_policy'::regclass::oid, p.oid, 0, xmin, false from pg_policy p where age(xmin) <= a
    union all select 'pg_statistic_ext'::regclass, s.oid, 0, xmin, false from pg_statistic_ext s where age(xmin) <= a
    union all select 'pg_event_trigger'::regclass, e.oid, 0, xmin, false from pg_event_trigger e where age(xmin) <= a
    union all select 'pg_foreign_server'::regclass, s.oid, 0, xmin, false from pg_foreign_server s where age(xmin) <= a
    union all select 'pg_foreign_table'::regclass, ftrelid, 0, xmin, false from pg_foreign_table where age(xmin) <= a;
  end if;
  if exists (select from unnest(array['pg_operator', 'pg_opclass', 'pg_opfamily', 'pg_amop', 'pg_amproc', 'pg_conversion', 'pg_transform',
    'pg_ts_config', 'pg_ts_dict', 'pg_ts_parser', 'pg_ts_template']::regclass[]::oid[]) c (class)
    where (select d.objid from pg_depend d where d.classid = c.class order by d.objid desc limit 1) >= 16384) then
    return query select 'pg_operator'::regclass::oid, o.oid, 0, xmin, false from pg_operator o where age(xmin) <= a
    union all select 'pg_opclass'::regclass, o.oid, 0, xmin, false from pg_opclass o where age(xmin) <= a
    union all select 'pg_opfamily'::regclass, o.oid, 0, xmin, false from pg_opfamily o where age(xmin) <= a
    union all select 'pg_opfamily'::regclass, amopfamily, 0, xmin, false from pg_amop where age(xmin) <= a
    union all select 'pg_opfamily'::regclass, amprocfamily, 0, xmin, false from pg_amproc where age(xmin) <= a
    union all select 'pg_conversion'::regclass, c.oid, 0, xmin, false from pg_conversion c where age(xmin) <= a
    union all select 'pg_transform'::regclass, t.oid, 0, xmin, false from pg_transform t where age(xmin) <= a
    union all select 'pg_ts_config'::regclass, c.oid, 0, xmin, false from pg_ts_config c where age(xmin) <= a
    union all select 'pg_ts_config'::regclass, mapcfg, 0, xmin, false from pg_ts_config_map where age(xmin) <= a
    union all select 'pg_ts_dict'::regclass, d.oid, 0, xmin, false from pg_ts_dict d where age(xmin) <= a
    union all select 'pg_ts_parser'::regclass, p.oid, 0, xmin, false from pg_ts_parser p where age(xmin) <= a
    union all select 'pg_ts_template'::regclass, t.oid, 0, xmin, false from pg_ts_template t where age(xmin) <= a;
  end if;
  if to_regclass('pg_publication_namespace') is not null then
    return query select 'pg_publication'::regclass::oid, pnpubid, 0, xmin, false from pg_publication_namespace where age(xmin) <= a;
  end if;
end $$;

-- What these objects, and every object that uses one of them, are a part of: a relation, type, ... that can be described. One
-- level of use is enough: a new name changes the text of what uses it, and no more; that of a schema counts for all that
-- lies in it. The program's own tables, what ends with its session, and what came with the server or an extension, is nobody's.
create or replace function godwit.homes_around(classes oid[], oids oid[]) returns table (class oid, oid oid)
language plpgsql stable set search_path = '' as $$
#variable_conflict use_column
begin
  return query
  with given (class, oid) as (select distinct c, o from unnest(classes, oids) g (c, o)),
  renamed_schema (oid) as (
    select g.oid from given g join pg_namespace n on n.oid = g.oid
    left join godwit.object o on o.class = g.class and o.oid = g.oid and o.sub = 0
    where g.class = 'pg_namespace'::regclass and o.name is distinct from quote_ident(n.nspname)),
  named (class, oid) as materialized (select class, oid from given
    union select d.classid, d.objid from renamed_schema s join pg_depend d on d.refclassid = 'pg_namespace'::regclass and d.refobjid = s.oid),
  -- Rows, arrays and multiranges are types of their own, with the name of theirs.
  named_type (oid) as materialized (
    select c.reltype from named n join pg_class c on c.oid = n.oid where n.class = 'pg_class'::regclass and c.reltype <> 0
    union select n.oid from named n where n.class = 'pg_type'::regclass
    union select r.rngmultitypid from named n join pg_range r on r.rngtypid = n.oid where n.class = 'pg_type'::regclass),
  touched as materialized (select class, oid from named
    union select 'pg_type'::regclass, oid from named_type
    union select 'pg_type'::regclass, t.typarray from named_type n join pg_type t on t.oid = n.oid where t.typarray <> 0),
  near as materialized (select class, oid from touched
    union select d.classid, d.objid from touched t join pg_depend d on d.refclassid = t.class and d.refobjid = t.oid
    where d.deptype in ('n', 'a', 'i', 'P', 'S') and t.class <> 'pg_namespace'::regclass),
  home (class, oid) as (
    select 'pg_class'::regclass::oid, coalesce(i.indrelid, n.oid) from near n left join pg_index i on i.indexrelid = n.oid
      where n.class in ('pg_class'::regclass, 'pg_foreign_table'::regclass)
    union select case when k.conrelid <> 0 then 'pg_class'::regclass else 'pg_type'::regclass end,
      case when k.conrelid <> 0 then k.conrelid else k.contypid end from near n join pg_constraint k on k.oid = n.oid where n.class = 'pg_constraint'::regclass
    union select case when t.typrelid <> 0 then 'pg_class'::regclass else 'pg_type'::regclass end,
      case when t.typrelid <> 0 then t.typrelid when t.typcategory = 'A' and t.typelem <> 0 then t.typelem else t.oid end
      from near n join pg_type t on t.oid = n.oid where n.class = 'pg_type'::regclass and t.typtype <> 'm'
    union select 'pg_class'::regclass, t.tgrelid from near n join pg_trigger t on t.oid = n.oid where n.class = 'pg_trigger'::regclass
    union select 'pg_class'::regclass, p.polrelid from near n join pg_policy p on p.oid = n.oid where n.class = 'pg_policy'::regclass
    union select 'pg_class'::regclass, r.ev_class from near n join pg_rewrite r on r.oid = n.oid where n.class = 'pg_rewrite'::regclass
    union select 'pg_class'::regclass, d.adrelid from near n join pg_attrdef d on d.oid = n.oid where n.class = 'pg_attrdef'::regclass
    union select 'pg_class'::regclass, s.stxrelid from near n join pg_statistic_ext s on s.oid = n.oid where n.class = 'pg_statistic_ext'::regclass
    union select class, oid from near where class <> all (array['pg_class', 'pg_foreign_table', 'pg_constraint', 'pg_type', 'pg_trigger',
      'pg_policy', 'pg_rewrite', 'pg_attrdef', 'pg_statistic_ext']::regclass[]::oid[]))
  select h.class, h.oid from home h
  left join pg_class c on h.class = 'pg_class'::regclass and c.oid = h.oid
  left join pg_type t on h.class = 'pg_type'::regclass and t.oid = h.oid
  left join pg_proc p on h.class = 'pg_proc'::regclass and p.oid = h.oid
  left join pg_namespace n on n.oid = coalesce(c.relnamespace, t.typnamespace, p.pronamespace, case when h.class = 'pg_namespace'::regclass then h.oid end)
  where (h.oid >= 16384 or n.nspname = 'public' and h.class = 'pg_namespace'::regclass)
    and (n.oid is null or n.nspname <> 'godwit' and n.nspname !~ '^pg_(toast|temp)')
    and (h.class <> 'pg_class'::regclass or c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c') and c.relpersistence <> 't')
    -- The array of a row leads to the type of the row, which its relation stands for.
    and (h.class <> 'pg_type'::regclass or t.typrelid = 0)
    and not exists (select from pg_depend e where e.classid = h.class and e.objid = h.oid and e.deptype = 'e');
end $$;

-- What cannot be described without waiting: relations that others hold, or want, exclusively, and what has queries that name
-- one, since the server opens it to write them out: views, rules, policies, functions, publications. Few locks are asked for by their
-- index, whatever the planner thinks.
create or replace function godwit.locked() returns table (class oid, oid oid, pid integer)
language plpgsql stable set search_path = '' set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
begin
  if not exists (select from pg_locks where locktype = 'relation' and mode = 'AccessExclusiveLock' and pid <> pg_backend_pid()) then
    return;
  end if;
  return query
  with held as materialized (
    select coalesce(i.indrelid, l.relation) as oid, min(l.pid) as pid from pg_locks l left join pg_index i on i.indexrelid = l.relation
    where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock' and l.pid <> pg_backend_pid()
      and l.database = (select d.oid from pg_database d where d.datname = current_database()) group by 1),
  user_of as materialized (select d.classid, d.objid, h.pid from held h join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = h.oid
    where d.classid = any (array['pg_rewrite', 'pg_policy', 'pg_proc', 'pg_publication_rel']::regclass[]::oid[]))
  select class, oid, min(pid) from (
    select 'pg_class'::regclass::oid, oid, pid from held
    union all select 'pg_class'::regclass, r.ev_class, u.pid from user_of u join pg_rewrite r on r.oid = u.objid where u.classid = 'pg_rewrite'::regclass
    union all select 'pg_class'::regclass, p.polrelid, u.pid from user_of u join pg_policy p on p.oid = u.objid where u.classid = 'pg_policy'::regclass
    union all select 'pg_publication'::regclass, r.prpubid, u.pid from user_of u join pg_publication_rel r on r.oid = u.objid
      where u.classid = 'pg_publication_rel'::regclass and to_jsonb(r) ->> 'prqual' is not null
    union all select classid, objid, pid from user_of where classid = 'pg_proc'::regclass) l (class, oid, pid) group by 1, 2;
end $$;

-- Objects of the baseline that the catalogue has no more, columns only of these relations (null: of all). Each catalogue
-- is read once, whatever the planner thinks of tables that have just been filled; of a dropped column the row stays.
create or replace function godwit.gone(with_columns oid[]) returns table (class oid, oid oid, sub integer)
language sql stable set search_path = '' set max_parallel_workers_per_gather = 0 set enable_nestloop = off set enable_mergejoin = off as $$
  with relation as materialized (select o.oid from godwit.object o left join pg_class c on c.oid = o.oid
    where o.class = 'pg_class'::regclass and o.sub = 0 and c.oid is null)
  select 'pg_class'::regclass::oid, oid, 0 from relation
  union all select o.class, o.oid, o.sub from godwit.object o join relation r on r.oid = o.oid
    where o.class = 'pg_class'::regclass and o.sub > 0 or o.class = 'pg_foreign_table'::regclass
  union all select o.class, o.oid, o.sub from godwit.object o where o.class = 'pg_class'::regclass and o.sub > 0 and o.oid = any (with_columns)
    and (select a.attisdropped from pg_attribute a where a.attrelid = o.oid and a.attnum = o.sub)
  union all select o.class, o.oid, o.sub from godwit.object o join pg_attribute a on a.attrelid = o.oid and a.attnum = o.sub
    where with_columns is null and a.attisdropped and o.class = 'pg_class'::regclass and o.sub > 0
  union all select o.class, o.oid, o.sub from godwit.object o left join pg_constraint c on c.oid = o.oid where o.class = 'pg_constraint'::regclass and c.oid is null
  union all select o.class, o.oid, o.sub from godwit.object o left join pg_trigger c on c.oid = o.oid where o.class = 'pg_trigger'::regclass and c.oid is null
  union all select o.class, o.oid, o.sub from godwit.object o left join pg_policy c on c.oid = o.oid where o.class = 'pg_policy'::regclass and c.oid is null
  union all select o.class, o.oid, o.sub from godwit.object o left join pg_proc c on c.oid = o.oid where o.class = 'pg_proc'::regclass and c.oid is null
  union all select o.class, o.oid, o.sub from godwit.object o left join pg_type c on c.oid = o.oid where o.class = 'pg_type'::regclass and c.oid is null
  union all select o.class, o.oid, o.sub from godwit.object o where case when o.class <> all (array['pg_class', 'pg_foreign_table', 'pg_constraint',
    'pg_trigger', 'pg_policy', 'pg_proc', 'pg_type']::regclass[]::oid[]) then (pg_identify_object(o.class, o.oid, 0)).identity is null end
$$;

-- Is this object, or this column, there no more? Of a dropped column the row stays.
create or replace function godwit.is_gone(of_class oid, of_oid oid, of_sub integer) returns boolean
language sql stable set search_path = '' as $$
  select case when of_class in ('pg_class'::regclass, 'pg_foreign_table'::regclass) then not exists (select from pg_class c where c.oid = of_oid)
      or exists (select from pg_attribute a where a.attrelid = of_oid and a.attnum = of_sub and a.attisdropped)
    else (pg_identify_object(of_class, of_oid, 0)).identity is null end
$$;

-- Objects of the baseline that may have changed without a row that was written: a comment was taken away; and members of
-- publications and operator families come, go and are renamed by rows that are not theirs.
create or replace function godwit.silently_changed() returns table (class oid, oid oid)
language sql stable set search_path = '' set max_parallel_workers_per_gather = 0 as $$
  with commented as materialized (select * from godwit.object where array_to_string(words, E'\n') like '%comment: %')
  select class, oid from godwit.object where class = any (array['pg_publication', 'pg_opfamily']::regclass[]::oid[])
  union select o.home_class, o.home from commented o
    -- The comment of a composite type is one of its row of pg_type.
    left join pg_class c on o.kind = 'composite type' and c.oid = o.oid
    left join pg_description d on d.classoid = case when c.oid is null then o.class else 'pg_type'::regclass end
      and d.objoid = coalesce(c.reltype, o.oid) and d.objsubid = o.sub
    where d.objoid is null
$$;
