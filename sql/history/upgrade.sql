-- Behind an upgrade from version 1, whose baseline was in other words: what migrations had named is taken as it is.
with named as (
  select 'pg_catalog.pg_class'::regclass::oid as class, c.oid from godwit.named_before b join pg_catalog.pg_namespace n on true
    join pg_catalog.pg_class c on c.relnamespace = n.oid and n.nspname || '.' || c.relname = b.name
    where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c') and c.relpersistence <> 't'
  union select 'pg_catalog.pg_proc'::regclass::oid, p.oid from godwit.named_before b join pg_catalog.pg_namespace n on true
    join pg_catalog.pg_proc p on p.pronamespace = n.oid and n.nspname || '.' || p.proname = b.name
  union select 'pg_catalog.pg_type'::regclass::oid, t.oid from godwit.named_before b join pg_catalog.pg_namespace n on true
    join pg_catalog.pg_type t on t.typnamespace = n.oid and n.nspname || '.' || t.typname = b.name where t.typrelid = 0)
insert into godwit.object (class, oid, sub, kind, name, home_class, home, words, whole)
select d.class, d.oid, d.sub, d.kind, d.name, d.home_class, d.home, d.words, d.sub = 0 and d.class = d.home_class and d.oid = d.home
from (select pg_catalog.array_agg(class) as classes, pg_catalog.array_agg(oid) as oids from named) w, godwit.described(w.classes, w.oids) d
on conflict do nothing;
drop table if exists godwit.named_before;
