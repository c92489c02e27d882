import type { Client } from 'pg';

/** A column as the server describes it. */
export interface Column {
  readonly n: string;
  readonly type: string;
  /** `N` numeric, `S` string, `D` date and time, `B` boolean, `E` enum, `C` composite, `U` other, … */
  readonly category: string;
  readonly required: boolean;
  readonly defaulted: boolean;
  readonly identity: string;
  readonly generated: string;
  readonly inherited: boolean;
  readonly labels: readonly string[] | null;
}

/** Table, view, materialized view, sequence or foreign table; `q` is its qualified name in quotes. */
export interface Relation {
  readonly q: string;
  readonly s: string;
  readonly n: string;
  readonly kind: string;
  readonly temporary: boolean;
  readonly partition: boolean;
  /** Of partitioned tables: `RANGE (a)`. */
  readonly by: string | null;
  readonly parent: string | null;
  readonly columns: readonly Column[];
}

/** Something that belongs to a relation. */
interface Part {
  readonly n: string;
  readonly q: string;
  /** Qualified name of the relation. */
  readonly of: string;
  /** What kind it is, in the catalogue's letter. */
  readonly kind: string;
  readonly def: string;
}

/** Function, procedure or aggregate; `q` with its argument types. */
export interface Routine {
  readonly q: string;
  readonly n: string;
  readonly s: string;
  readonly kind: string;
  readonly returns: string;
  readonly args: number;
}

interface Type {
  readonly q: string;
  readonly n: string;
  readonly s: string;
  readonly kind: string;
  readonly labels: readonly string[] | null;
  readonly attributes: readonly string[] | null;
  readonly checks: readonly string[] | null;
}

/** What there is besides: kind (as DROP says it) and name (as DROP says it). */
interface Other {
  readonly kind: string;
  readonly q: string;
}

/** What exists in a database now; asked before each statement is made. */
export interface World {
  readonly major: number;
  readonly schemas: readonly string[];
  readonly relations: readonly Relation[];
  readonly constraints: readonly Part[];
  readonly indexes: readonly Part[];
  readonly triggers: readonly Part[];
  readonly policies: readonly Part[];
  readonly rules: readonly Part[];
  readonly statistics: readonly Part[];
  readonly routines: readonly Routine[];
  readonly types: readonly Type[];
  readonly others: readonly Other[];
}

const query = `with ns as materialized (
  select oid, nspname, quote_ident(nspname) as q, nspname ~ '^pg_temp' as temporary from pg_namespace
  where nspname not in ('pg_catalog', 'information_schema', 'godwit') and nspname !~ '^pg_toast' and (nspname !~ '^pg_temp' or oid = pg_my_temp_schema())),
ext as materialized (select classid, objid from pg_depend where deptype = 'e'),
rel as materialized (select c.*, n.nspname, n.temporary, n.q || '.' || quote_ident(relname) as q from pg_class c join ns n on n.oid = relnamespace
  where relkind in ('r', 'p', 'v', 'm', 'S', 'f') and not exists (select from ext where classid = 'pg_class'::regclass and objid = c.oid))
select json_build_object(
 'major', current_setting('server_version_num')::int / 10000,
 'schemas', (select json_agg(q order by q) from ns where not temporary),
 'relations', (select json_agg(json_build_object('q', q, 's', nspname, 'n', relname, 'kind', relkind, 'temporary', temporary, 'partition', relispartition,
    'by', pg_get_partkeydef(rel.oid), 'parent', (select quote_ident(pn.nspname) || '.' || quote_ident(pc.relname) from pg_inherits join pg_class pc on pc.oid = inhparent join pg_namespace pn on pn.oid = pc.relnamespace where inhrelid = rel.oid limit 1),
    'columns', (select coalesce(json_agg(json_build_object('n', quote_ident(attname), 'type', format_type(atttypid, atttypmod), 'category', typcategory, 'required', attnotnull,
        'defaulted', atthasdef, 'identity', attidentity, 'generated', attgenerated, 'inherited', not attislocal,
        'labels', (select json_agg(enumlabel order by enumsortorder) from pg_enum where enumtypid = atttypid)) order by attnum), '[]')
      from pg_attribute a join pg_type t on t.oid = atttypid where attrelid = rel.oid and attnum > 0 and not attisdropped)) order by q) from rel),
 'constraints', (select json_agg(json_build_object('n', quote_ident(conname), 'q', quote_ident(conname), 'of', q, 'kind', contype, 'def', pg_get_constraintdef(c.oid)) order by q, conname)
    from pg_constraint c join rel on conrelid = rel.oid where contype not in ('n', 't')),
 'indexes', (select json_agg(json_build_object('n', quote_ident(x.relname), 'q', quote_ident(rel.nspname) || '.' || quote_ident(x.relname), 'of', q, 'kind', case when c.oid is not null then c.contype::text when indisunique then 'u' else 'i' end, 'def', x.relkind) order by q, x.relname)
    from pg_index i join rel on indrelid = rel.oid join pg_class x on x.oid = indexrelid left join pg_constraint c on c.conindid = indexrelid and c.contype <> 'f' where not rel.temporary),
 'triggers', (select json_agg(json_build_object('n', quote_ident(tgname), 'q', quote_ident(tgname), 'of', q, 'kind', tgenabled, 'def', '') order by q, tgname) from pg_trigger join rel on tgrelid = rel.oid where not tgisinternal),
 'policies', (select json_agg(json_build_object('n', quote_ident(polname), 'q', quote_ident(polname), 'of', q, 'kind', polcmd, 'def', '') order by q, polname) from pg_policy join rel on polrelid = rel.oid),
 'rules', (select json_agg(json_build_object('n', quote_ident(rulename), 'q', quote_ident(rulename), 'of', q, 'kind', ev_type, 'def', '') order by q, rulename) from pg_rewrite join rel on ev_class = rel.oid where rulename <> '_RETURN'),
 'statistics', (select json_agg(json_build_object('n', quote_ident(stxname), 'q', n.q || '.' || quote_ident(stxname), 'of', rel.q, 'kind', '', 'def', '') order by n.q, stxname) from pg_statistic_ext s join ns n on n.oid = stxnamespace join rel on rel.oid = stxrelid),
 'routines', (select json_agg(json_build_object('q', n.q || '.' || quote_ident(proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')', 'n', quote_ident(proname), 's', nspname, 'kind', prokind, 'returns', case when prorettype <> 0 then format_type(prorettype, null) else '' end, 'args', pronargs) order by n.q, proname, p.oid)
    from pg_proc p join ns n on n.oid = pronamespace where not exists (select from pg_depend where classid = 'pg_proc'::regclass and objid = p.oid and deptype in ('e', 'i'))),
 'types', (select json_agg(json_build_object('q', n.q || '.' || quote_ident(typname), 'n', quote_ident(typname), 's', nspname, 'kind', typtype,
    'labels', (select json_agg(enumlabel order by enumsortorder) from pg_enum where enumtypid = t.oid),
    'attributes', (select json_agg(quote_ident(attname) order by attnum) from pg_attribute where attrelid = typrelid and typtype = 'c' and not attisdropped),
    'checks', (select json_agg(quote_ident(conname) order by conname) from pg_constraint where contypid = t.oid and contype = 'c')) order by n.q, typname)
    from pg_type t join ns n on n.oid = typnamespace where typelem = 0 and typtype in ('e', 'd', 'c', 'r') and not n.temporary
      and (typrelid = 0 or (select relkind = 'c' from pg_class where oid = typrelid)) and not exists (select from ext where classid = 'pg_type'::regclass and objid = t.oid)),
 'others', (select json_agg(json_build_object('kind', kind, 'q', q) order by kind, q) from (
    select 'OPERATOR' as kind, n.q || '.' || oprname || ' (' || oprleft::regtype || ', ' || oprright::regtype || ')' as q from pg_operator o join ns n on n.oid = oprnamespace where not exists (select from ext where classid = 'pg_operator'::regclass and objid = o.oid) and oprleft <> 0
    union all select 'CAST', '(' || castsource::regtype || ' AS ' || casttarget::regtype || ')' from pg_cast c where oid >= 16384 and not exists (select from ext where classid = 'pg_cast'::regclass and objid = c.oid)
    union all select 'COLLATION', n.q || '.' || quote_ident(collname) from pg_collation join ns n on n.oid = collnamespace
    union all select 'TEXT SEARCH CONFIGURATION', n.q || '.' || quote_ident(cfgname) from pg_ts_config join ns n on n.oid = cfgnamespace
    union all select 'TEXT SEARCH DICTIONARY', n.q || '.' || quote_ident(dictname) from pg_ts_dict d join ns n on n.oid = dictnamespace where not exists (select from ext where classid = 'pg_ts_dict'::regclass and objid = d.oid)
    union all select 'PUBLICATION', quote_ident(pubname) from pg_publication
    union all select 'EVENT TRIGGER', quote_ident(evtname) from pg_event_trigger
    union all select 'SERVER', quote_ident(srvname) from pg_foreign_server
    union all select 'EXTENSION', quote_ident(extname) from pg_extension where oid >= 16384) o)) as world`;

/** Asks the server what exists. */
export async function lookAt(client: Client): Promise<World> {
  const { rows } = await client.query<{ world: Readonly<Record<string, unknown>> }>({ name: 'world', text: query });
  const world = rows[0]?.world ?? {};
  return Object.fromEntries(Object.entries(world).map(([key, value]) => [key, value ?? []])) as unknown as World;
}
