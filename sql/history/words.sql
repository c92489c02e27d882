-- The server's own words: every object as `what: text` parts, under fixed settings. Only rows of the catalogues and the
-- server's own definitions are used. pg_catalog is searched first whatever search_path says.

-- Privileges that differ from the owner's and PUBLIC's own: NULL and the same written out are one. Sorted, because the
-- server keeps them in the order of the GRANTs; who granted is left out. `object_type` as in acldefault; '' has no default.
create or replace function godwit.privileges(acl aclitem[], object_type text, owner oid) returns text[]
language sql stable set search_path = '' as $$
  with granted as (
    select grantee, privilege_type, is_grantable from aclexplode(acl)
  ), standard as (
    select grantee, privilege_type, is_grantable
    from aclexplode(case when object_type <> '' then acldefault(object_type::"char", owner) end)
  ), differing (sign, grantee, privilege_type, is_grantable) as (
    select 'grant: ', s.* from (select * from granted except select * from standard) s
    union all select 'no grant: ', s.* from (select * from standard except select * from granted) s
  ), line (text) as (
    select sign || privilege_type || ' to ' || case grantee when 0 then 'public' else pg_get_userbyid(grantee)::text end
      || case when is_grantable then ' with grant option' else '' end from differing
  )
  select coalesce(array_agg(text order by text collate "C"), '{}') from line where acl is not null
$$;

-- Storage options: those that change what the object means, and tuning.
create or replace function godwit.options(options text[]) returns text[]
language sql stable set search_path = '' as $$
  select coalesce(array_agg(case when option ~ '^(security_barrier|security_invoker|check_option|user_catalog_table)='
    then 'option: ' else 'tuning option: ' end || option order by option collate "C"), '{}') from unnest(options) option
$$;

create or replace function godwit.foreign_options(options text[]) returns text[]
language sql stable set search_path = '' as $$
  select coalesce(array_agg('option: ' || option order by option collate "C"), '{}') from unnest(options) option
$$;

-- An index without its storage options, which the server writes into its text.
create or replace function godwit.without_options(definition text, options text[]) returns text
language sql stable set search_path = '' as $$
  select replace(definition, ' WITH (' || (
    select string_agg(quote_ident(split_part(option, '=', 1)) || '=' ||
      case when quote_ident(value) = value then value else quote_literal(value) end, ', ' order by n)
    from unnest(options) with ordinality as o (option, n), substr(option, strpos(option, '=') + 1) as value) || ')', '')
$$;

-- Relations with all their parts. Each kind of part is asked for only where it can be there, so that it is planned only then.
create or replace function godwit.described_relations(relations oid[]) returns table (class oid, oid oid, sub integer,
  kind text, name text, home_class oid, home oid, words text[])
language plpgsql stable set search_path = '' as $$
#variable_conflict use_column
declare
  oids oid[];
  kinds "char"[];
  schemas text[];
  wholes text[];
  has_triggers boolean;
  has_rules boolean;
  has_policies boolean;
  has_statistics boolean;
begin
  select array_agg(c.oid), array_agg(c.relkind), array_agg(quote_ident(n.nspname)), array_agg(format('%I.%I', n.nspname, c.relname)),
    bool_or(c.relhastriggers), bool_or(c.relhasrules), exists (select from pg_policy), exists (select from pg_statistic_ext)
  into oids, kinds, schemas, wholes, has_triggers, has_rules, has_policies, has_statistics
  from unnest(relations) w (oid) join pg_class c on c.oid = w.oid join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c');
  if kinds && array['r', 'p', 'v', 'm', 'f']::"char"[] then
    return query select 'pg_class'::regclass::oid, rel.oid, 0,
      case rel.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'f' then 'foreign table' else 'table' end,
      w.whole, 'pg_class'::regclass::oid, rel.oid,
      array_remove(array[
        'owner: ' || pg_get_userbyid(rel.relowner),
        case when rel.relpersistence = 'u' then 'unlogged: yes' end,
        case when rel.relrowsecurity then 'row security: yes' end,
        case when rel.relforcerowsecurity then 'row security forced: yes' end,
        case when rel.relkind in ('r', 'p', 'm') then case rel.relreplident
          when 'f' then 'replica identity: full' when 'n' then 'replica identity: nothing'
          when 'i' then 'replica identity: index ' || (select x.relname from pg_index i join pg_class x on x.oid = i.indexrelid
            where i.indrelid = rel.oid and i.indisreplident) end end,
        case when rel.relkind in ('r', 'p', 'm') then
          (select 'access method: ' || am.amname from pg_am am where am.oid = rel.relam and am.amname <> 'heap') end,
        case when rel.reloftype <> 0 then 'of type: ' || format_type(rel.reloftype, null) end,
        case when rel.relkind = 'p' then 'partition by: ' || pg_get_partkeydef(rel.oid) end,
        case when rel.relispartition then 'partition: ' || pg_get_expr(rel.relpartbound, rel.oid) end,
        case when rel.relkind in ('v', 'm') then 'query: ' || pg_get_viewdef(rel.oid) end,
        case when rel.reltablespace <> 0 then
          (select 'tuning tablespace: ' || s.spcname from pg_tablespace s where s.oid = rel.reltablespace) end,
        'comment: ' || note.description]::text[], null)
      || case when rel.relkind in ('r', 'p', 'f') then array(select 'inherits: ' || h.inhparent::regclass
        from pg_inherits h where h.inhrelid = rel.oid order by h.inhseqno) else '{}'::text[] end
      || case when rel.reloptions is null then '{}'::text[] else godwit.options(rel.reloptions) end
      || case when rel.relacl is null then '{}'::text[] else godwit.privileges(rel.relacl, 'r', rel.relowner) end
    from unnest(oids, wholes) w (oid, whole) join pg_class rel on rel.oid = w.oid left join pg_description note on note.objoid = rel.oid and note.classoid = 'pg_class'::regclass and note.objsubid = 0
    where rel.relkind not in ('S', 'c');
  end if;
  if 'S' = any (kinds) then
    return query select 'pg_class'::regclass::oid, rel.oid, 0, 'sequence', w.whole, 'pg_class'::regclass::oid, rel.oid,
      array_remove(array[
        'owner: ' || pg_get_userbyid(rel.relowner),
        case when rel.relpersistence = 'u' then 'unlogged: yes' end,
        'type: ' || format_type(s.seqtypid, null), 'start: ' || s.seqstart, 'increment: ' || s.seqincrement,
        'minimum: ' || s.seqmin, 'maximum: ' || s.seqmax, 'cache: ' || s.seqcache, case when s.seqcycle then 'cycle: yes' end,
        (select 'owned by: ' || d.refobjid::regclass || '.' || quote_ident(a.attname) from pg_depend d
          join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
          where d.classid = 'pg_class'::regclass and d.objid = rel.oid and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')),
        'comment: ' || note.description]::text[], null)
      || case when rel.relacl is null then '{}'::text[] else godwit.privileges(rel.relacl, 's', rel.relowner) end
    from unnest(oids, wholes) w (oid, whole) join pg_class rel on rel.oid = w.oid join pg_sequence s on s.seqrelid = rel.oid
    left join pg_description note on note.objoid = rel.oid and note.classoid = 'pg_class'::regclass and note.objsubid = 0;
  end if;
  if 'c' = any (kinds) then
    -- Of a composite type, privileges and comment are those of the type.
    return query select 'pg_class'::regclass::oid, rel.oid, 0, 'composite type', w.whole, 'pg_class'::regclass::oid, rel.oid,
      array_remove(array['owner: ' || pg_get_userbyid(rel.relowner), 'comment: ' || note.description]::text[], null)
      || case when t.typacl is null then '{}'::text[] else godwit.privileges(t.typacl, 'T', t.typowner) end
    from unnest(oids, wholes) w (oid, whole) join pg_class rel on rel.oid = w.oid join pg_type t on t.oid = rel.reltype
    left join pg_description note on note.objoid = t.oid and note.classoid = 'pg_type'::regclass and note.objsubid = 0
    where rel.relkind = 'c';
  end if;
  if 'f' = any (kinds) then
    return query select 'pg_foreign_table'::regclass::oid, rel.oid, 0, 'foreign table source', w.whole, 'pg_class'::regclass::oid, rel.oid,
      array['server: ' || s.srvname] || case when f.ftoptions is null then '{}'::text[] else godwit.foreign_options(f.ftoptions) end
    from unnest(oids, wholes) w (oid, whole) join pg_class rel on rel.oid = w.oid join pg_foreign_table f on f.ftrelid = rel.oid join pg_foreign_server s on s.oid = f.ftserver;
  end if;
  -- Columns; those of views only where something is said of them that their query does not tell.
  return query select 'pg_class'::regclass::oid, rel.oid, a.attnum::integer, 'column', rel.whole || '.' || quote_ident(a.attname),
    'pg_class'::regclass::oid, rel.oid,
    array_remove(array[
      'type: ' || format_type(a.atttypid, a.atttypmod),
      case when a.attcollation <> 0 and a.attcollation <> t.typcollation then 'collation: ' || a.attcollation::regcollation end,
      case when a.attnotnull then 'not null: yes' end,
      case when not required.convalidated then 'not null not valid: yes' end,
      case when required.connoinherit then 'not null not inherited: yes' end,
      case when d.oid is not null then case a.attgenerated when '' then 'default: ' when 's' then 'generated: stored '
        else 'generated: virtual ' end || pg_get_expr(d.adbin, d.adrelid) end,
      case a.attidentity when 'a' then 'identity: always' when 'd' then 'identity: by default' end,
      case when not a.attislocal then 'inherited: yes' end,
      case when a.attstorage <> t.typstorage then 'storage: ' || a.attstorage::text end,
      case when a.attcompression <> '' then 'compression: ' || a.attcompression::text end,
      case when coalesce(a.attstattarget, -1) <> -1 then 'tuning statistics: ' || a.attstattarget end,
      'comment: ' || note.description]::text[], null)
    || case when a.attoptions is null then '{}'::text[] else godwit.options(a.attoptions) end
    || case when a.attfdwoptions is null then '{}'::text[] else godwit.foreign_options(a.attfdwoptions) end
    || case when a.attacl is null then '{}'::text[] else godwit.privileges(a.attacl, '', 0) end
  from unnest(oids, wholes, kinds) rel (oid, whole, relkind) join pg_attribute a on a.attrelid = rel.oid and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
  left join pg_attrdef d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum
  left join pg_description note on note.objoid = rel.oid and note.classoid = 'pg_class'::regclass and note.objsubid = a.attnum
  -- Tables have constraints of this kind from 18 on.
  left join pg_constraint required on required.conrelid = rel.oid and required.contype = 'n' and required.conkey = array[a.attnum]
    and (not required.convalidated or required.connoinherit)
  where rel.relkind in ('r', 'p', 'f', 'c')
    or rel.relkind in ('v', 'm') and (note.description is not null or a.attacl is not null or d.oid is not null);
  if kinds && array['r', 'p', 'f']::"char"[] then
    -- NOT NULL is told of the column, whatever its constraint is called. DISABLE TRIGGER ALL leaves the definition of a
    -- foreign key and of a deferrable key as it is and lets wrong rows in.
    return query select 'pg_constraint'::regclass::oid, k.oid, 0, 'constraint', rel.whole || '.' || quote_ident(k.conname),
      'pg_class'::regclass::oid, rel.oid,
      array_remove(array[
        'definition: ' || case when k.contype = 'x' then coalesce(godwit.without_options(pg_get_constraintdef(k.oid),
          (select x.reloptions from pg_class x where x.oid = k.conindid)), pg_get_constraintdef(k.oid)) else pg_get_constraintdef(k.oid) end,
        case when not k.conislocal then 'inherited: yes' end,
        case when (k.contype = 'f' or k.condeferrable) and exists (select from pg_trigger t where t.tgconstraint = k.oid and t.tgisinternal and t.tgenabled <> 'O')
          then 'not enforced by its triggers: yes' end,
        'comment: ' || note.description]::text[], null)
    from unnest(oids, wholes) rel (oid, whole) join pg_constraint k on k.conrelid = rel.oid
    left join pg_description note on note.objoid = k.oid and note.classoid = 'pg_constraint'::regclass
    where k.contype not in ('n', 't');
  end if;
  if kinds && array['r', 'p', 'm']::"char"[] then
    return query select 'pg_class'::regclass::oid, x.oid, 0, 'index', format('%s.%I', rel.nspname, x.relname), 'pg_class'::regclass::oid, rel.oid,
      array_remove(array[
        'definition: ' || case when x.reloptions is null then pg_get_indexdef(x.oid)
          else godwit.without_options(pg_get_indexdef(x.oid), x.reloptions) end,
        case when not i.indisvalid then 'not valid: yes' end,
        case when x.relispartition then (select 'attached to: ' || h.inhparent::regclass from pg_inherits h where h.inhrelid = x.oid) end,
        case when i.indisclustered then 'tuning clustered: yes' end,
        case when x.reltablespace <> 0 then
          (select 'tuning tablespace: ' || s.spcname from pg_tablespace s where s.oid = x.reltablespace) end,
        'comment: ' || note.description]::text[], null)
      || case when x.reloptions is null then '{}'::text[] else godwit.options(x.reloptions) end
    from unnest(oids, schemas) rel (oid, nspname) join pg_index i on i.indrelid = rel.oid join pg_class x on x.oid = i.indexrelid
    left join pg_description note on note.objoid = x.oid and note.classoid = 'pg_class'::regclass and note.objsubid = 0;
  end if;
  if has_triggers then
    return query select 'pg_trigger'::regclass::oid, t.oid, 0, 'trigger', rel.whole || '.' || quote_ident(t.tgname), 'pg_class'::regclass::oid, rel.oid,
      array_remove(array[
        'definition: ' || pg_get_triggerdef(t.oid),
        case t.tgenabled when 'D' then 'fires: never' when 'A' then 'fires: always' when 'R' then 'fires: on replicas' end,
        'comment: ' || note.description]::text[], null)
    from unnest(oids, wholes) rel (oid, whole) join pg_trigger t on t.tgrelid = rel.oid and not t.tgisinternal
    left join pg_description note on note.objoid = t.oid and note.classoid = 'pg_trigger'::regclass;
  end if;
  if has_rules and exists (select from pg_rewrite r where r.ev_class = any (oids) and r.rulename <> '_RETURN') then
    return query select 'pg_rewrite'::regclass::oid, r.oid, 0, 'rule', rel.whole || '.' || quote_ident(r.rulename), 'pg_class'::regclass::oid, rel.oid,
      array_remove(array[
        'definition: ' || pg_get_ruledef(r.oid),
        case r.ev_enabled when 'D' then 'applies: never' when 'A' then 'applies: always' when 'R' then 'applies: on replicas' end,
        'comment: ' || note.description]::text[], null)
    from unnest(oids, wholes) rel (oid, whole) join pg_rewrite r on r.ev_class = rel.oid and r.rulename <> '_RETURN'
    left join pg_description note on note.objoid = r.oid and note.classoid = 'pg_rewrite'::regclass;
  end if;
  if has_policies then
    return query select 'pg_policy'::regclass::oid, p.oid, 0, 'policy', rel.whole || '.' || quote_ident(p.polname), 'pg_class'::regclass::oid, rel.oid,
      array_remove(array[
        'command: ' || case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
        case when not p.polpermissive then 'restrictive: yes' end,
        'roles: ' || (select string_agg(r, ', ' order by r collate "C") from (
          select case o when 0 then 'public' else pg_get_userbyid(o)::text end as r from unnest(p.polroles) o) roles),
        'using: ' || pg_get_expr(p.polqual, p.polrelid),
        'with check: ' || pg_get_expr(p.polwithcheck, p.polrelid),
        'comment: ' || note.description]::text[], null)
    from unnest(oids, wholes) rel (oid, whole) join pg_policy p on p.polrelid = rel.oid
    left join pg_description note on note.objoid = p.oid and note.classoid = 'pg_policy'::regclass;
  end if;
  if has_statistics then
    return query select 'pg_statistic_ext'::regclass::oid, s.oid, 0, 'statistics', format('%I.%I', n.nspname, s.stxname), 'pg_class'::regclass::oid, rel.oid,
      array_remove(array[
        'definition: ' || pg_get_statisticsobjdef(s.oid), 'owner: ' || pg_get_userbyid(s.stxowner),
        case when coalesce(s.stxstattarget, -1) <> -1 then 'tuning statistics: ' || s.stxstattarget end,
        'comment: ' || note.description]::text[], null)
    from unnest(oids, wholes) rel (oid, whole) join pg_statistic_ext s on s.stxrelid = rel.oid join pg_namespace n on n.oid = s.stxnamespace
    left join pg_description note on note.objoid = s.oid and note.classoid = 'pg_statistic_ext'::regclass;
  end if;
end $$;
