import { catalogue } from './words/part.ts';

const pgClass = catalogue('pg_class');
const pgType = catalogue('pg_type');
const pgNamespace = catalogue('pg_namespace');

/** What a catalogue's row belongs to: class and OID of the object, and the column's number. */
interface Source {
  readonly table: string;
  readonly class: string;
  readonly oid: string;
  readonly sub?: string;
  readonly where?: string;
}

const own = (table: string, oid = 'oid'): Source => ({ table, class: catalogue(table), oid });
const of = (table: string, whole: string, oid: string): Source => ({ table, class: catalogue(whole), oid });

const sources = (major: number): readonly Source[] => [
  { ...own('pg_class'), where: "relkind <> 't'" },
  { ...of('pg_attribute', 'pg_class', 'attrelid'), sub: 'attnum', where: 'attnum > 0' },
  { ...of('pg_attrdef', 'pg_class', 'adrelid'), sub: 'adnum' },
  of('pg_index', 'pg_class', 'indexrelid'),
  of('pg_inherits', 'pg_class', 'inhrelid'),
  of('pg_sequence', 'pg_class', 'seqrelid'),
  of('pg_partitioned_table', 'pg_class', 'partrelid'),
  of('pg_foreign_table', 'pg_foreign_table', 'ftrelid'),
  { ...own('pg_constraint'), where: "contype not in ('n', 't')" },
  // Triggers that the server made for a constraint tell whether that one is enforced.
  {
    table: 'pg_trigger',
    class: `case when tgisinternal then ${catalogue('pg_constraint')} else ${catalogue('pg_trigger')} end`,
    oid: 'case when tgisinternal then tgconstraint else oid end',
  },
  own('pg_policy'),
  {
    table: 'pg_rewrite',
    class: `case when rulename = '_RETURN' then ${pgClass} else ${catalogue('pg_rewrite')} end`,
    oid: "case when rulename = '_RETURN' then ev_class else oid end",
  },
  own('pg_statistic_ext'),
  own('pg_proc'),
  of('pg_aggregate', 'pg_proc', 'aggfnoid::oid'),
  {
    table: 'pg_type',
    class: `case when typrelid <> 0 then ${pgClass} else ${pgType} end`,
    oid: 'case when typrelid <> 0 then typrelid else oid end',
    where: "not (typcategory = 'A' and typelem <> 0) and typtype <> 'm'",
  },
  of('pg_enum', 'pg_type', 'enumtypid'),
  of('pg_range', 'pg_type', 'rngtypid'),
  own('pg_namespace'),
  own('pg_operator'),
  own('pg_opclass'),
  own('pg_opfamily'),
  of('pg_amop', 'pg_opfamily', 'amopfamily'),
  of('pg_amproc', 'pg_opfamily', 'amprocfamily'),
  own('pg_cast'),
  own('pg_collation'),
  own('pg_conversion'),
  own('pg_transform'),
  own('pg_ts_config'),
  of('pg_ts_config_map', 'pg_ts_config', 'mapcfg'),
  own('pg_ts_dict'),
  own('pg_ts_parser'),
  own('pg_ts_template'),
  own('pg_extension'),
  own('pg_event_trigger'),
  own('pg_publication'),
  of('pg_publication_rel', 'pg_publication', 'prpubid'),
  ...(major >= 15 ? [of('pg_publication_namespace', 'pg_publication', 'pnpubid')] : []),
  own('pg_default_acl'),
  own('pg_language'),
  own('pg_am'),
  own('pg_foreign_data_wrapper'),
  own('pg_foreign_server'),
  { table: 'pg_description', class: 'classoid', oid: 'objoid', sub: 'objsubid' },
];

/** Catalogues without a schema for their objects: what is in them before a run tells what it created. */
export const withoutSchema: readonly string[] = [
  'pg_namespace',
  'pg_extension',
  'pg_event_trigger',
  'pg_publication',
  'pg_language',
  'pg_am',
  'pg_foreign_data_wrapper',
  'pg_foreign_server',
  'pg_cast',
  'pg_transform',
  'pg_default_acl',
];

/**
 * Common table expressions over the rows of the catalogues that transactions since `floor` wrote:
 *
 * - `written (class, oid, sub, x)`: what each row belongs to, and the transaction
 * - `dependency`: rows of pg_depend that they wrote; one to a schema is written when an object is created
 *
 * @param floor SQL of type xid8: transactions before it do not count
 * @param major of the server
 */
export function writtenSince(floor: string, major: number): string {
  const recent = 'pg_catalog.age(xmin) <= (select a from oldest)';
  const rows = sources(major).map(
    ({ table, class: classOf, oid, sub = '0', where = 'true' }) =>
      `select ${classOf} as class, ${oid} as oid, ${sub}::integer as sub, xmin as x from pg_catalog.${table} where ${recent} and ${where}`,
  );
  return `oldest (a) as materialized (select least(2147483647, pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::numeric - (${floor})::text::numeric)::integer),
dependency as materialized (select classid, objid, objsubid, refclassid, deptype, xmin as x from pg_catalog.pg_depend where ${recent}),
written as materialized (${rows.join('\nunion all ')}
union all select classid, objid, objsubid, x from dependency where deptype in ('a', 'i'))`;
}

/**
 * Common table expressions around some of what was written:
 *
 * - `mapped (class, oid, home_class, home)`: the relation, type, … that each of these, and each object that names one of
 *   them, is a part of. One level is enough: a name changes the text of what uses it, and no more
 * - `homes (class, oid)`: those that can be described
 *
 * @param chosen a query that gives `class, oid` of what was written
 */
export function homesAround(chosen: string): string {
  return `chosen_row as materialized (${chosen}),
${near},
${homes}`;
}

/** A new name of a schema is in the text of whatever uses what lies in it. */
const near = `renamed_schema as materialized (select distinct w.oid from chosen_row w join pg_catalog.pg_namespace n on n.oid = w.oid
  left join godwit.object o on o.class = w.class and o.oid = w.oid where w.class = ${pgNamespace} and o.name is distinct from pg_catalog.quote_ident(n.nspname)),
touched as materialized (select class, oid from chosen_row
  union select d.classid, d.objid from renamed_schema s join pg_catalog.pg_depend d on d.refclassid = ${pgNamespace} and d.refobjid = s.oid),
near as materialized (select class, oid from touched
  union select d.classid, d.objid from touched t join pg_catalog.pg_depend d on d.refclassid = t.class and d.refobjid = t.oid
  where d.deptype in ('n', 'a', 'i', 'P', 'S') and t.class <> ${pgNamespace})`;

const partOf = (table: string, column: string): string =>
  `select n.class, n.oid, ${pgClass}, p.${column} from near n join pg_catalog.${table} p on p.oid = n.oid where n.class = ${catalogue(table)}`;

const relationParts: readonly (readonly [string, string])[] = [
  ['pg_trigger', 'tgrelid'],
  ['pg_policy', 'polrelid'],
  ['pg_rewrite', 'ev_class'],
  ['pg_attrdef', 'adrelid'],
  ['pg_statistic_ext', 'stxrelid'],
];
const mappedClasses = ['pg_class', 'pg_constraint', 'pg_type', 'pg_foreign_table', ...relationParts.map(([table]) => table)];

/** The program's own tables, what ends with its session, and what came with the server or an extension, is nobody's. */
const describable = `(h.oid >= 16384 or n.nspname = 'public' and h.class = ${pgNamespace})
  and (n.oid is null or n.nspname <> 'godwit' and n.nspname !~ '^pg_(toast|temp)')
  and (c.oid is null or c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c') and c.relpersistence <> 't')
  and not exists (select from pg_catalog.pg_depend e where e.classid = h.class and e.objid = h.oid and e.deptype = 'e')`;

const homes = `mapped (class, oid, home_class, home) as materialized (
  select n.class, n.oid, ${pgClass}, coalesce(i.indrelid, n.oid) from near n left join pg_catalog.pg_index i on i.indexrelid = n.oid where n.class = ${pgClass}
  union all select n.class, n.oid, ${pgClass}, n.oid from near n where n.class = ${catalogue('pg_foreign_table')}
  union all select n.class, n.oid, case when k.conrelid <> 0 then ${pgClass} else ${pgType} end, case when k.conrelid <> 0 then k.conrelid else k.contypid end
    from near n join pg_catalog.pg_constraint k on k.oid = n.oid where n.class = ${catalogue('pg_constraint')}
  union all select n.class, n.oid, case when t.typrelid <> 0 then ${pgClass} else ${pgType} end, case when t.typrelid <> 0 then t.typrelid when t.typcategory = 'A' and t.typelem <> 0 then t.typelem else t.oid end
    from near n join pg_catalog.pg_type t on t.oid = n.oid where n.class = ${pgType} and t.typtype <> 'm'
  union all ${relationParts.map(([table, column]) => partOf(table, column)).join('\n  union all ')}
  union all select class, oid, class, oid from near where class not in (${mappedClasses.map(catalogue).join(', ')})),
homes as materialized (
  select h.class, h.oid from (select distinct home_class as class, home as oid from mapped) h
  left join pg_catalog.pg_class c on h.class = ${pgClass} and c.oid = h.oid
  left join pg_catalog.pg_type t on h.class = ${pgType} and t.oid = h.oid
  left join pg_catalog.pg_proc p on h.class = ${catalogue('pg_proc')} and p.oid = h.oid
  left join pg_catalog.pg_namespace n on n.oid = coalesce(c.relnamespace, t.typnamespace, p.pronamespace, case when h.class = ${pgNamespace} then h.oid end)
  where ${describable})`;

/**
 * Relations that others hold, or want, exclusively: `locked (oid, pid)`. Describing one would wait for them.
 */
export const locked: string = `locked (oid, pid) as materialized (select coalesce(i.indrelid, l.relation), min(l.pid)
  from pg_catalog.pg_locks l left join pg_catalog.pg_index i on i.indexrelid = l.relation
  where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock' and l.pid <> pg_catalog.pg_backend_pid()
  and l.database = (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()) group by 1)`;
