-- What is no relation: types, routines, schemas, and what few databases have. Each kind is asked for only where it is
-- wanted, so that it is planned only then.
create or replace function godwit.described(classes oid[], oids oid[]) returns table (class oid, oid oid, sub integer,
  kind text, name text, home_class oid, home oid, words text[])
language plpgsql stable
set search_path = '' set timezone = 'UTC' set datestyle = 'ISO' set intervalstyle = 'postgres' set extra_float_digits = 1
set bytea_output = 'hex' set quote_all_identifiers = off set standard_conforming_strings = on set lc_monetary = 'C' set jit = off as $$
#variable_conflict use_column
declare
  wanted oid[];
begin
  wanted := array(select o from unnest(classes, oids) w (c, o) where c = 'pg_class'::regclass);
  if wanted <> '{}' then
    return query select * from godwit.described_relations(wanted);
  end if;

  wanted := array(select o from unnest(classes, oids) w (c, o) where c = 'pg_type'::regclass);
  if wanted <> '{}' then
    return query with t as materialized (
      select t.*, format('%I.%I', n.nspname, t.typname) as whole from unnest(wanted) w (oid) join pg_type t on t.oid = w.oid
      join pg_namespace n on n.oid = t.typnamespace
      where t.typrelid = 0 and t.typtype <> 'm' and not (t.typcategory = 'A' and t.typelem <> 0)
    )
    select 'pg_type'::regclass::oid, t.oid, 0, case t.typtype when 'd' then 'domain' else 'type' end, t.whole, 'pg_type'::regclass::oid, t.oid,
      array_remove(array[
        'owner: ' || pg_get_userbyid(t.typowner),
        case when t.typtype = 'e' then 'labels: ' || coalesce((select string_agg(quote_literal(e.enumlabel), ', ' order by e.enumsortorder)
          from pg_enum e where e.enumtypid = t.oid), '') end,
        case when t.typtype = 'd' then 'base type: ' || format_type(t.typbasetype, t.typtypmod) end,
        case when t.typnotnull then 'not null: yes' end,
        'default: ' || t.typdefault,
        case when t.typtype = 'd' and t.typcollation not in (0, 100) then 'collation: ' || t.typcollation::regcollation end,
        (select 'range: ' || concat_ws(' ', format_type(r.rngsubtype, null), nullif(r.rngcollation, 0)::regcollation,
          nullif(r.rngcanonical::oid, 0)::regproc, nullif(r.rngsubdiff::oid, 0)::regproc, format_type(r.rngmultitypid, null))
          from pg_range r where r.rngtypid = t.oid),
        case when t.typtype = 'b' then 'base: ' || concat_ws(' ', t.typinput, t.typoutput, t.typlen, t.typbyval, t.typalign,
          t.typstorage, t.typcategory, t.typispreferred, t.typdelim) when t.typtype = 'p' then 'base: shell' end,
        'comment: ' || note.description]::text[], null)
      || case when t.typacl is null then '{}'::text[] else godwit.privileges(t.typacl, 'T', t.typowner) end
    from t left join pg_description note on note.objoid = t.oid and note.classoid = 'pg_type'::regclass
    union all
    select 'pg_constraint'::regclass::oid, k.oid, 0, 'constraint', t.whole || '.' || quote_ident(k.conname), 'pg_type'::regclass::oid, t.oid,
      array_remove(array['definition: ' || pg_get_constraintdef(k.oid), 'comment: ' || note.description]::text[], null)
    from t join pg_constraint k on k.contypid = t.oid and k.contype <> 'n'
    left join pg_description note on note.objoid = k.oid and note.classoid = 'pg_constraint'::regclass;
  end if;

  wanted := array(select o from unnest(classes, oids) w (c, o) where c = 'pg_proc'::regclass);
  if wanted <> '{}' then
    return query select 'pg_proc'::regclass::oid, p.oid, 0,
      case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end,
      format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)), 'pg_proc'::regclass::oid, p.oid,
      array_remove(array[
        'definition: ' || case when p.prokind <> 'a' then pg_get_functiondef(p.oid) else (
          select concat_ws(' ', a.aggkind, a.aggnumdirectargs, a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn,
            a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn, a.aggfinalextra, a.aggmfinalextra, a.aggfinalmodify, a.aggmfinalmodify,
            nullif(a.aggsortop, 0)::regoperator, format_type(a.aggtranstype, null), a.aggtransspace,
            nullif(format_type(a.aggmtranstype, null), '-'), a.aggmtransspace, a.agginitval, a.aggminitval, p.proparallel)
          from pg_aggregate a where a.aggfnoid = p.oid) end,
        'owner: ' || pg_get_userbyid(p.proowner),
        'comment: ' || note.description]::text[], null)
      || case when p.proacl is null then '{}'::text[] else godwit.privileges(p.proacl, 'f', p.proowner) end
    from unnest(wanted) w (oid) join pg_proc p on p.oid = w.oid join pg_namespace n on n.oid = p.pronamespace
    left join pg_description note on note.objoid = p.oid and note.classoid = 'pg_proc'::regclass;
  end if;

  wanted := array(select o from unnest(classes, oids) w (c, o) where c = 'pg_namespace'::regclass);
  if wanted <> '{}' then
    return query select 'pg_namespace'::regclass::oid, n.oid, 0, 'schema', quote_ident(n.nspname), 'pg_namespace'::regclass::oid, n.oid,
      array_remove(array['owner: ' || pg_get_userbyid(n.nspowner), 'comment: ' || note.description]::text[], null)
      || case when n.nspacl is null then '{}'::text[] else godwit.privileges(n.nspacl, 'n', n.nspowner) end
    from unnest(wanted) w (oid) join pg_namespace n on n.oid = w.oid
    left join pg_description note on note.objoid = n.oid and note.classoid = 'pg_namespace'::regclass;
  end if;

  if not classes <@ array['pg_class', 'pg_type', 'pg_proc', 'pg_namespace']::regclass[]::oid[] then
    return query select r.class, r.oid, 0, i.type, i.identity, r.class, r.oid,
      r.words || case when note.description is null then '{}'::text[] else array['comment: ' || note.description] end
    from godwit.described_rare(classes, oids) r cross join lateral pg_identify_object(r.class, r.oid, 0) i
    left join pg_description note on note.objoid = r.oid and note.classoid = r.class and note.objsubid = 0;
  end if;
end $$;

-- Objects that few databases have, without their names and comments.
create or replace function godwit.described_rare(classes oid[], oids oid[]) returns table (class oid, oid oid, words text[])
language plpgsql stable set search_path = '' as $$
#variable_conflict use_column
declare
  one oid;
  wanted oid[];
  query text;
begin
  foreach one in array array(select distinct c from unnest(classes) c) loop
    wanted := array(select o from unnest(classes, oids) w (c, o) where c = one);
    query := case one::regclass::text
      when 'pg_operator' then $q$ 'owner: ' || pg_get_userbyid(r.oprowner), 'function: ' || nullif(r.oprcode::oid, 0)::regprocedure,
        'commutator: ' || nullif(r.oprcom, 0)::regoperator, 'negator: ' || nullif(r.oprnegate, 0)::regoperator,
        'restrict: ' || nullif(r.oprrest::oid, 0)::regprocedure, 'join: ' || nullif(r.oprjoin::oid, 0)::regprocedure,
        case when r.oprcanmerge then 'merges: yes' end, case when r.oprcanhash then 'hashes: yes' end, 'result: ' || format_type(r.oprresult, null) $q$
      when 'pg_opclass' then $q$ 'owner: ' || pg_get_userbyid(r.opcowner), 'type: ' || format_type(r.opcintype, null),
        case when r.opcdefault then 'default: yes' end, case when r.opckeytype <> 0 then 'key type: ' || format_type(r.opckeytype, null) end,
        (select 'family: ' || f.opfname from pg_opfamily f where f.oid = r.opcfamily) $q$
      when 'pg_opfamily' then $q$ 'owner: ' || pg_get_userbyid(r.opfowner)] || array(select 'operator: ' || a.amopstrategy || ' ' || a.amopopr::regoperator
        from pg_amop a where a.amopfamily = r.oid order by 1) || array(select 'function: ' || a.amprocnum || ' ' || a.amproc::oid::regprocedure
        from pg_amproc a where a.amprocfamily = r.oid order by 1) || array[null $q$
      when 'pg_cast' then $q$ 'function: ' || nullif(r.castfunc, 0)::regprocedure, 'context: ' || r.castcontext::text, 'method: ' || r.castmethod::text $q$
      -- The columns of the locale differ between majors; the version moves with the operating system.
      when 'pg_collation' then $q$ 'owner: ' || pg_get_userbyid(r.collowner), 'locale: ' || concat_ws(' ', r.collprovider, r.collcollate, r.collctype,
        to_jsonb(r) ->> 'colliculocale', to_jsonb(r) ->> 'colllocale'), 'rules: ' || (to_jsonb(r) ->> 'collicurules'), case when not r.collisdeterministic then 'not deterministic: yes' end $q$
      when 'pg_conversion' then $q$ 'owner: ' || pg_get_userbyid(r.conowner), 'converts: ' || concat_ws(' ', pg_encoding_to_char(r.conforencoding),
        pg_encoding_to_char(r.contoencoding), r.conproc), case when r.condefault then 'default: yes' end $q$
      when 'pg_transform' then $q$ 'from: ' || nullif(r.trffromsql::oid, 0)::regprocedure, 'to: ' || nullif(r.trftosql::oid, 0)::regprocedure $q$
      when 'pg_ts_config' then $q$ 'owner: ' || pg_get_userbyid(r.cfgowner), (select 'parser: ' || p.prsname from pg_ts_parser p where p.oid = r.cfgparser)]
        || array(select 'mapping: ' || m.maptokentype || ' ' || m.mapseqno || ' ' || m.mapdict::regdictionary from pg_ts_config_map m
        where m.mapcfg = r.oid order by m.maptokentype, m.mapseqno) || array[null $q$
      when 'pg_ts_dict' then $q$ 'owner: ' || pg_get_userbyid(r.dictowner),
        (select 'template: ' || t.tmplname from pg_ts_template t where t.oid = r.dicttemplate), 'options: ' || r.dictinitoption $q$
      when 'pg_ts_parser' then $q$ 'functions: ' || concat_ws(' ', r.prsstart, r.prstoken, r.prsend, r.prsheadline, r.prslextype) $q$
      when 'pg_ts_template' then $q$ 'functions: ' || concat_ws(' ', r.tmplinit, r.tmpllexize) $q$
      when 'pg_extension' then $q$ 'version: ' || r.extversion, (select 'schema: ' || n.nspname from pg_namespace n where n.oid = r.extnamespace) $q$
      when 'pg_event_trigger' then $q$ 'owner: ' || pg_get_userbyid(r.evtowner), 'definition: ' || concat_ws(' ', r.evtevent, r.evtfoid::regprocedure, r.evttags),
        case r.evtenabled when 'D' then 'fires: never' when 'A' then 'fires: always' when 'R' then 'fires: on replicas' end $q$
      -- Lists of columns, conditions and schemas came with 15, generated columns with 18.
      when 'pg_publication' then $q$ 'owner: ' || pg_get_userbyid(r.pubowner), case when r.puballtables then 'all tables: yes' end,
        'publishes: ' || concat_ws(' ', case when r.pubinsert then 'insert' end, case when r.pubupdate then 'update' end,
        case when r.pubdelete then 'delete' end, case when r.pubtruncate then 'truncate' end), case when r.pubviaroot then 'via root: yes' end,
        case to_jsonb(r) ->> 'pubgencols' when 's' then 'generated columns: stored' end] || $q$
        || case when to_regclass('pg_publication_namespace') is null then
          $q$ array(select 'table: ' || p.prrelid::regclass from pg_publication_rel p where p.prpubid = r.oid order by 1) $q$ else
          $q$ array(select 'table: ' || p.prrelid::regclass
            || coalesce((select ' (' || string_agg(quote_ident(a.attname), ', ' order by a.attnum) || ')' from pg_attribute a
              where a.attrelid = p.prrelid and a.attnum = any (p.prattrs)), '')
            || coalesce(' where ' || pg_get_expr(p.prqual, p.prrelid), '') from pg_publication_rel p where p.prpubid = r.oid order by 1)
          || array(select 'schema: ' || s.pnnspid::regnamespace from pg_publication_namespace s where s.pnpubid = r.oid order by 1) $q$ end
        || ' || array[null '
      when 'pg_default_acl' then $q$ null] || array(select 'grant: ' || a.privilege_type || ' to ' || case a.grantee when 0 then 'public' else
        pg_get_userbyid(a.grantee)::text end || case when a.is_grantable then ' with grant option' else '' end from aclexplode(r.defaclacl) a order by 1) || array[null $q$
      when 'pg_language' then $q$ 'owner: ' || pg_get_userbyid(r.lanowner), 'functions: ' || concat_ws(' ', r.lanplcallfoid::regproc, r.laninline::regproc,
        r.lanvalidator::regproc)] || godwit.privileges(r.lanacl, 'l', r.lanowner) || array[null $q$
      when 'pg_am' then $q$ 'handler: ' || r.amhandler, 'type: ' || r.amtype::text $q$
      when 'pg_foreign_data_wrapper' then $q$ 'owner: ' || pg_get_userbyid(r.fdwowner), 'handler: ' || nullif(r.fdwhandler, 0)::regproc]
        || godwit.foreign_options(r.fdwoptions) || godwit.privileges(r.fdwacl, 'F', r.fdwowner) || array[null $q$
      -- Options of a server may hold what is nobody's business.
      when 'pg_foreign_server' then $q$ 'owner: ' || pg_get_userbyid(r.srvowner), 'type: ' || concat_ws(' ', r.srvtype, r.srvversion)]
        || array(select 'option: ' || split_part(option, '=', 1) || ' ' || substr(encode(sha256(convert_to(option, 'UTF8')), 'hex'), 1, 16)
        from unnest(r.srvoptions) option order by 1) || godwit.privileges(r.srvacl, 'S', r.srvowner) || array[null $q$
      end;
    if query is not null then
      return query execute format('select %s::oid, r.oid, array_remove(array[%s]::text[], null) from unnest($1) w (oid) join %s r on r.oid = w.oid',
        one, query, one::regclass) using wanted;
    end if;
  end loop;
end $$;
