import type { HomeAddress } from '../../contract/catalogue-object.ts';
import { described } from './words/described.ts';

const catalogue = (name: string): string => `'pg_catalog.${name}'::pg_catalog.regclass::oid`;
const pgClass = catalogue('pg_class');

/**
 * The homes of the baseline, and why one cannot be compared now: `class, oid, name, why, gone`, with an empty `why` for
 * those that can. What a run wrote and has not described yet has no definition to compare with.
 *
 * @param undescribed true: transactions wait to be described
 */
export function homesToCompare(undescribed: boolean): string {
  const pending = undescribed
    ? `pending (class, oid) as materialized (select h.class, h.oid from (select pg_catalog.array_agg(w.class) as classes, pg_catalog.array_agg(w.oid) as oids
  from godwit.written_since((select min(xid::text::numeric)::text::xid8 from godwit.own_transaction)) w) w, godwit.homes_around(w.classes, w.oids) h
  union select s.class, s.oid from godwit.silently_changed() s)`
    : 'pending (class, oid) as (select null::oid, null::oid where false)';
  return `with ${pending}
select o.class, o.oid, o.name, case when p.oid is not null then 'not described yet' when l.pid is not null then 'locked by pid ' || l.pid else '' end, g.oid is not null
from godwit.object o left join godwit.gone('{}') g on g.class = o.class and g.oid = o.oid and g.sub = 0 left join pending p on p.class = o.class and p.oid = o.oid
left join godwit.locked() l on l.class = o.class and l.oid = o.oid
where o.sub = 0 and o.class = o.home_class and o.oid = o.home order by o.class, o.oid`;
}

const whole = "pg_catalog.format('%I.%I', n.nspname,";
const rare = [
  'pg_operator',
  'pg_opclass',
  'pg_opfamily',
  'pg_cast',
  'pg_collation',
  'pg_conversion',
  'pg_transform',
  'pg_ts_config',
  'pg_ts_dict',
  'pg_ts_parser',
  'pg_ts_template',
  'pg_extension',
  'pg_event_trigger',
  'pg_publication',
  'pg_default_acl',
  'pg_language',
  'pg_am',
  'pg_foreign_data_wrapper',
  'pg_foreign_server',
];

/**
 * A query for the objects that have the names of these homes now: `class, oid`. Joined by name, so that missing
 * privileges do not make it fail.
 *
 * @param names a common table expression with `class, name`
 */
export function namesakes(names: string): string {
  const lies = (table: string, row: string, namespace: string, identity: string): string =>
    `select ${catalogue(table)}, ${row}.oid from pg_catalog.${table} ${row} join pg_catalog.pg_namespace n on n.oid = ${row}.${namespace}
join ${names} s on s.class = ${catalogue(table)} and s.name = ${identity}`;
  return [
    lies('pg_class', 'c', 'relnamespace', `${whole} c.relname)`),
    lies('pg_type', 't', 'typnamespace', `${whole} t.typname)`),
    lies(
      'pg_proc',
      'p',
      'pronamespace',
      "pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes))",
    ),
    `select ${catalogue('pg_namespace')}, n.oid from pg_catalog.pg_namespace n join ${names} s on s.class = ${catalogue('pg_namespace')} and s.name = pg_catalog.quote_ident(n.nspname)`,
    ...rare.map(
      (
        table,
      ) => `select ${catalogue(table)}, r.oid from pg_catalog.${table} r cross join lateral pg_catalog.pg_identify_object(${catalogue(table)}, r.oid, 0) i
join ${names} s on s.class = ${catalogue(table)} and s.name = i.identity where r.oid >= 16384`,
    ),
  ].join('\nunion ');
}

/**
 * Compares some homes of the baseline, with their parts, with the catalogue. One read-only statement, to be sent in its
 * own transaction under `describingSettings`, so that its locks are few and short.
 *
 * @param terms `byName`: the OIDs of the baseline are those of another server or database, so that only names count;
 * `gone`: some of these homes are not there, so that others under their names are looked for
 * @returns SQL whose rows are the differences: `change, kind, name, home, old name, old home, words, old words, seq, whole`,
 * then where each is now and where it was (`class, oid, sub, home class, home`, all null where it is not); `missing`,
 * `added`, or `both`
 */
export function compareHomes(
  homes: readonly HomeAddress[],
  { byName, gone: some }: { readonly byName: boolean; readonly gone: boolean },
): string {
  const list = homes.map(({ class: classOf, oid }) => `(${classOf}, ${oid})`).join(', ');
  const gone = `gone as materialized (select b.class, b.name from base b where ${
    byName
      ? 'true'
      : `(b.class = ${pgClass} and not exists (select from pg_catalog.pg_class c where c.oid = b.oid)
    or b.class <> ${pgClass} and (pg_catalog.pg_identify_object(b.class, b.oid, 0)).identity is null)`
  })`;
  const others = byName || some;
  const wanted = [...(byName ? [] : ['select class, oid from base']), ...(others ? [namesakes('gone')] : [])].join(
    ' union ',
  );
  const match = byName
    ? 'd.kind = o.kind and d.name = o.name'
    : 'd.class = o.class and d.oid = o.oid and d.sub = o.sub';
  return `with chosen (class, oid) as (values ${list}),
part as materialized (select o.* from godwit.object o join chosen c on c.class = o.home_class and c.oid = o.home),
base as materialized (select class, oid, name, whole from part where sub = 0 and class = home_class and oid = home),
${others ? `${gone},\n` : ''}${described(wanted)},
old as materialized (select p.*, b.name as home_name, b.whole as home_whole from part p left join base b on b.class = p.home_class and b.oid = p.home),
now as materialized (select d.*, h.name as home_name from described d join described h on h.class = d.home_class and h.oid = d.home and h.sub = 0)
select case when d.oid is null then 'missing' when o.oid is null then 'added' else 'both' end, coalesce(d.kind, o.kind), d.name, d.home_name, o.name, o.home_name,
  pg_catalog.to_json(d.words), pg_catalog.to_json(o.words), o.seq,
  coalesce(o.home_whole, (select b.whole from base b where b.class = d.home_class and b.oid = d.home), (select b.whole from base b where b.name = d.home_name limit 1), false),
  d.class, d.oid, d.sub, d.home_class, d.home, o.class, o.oid, o.sub, o.home_class, o.home
from now d full join old o on ${match}
where d.oid is null or o.oid is null or d.words <> o.words or d.name <> o.name`;
}

/** Partitions and children that others have added to tables of the baseline: `parent, child`. */
export const addedChildren: string = `select p.name, i.inhrelid::pg_catalog.regclass::text from pg_catalog.pg_inherits i
join godwit.object p on p.class = ${pgClass} and p.oid = i.inhparent and p.sub = 0
left join godwit.object c on c.class = ${pgClass} and c.oid = i.inhrelid and c.sub = 0
where p.kind = 'table' and p.whole and c.oid is null order by 1, 2`;
