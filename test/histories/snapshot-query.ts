/**
 * One question: everything that a database defines, by name and in parts. A row is one thing that can be missing or
 * changed by itself: `kind`, `name` (for people), `own` (its bare name), `part` (the relation that it belongs to, or
 * empty), `def` (the server's words) and `xmin` (the newest transaction that wrote its catalogue rows).
 */
const scope = `
ns as materialized (
  select oid, nspname, nspowner, nspacl, xmin, quote_ident(nspname) as q from pg_namespace
  where nspname not in ('pg_catalog', 'information_schema', 'godwit') and nspname !~ '^pg_(toast|temp)'),
ext as materialized (select classid, objid from pg_depend where deptype = 'e'),
rel as materialized (
  select c.*, c.xmin as wrote, n.q || '.' || quote_ident(c.relname) as q from pg_class c join ns n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c')
    and not exists (select from ext where classid = 'pg_class'::regclass and objid = c.oid)),
fn as materialized (
  select p.*, p.xmin as wrote, n.q || '.' || quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')' as q
  from pg_proc p join ns n on n.oid = p.pronamespace
  where not exists (select from ext where classid = 'pg_proc'::regclass and objid = p.oid)),
ty as materialized (
  select t.*, t.xmin as wrote, n.q || '.' || quote_ident(t.typname) as q from pg_type t join ns n on n.oid = t.typnamespace
  where t.typrelid = 0 and t.typelem = 0 and t.typtype <> 'm'
    and not exists (select from ext where classid = 'pg_type'::regclass and objid = t.oid))`;

const relationKind = `case relkind when 'v' then 'view' when 'm' then 'matview' when 'S' then 'sequence' when 'c' then 'composite' when 'f' then 'foreign table' else 'table' end`;

/** Reloptions that change what a relation means; all others tune it. */
const meaning = `(select string_agg(o, ',' order by o) from unnest(reloptions) o where o ~ '^(security_barrier|security_invoker|check_option)=')`;
const tuned = `(select string_agg(o, ',' order by o) from unnest(reloptions) o where o !~ '^(security_barrier|security_invoker|check_option)=')`;

const relations = [
  `select ${relationKind}, q, relname::text, q, concat_ws(' | ', relpersistence::text, case when relrowsecurity then 'row security' end,
     case when relforcerowsecurity then 'forced' end, 'identity ' || relreplident::text, ${meaning},
     'by ' || pg_get_partkeydef(rel.oid), 'for ' || pg_get_expr(relpartbound, rel.oid),
     'of ' || case when reloftype <> 0 then reloftype::regtype::text end,
     'under ' || (select string_agg(inhparent::regclass::text, ', ' order by inhseqno) from pg_inherits where inhrelid = rel.oid),
     'as ' || case when relkind in ('v', 'm') then pg_get_viewdef(rel.oid) end,
     (select concat_ws(',', format_type(seqtypid, null), seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle) from pg_sequence where seqrelid = rel.oid),
     'owned by ' || (select string_agg(d.refobjid::regclass::text || '.' || a.attname || d.deptype::text, ',') from pg_depend d
        join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
        where rel.relkind = 'S' and d.classid = 'pg_class'::regclass and d.objid = rel.oid and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i')),
     'server ' || (select srvname::text || ftoptions::text from pg_foreign_table join pg_foreign_server s on s.oid = ftserver where ftrelid = rel.oid)),
   wrote from rel`,
  `select 'owner', q, relname::text, q, pg_get_userbyid(relowner)::text, wrote from rel`,
  `select 'tuning', q, relname::text, q, ${tuned}, wrote from rel where ${tuned} is not null`,
  `select 'column', rel.q || '.' || quote_ident(a.attname), a.attname::text, rel.q,
     concat_ws(' | ', format_type(a.atttypid, a.atttypmod), case when a.attcollation <> t.typcollation then a.attcollation::regcollation::text end,
       case when a.attnotnull then 'not null' end, 'default ' || pg_get_expr(d.adbin, d.adrelid), nullif(a.attidentity::text, ''),
       nullif(a.attgenerated::text, ''), case when not a.attislocal then 'inherited' end),
     greatest(a.xmin::text::bigint, d.xmin::text::bigint)::text::xid
   from rel join pg_attribute a on a.attrelid = rel.oid and a.attnum > 0 and not a.attisdropped join pg_type t on t.oid = a.atttypid
   left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum where relkind in ('r', 'p', 'f', 'c', 'v', 'm')`,
  `select 'tuning', rel.q || '.' || quote_ident(a.attname), a.attname::text, rel.q,
     concat_ws(' | ', a.attoptions::text, a.attstorage::text, a.attcompression::text, a.attstattarget::text), a.xmin
   from rel join pg_attribute a on a.attrelid = rel.oid and a.attnum > 0 and not a.attisdropped where relkind in ('r', 'p', 'm')`,
  `select 'constraint', rel.q || '.' || quote_ident(c.conname), c.conname::text, rel.q,
     concat_ws(' | ', pg_get_constraintdef(c.oid), case when not c.conislocal then 'inherited' end,
       (select 'triggers ' || string_agg(distinct g.tgenabled::text, ',') from pg_trigger g where g.tgconstraint = c.oid and g.tgisinternal and g.tgenabled <> 'O')),
     greatest(c.xmin::text::bigint, (select max(g.xmin::text::bigint) from pg_trigger g where g.tgconstraint = c.oid and g.tgisinternal))::text::xid
   from rel join pg_constraint c on c.conrelid = rel.oid where c.contype not in ('n', 't')`,
  `select 'index', n.q || '.' || quote_ident(x.relname), x.relname::text, rel.q,
     concat_ws(' | ', regexp_replace(pg_get_indexdef(x.oid), ' WITH \\([^)]*\\)', ''), case when not i.indisvalid then 'invalid' end, case when i.indisreplident then 'identity' end,
       'under ' || (select inhparent::regclass::text from pg_inherits where inhrelid = x.oid)),
     greatest(x.xmin::text::bigint, i.xmin::text::bigint)::text::xid
   from rel join pg_index i on i.indrelid = rel.oid join pg_class x on x.oid = i.indexrelid join ns n on n.oid = x.relnamespace`,
  `select 'tuning', n.q || '.' || quote_ident(x.relname), x.relname::text, rel.q, x.reloptions::text || case when i.indisclustered then 'clustered' else '' end, x.xmin
   from rel join pg_index i on i.indrelid = rel.oid join pg_class x on x.oid = i.indexrelid join ns n on n.oid = x.relnamespace where x.reloptions is not null`,
  `select 'trigger', rel.q || '.' || quote_ident(t.tgname), t.tgname::text, rel.q, pg_get_triggerdef(t.oid) || ' | ' || t.tgenabled::text, t.xmin
   from rel join pg_trigger t on t.tgrelid = rel.oid and not t.tgisinternal`,
  `select 'rule', rel.q || '.' || quote_ident(r.rulename), r.rulename::text, rel.q, pg_get_ruledef(r.oid) || ' | ' || r.ev_enabled::text, r.xmin
   from rel join pg_rewrite r on r.ev_class = rel.oid and r.rulename <> '_RETURN'`,
  `select 'policy', rel.q || '.' || quote_ident(p.polname), p.polname::text, rel.q,
     concat_ws(' | ', p.polcmd::text, p.polpermissive::text, (select string_agg(o::regrole::text, ',' order by o::regrole::text) from unnest(p.polroles) o),
       'using ' || pg_get_expr(p.polqual, p.polrelid), 'check ' || pg_get_expr(p.polwithcheck, p.polrelid)), p.xmin
   from rel join pg_policy p on p.polrelid = rel.oid`,
  `select 'statistics', n.q || '.' || quote_ident(s.stxname), s.stxname::text, rel.q, pg_get_statisticsobjdef(s.oid), s.xmin
   from pg_statistic_ext s join rel on rel.oid = s.stxrelid join ns n on n.oid = s.stxnamespace`,
];

const others = [
  `select 'schema', q, nspname::text, '', '', xmin from ns`,
  `select 'owner', q, nspname::text, q, pg_get_userbyid(nspowner)::text, xmin from ns`,
  `select 'function', q, proname::text, q, case when prokind = 'a' then (select concat_ws(' ', prorettype::regtype, aggtransfn, aggfinalfn, aggtranstype::regtype, agginitval) from pg_aggregate where aggfnoid = fn.oid) else pg_get_functiondef(fn.oid) end, wrote from fn`,
  `select 'owner', q, proname::text, q, pg_get_userbyid(proowner)::text, wrote from fn`,
  `select 'type', q, typname::text, q, concat_ws(' | ', typtype::text,
     (select string_agg(quote_literal(enumlabel), ',' order by enumsortorder) from pg_enum where enumtypid = ty.oid),
     case when typtype = 'd' then format_type(typbasetype, typtypmod) end, case when typtype = 'd' and typnotnull then 'not null' end, case when typtype = 'd' then typdefault end,
     (select concat_ws(' ', rngsubtype::regtype, rngcollation::regcollation, rngsubdiff) from pg_range where rngtypid = ty.oid)),
     greatest(wrote::text::bigint, (select max(xmin::text::bigint) from pg_enum where enumtypid = ty.oid))::text::xid from ty`,
  `select 'owner', q, typname::text, q, pg_get_userbyid(typowner)::text, wrote from ty`,
  `select 'constraint', ty.q || '.' || quote_ident(conname), conname::text, ty.q, pg_get_constraintdef(c.oid), c.xmin from ty join pg_constraint c on c.contypid = ty.oid and contype = 'c'`,
  `select 'operator', n.q || '.' || o.oprname || '(' || o.oprleft::regtype || ',' || o.oprright::regtype || ')', o.oprname::text, '', concat_ws(' ', o.oprcode, o.oprresult::regtype, o.oprcom::regoperator, o.oprnegate::regoperator, pg_get_userbyid(o.oprowner)), o.xmin
   from pg_operator o join ns n on n.oid = o.oprnamespace where not exists (select from ext where classid = 'pg_operator'::regclass and objid = o.oid)`,
  `select 'cast', castsource::regtype || ' as ' || casttarget::regtype, castsource::regtype::text, '', concat_ws(' ', nullif(castfunc, 0)::regprocedure, castcontext, castmethod), xmin
   from pg_cast c where oid >= 16384 and not exists (select from ext where classid = 'pg_cast'::regclass and objid = c.oid)`,
  `select 'collation', n.q || '.' || quote_ident(collname), collname::text, '', concat_ws(' ', collprovider, collisdeterministic, collcollate, pg_get_userbyid(collowner)), c.xmin from pg_collation c join ns n on n.oid = collnamespace`,
  `select 'text search', n.q || '.' || quote_ident(cfgname), cfgname::text, '', concat_ws(' ', pg_get_userbyid(cfgowner), (select string_agg(maptokentype || ':' || mapdict::regdictionary, ',' order by maptokentype, mapseqno) from pg_ts_config_map where mapcfg = c.oid)), c.xmin
   from pg_ts_config c join ns n on n.oid = cfgnamespace`,
  `select 'text search', n.q || '.' || quote_ident(dictname), dictname::text, '', concat_ws(' ', dicttemplate::text, dictinitoption), d.xmin from pg_ts_dict d join ns n on n.oid = dictnamespace where not exists (select from ext where classid = 'pg_ts_dict'::regclass and objid = d.oid)`,
  `select 'publication', quote_ident(pubname), pubname::text, '', concat_ws(' ', puballtables, pubinsert, pubupdate, pubdelete, pubtruncate, pubviaroot, pg_get_userbyid(pubowner), (select string_agg(prrelid::regclass::text, ',' order by prrelid::regclass::text) from pg_publication_rel where prpubid = p.oid)), xmin from pg_publication p`,
  `select 'event trigger', quote_ident(evtname), evtname::text, '', concat_ws(' ', evtevent, evtfoid::regproc, evtenabled, evttags), xmin from pg_event_trigger`,
  `select 'extension', quote_ident(extname), extname::text, '', extversion || ' ' || extnamespace::regnamespace, xmin from pg_extension where oid >= 16384`,
  `select 'server', quote_ident(srvname), srvname::text, '', concat_ws(' ', srvoptions, pg_get_userbyid(srvowner)), xmin from pg_foreign_server`,
  `select 'default privileges', concat_ws(' ', defaclrole::regrole, nullif(defaclnamespace, 0)::regnamespace, defaclobjtype), coalesce(nullif(defaclnamespace, 0)::regnamespace::text, defaclrole::regrole::text), '', (select string_agg(concat_ws(' ', case grantee when 0 then 'public' else grantee::regrole::text end, privilege_type, is_grantable), ',' order by grantee::regrole::text, privilege_type) from aclexplode(defaclacl)), xmin from pg_default_acl`,
  `select 'comment', i.type || ' ' || i.identity, coalesce(i.name, (regexp_match(i.identity, '[^." ]+'))[1]), '', d.description, d.xmin
   from pg_description d cross join lateral pg_identify_object(d.classoid, d.objoid, d.objsubid) i
   where d.objoid >= 16384 and not exists (select from ext where classid = d.classoid and objid = d.objoid)
     and i.identity !~ '^(godwit|pg_toast)\\.' and i.identity <> 'godwit'`,
];

/** Every grant is a thing of its own; the owner's own rights and whoever granted them are not told. */
const grants = [
  ['q', 'relname', `case relkind when 'S' then 's' else 'r' end::"char"`, 'relowner', 'relacl', 'rel', 'wrote'],
  ['q', 'nspname', `'n'`, 'nspowner', 'nspacl', 'ns', 'xmin'],
  ['q', 'proname', `'f'`, 'proowner', 'proacl', 'fn', 'wrote'],
  ['q', 'typname', `'T'`, 'typowner', 'typacl', 'ty', 'wrote'],
].map(
  ([q, own, kind, owner, acl, from, wrote]) =>
    `select 'grant', ${q} || ' to ' || case grantee when 0 then 'public' else grantee::regrole::text end || ': ' || privilege_type, ${own}::text, ${q}, is_grantable::text, ${wrote}
     from ${from}, aclexplode(coalesce(${acl}, acldefault(${kind}, ${owner}))) where grantee <> ${owner}`,
);
const columnGrants = `select 'grant', rel.q || '.' || quote_ident(attname) || ' to ' || case grantee when 0 then 'public' else grantee::regrole::text end || ': ' || privilege_type, attname::text, rel.q, is_grantable::text, a.xmin
  from rel join pg_attribute a on a.attrelid = rel.oid and a.attacl is not null, aclexplode(a.attacl)`;

export const snapshotQuery = `with ${scope} select * from (${[...relations, ...others, ...grants, columnGrants].join('\nunion all\n')}) s (kind, name, own, part, def, xmin)`;
