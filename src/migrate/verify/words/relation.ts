import { catalogue, comment, comments, flag, foreignOptions, options, part, parts, privileges, role, rows } from './part.ts';

const classOf = catalogue('pg_class');

/** The relations among the wanted homes, with their qualified names: what the queries of relations join. */
export const relations: string = `rel as materialized (
  select c.*, n.nspname, pg_catalog.format('%I.%I', n.nspname, c.relname) as whole
  from wanted w join pg_catalog.pg_class c on c.oid = w.oid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where w.class = ${classOf} and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c'))`;

const kind = `case rel.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence'
  when 'f' then 'foreign table' when 'c' then 'composite type' else 'table' end`;

const acl = `case when rel.relkind = 'S' then ${privileges('rel.relacl', 's', 'rel.relowner')} else ${privileges('rel.relacl', 'r', 'rel.relowner')} end`;

const replicaIdentity = `case rel.relreplident when 'f' then 'full' when 'n' then 'nothing'
  when 'i' then (select 'index ' || x.relname from pg_catalog.pg_index i join pg_catalog.pg_class x on x.oid = i.indexrelid
    where i.indrelid = rel.oid and i.indisreplident) end`;

/** Tables, views, sequences and composite types, without what is told of their parts. */
export const relationRows: string = rows({
  class: classOf,
  oid: 'rel.oid',
  kind,
  name: 'rel.whole',
  words: parts(
    [
      part('owner', role('rel.relowner')),
      flag('unlogged', "rel.relpersistence = 'u'"),
      flag('row security', 'rel.relrowsecurity'),
      flag('row security forced', 'rel.relforcerowsecurity'),
      part('replica identity', `case when rel.relkind in ('r', 'p', 'm') then ${replicaIdentity} end`),
      part('access method', "(select am.amname from pg_catalog.pg_am am where am.oid = rel.relam and rel.relkind in ('r', 'p', 'm') and am.amname <> 'heap')"),
      part('of type', 'case when rel.reloftype <> 0 then pg_catalog.format_type(rel.reloftype, null) end'),
      part('partition by', "case when rel.relkind = 'p' then pg_catalog.pg_get_partkeydef(rel.oid) end"),
      part('partition', 'case when rel.relispartition then pg_catalog.pg_get_expr(rel.relpartbound, rel.oid) end'),
      part('query', "case when rel.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(rel.oid) end"),
      part('tuning tablespace', '(select s.spcname from pg_catalog.pg_tablespace s where s.oid = rel.reltablespace)'),
      comment,
    ],
    [
      // One part for each, in their order.
      `case when rel.relhassubclass or rel.relispartition or rel.relkind in ('r', 'p', 'f') then array(select 'inherits: ' || h.inhparent::pg_catalog.regclass::text
        from pg_catalog.pg_inherits h where h.inhrelid = rel.oid order by h.inhseqno) else '{}' end`,
      `case when rel.reloptions is null then '{}'::text[] else ${options('rel.reloptions')} end`,
      acl,
    ],
  ),
  from: `rel ${comments(classOf, 'rel.oid')} where rel.relkind not in ('S', 'c')`,
});

const sequence = [
  part('type', 'pg_catalog.format_type(s.seqtypid, null)'),
  part('start', 's.seqstart'),
  part('increment', 's.seqincrement'),
  part('minimum', 's.seqmin'),
  part('maximum', 's.seqmax'),
  part('cache', 's.seqcache'),
  flag('cycle', 's.seqcycle'),
  part(
    'owned by',
    `(select d.refobjid::pg_catalog.regclass::text || '.' || pg_catalog.quote_ident(a.attname) from pg_catalog.pg_depend d
      join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
      where d.classid = ${classOf} and d.objid = rel.oid and d.refclassid = ${classOf} and d.deptype in ('a', 'i'))`,
  ),
];

/** Sequences, with their parameters and not with their position. */
export const sequenceRows: string = rows({
  class: classOf,
  oid: 'rel.oid',
  kind,
  name: 'rel.whole',
  words: parts([part('owner', role('rel.relowner')), flag('unlogged', "rel.relpersistence = 'u'"), ...sequence, comment], [acl]),
  from: `rel join pg_catalog.pg_sequence s on s.seqrelid = rel.oid ${comments(classOf, 'rel.oid')}`,
});

/** Composite types: privileges and comment are those of the type. */
export const compositeRows: string = rows({
  class: classOf,
  oid: 'rel.oid',
  kind,
  name: 'rel.whole',
  words: parts([part('owner', role('rel.relowner')), comment], [privileges('t.typacl', 'T', 't.typowner')]),
  from: `rel join pg_catalog.pg_type t on t.oid = rel.reltype ${comments(catalogue('pg_type'), 't.oid')} where rel.relkind = 'c'`,
});

/** Where a foreign table lies. */
export const foreignTableRows: string = rows({
  class: catalogue('pg_foreign_table'),
  oid: 'rel.oid',
  kind: "'foreign table source'",
  name: 'rel.whole',
  homeClass: classOf,
  words: parts([part('server', 's.srvname')], [foreignOptions('f.ftoptions')]),
  from: 'rel join pg_catalog.pg_foreign_table f on f.ftrelid = rel.oid join pg_catalog.pg_foreign_server s on s.oid = f.ftserver',
});

/** Columns; those of views only where something is said of them that their query does not tell. */
export const columnRows: string = rows({
  class: classOf,
  oid: 'rel.oid',
  sub: 'a.attnum',
  kind: "'column'",
  name: "rel.whole || '.' || pg_catalog.quote_ident(a.attname)",
  words: parts(
    [
      part('type', 'pg_catalog.format_type(a.atttypid, a.atttypmod)'),
      part('collation', 'case when a.attcollation <> t.typcollation and a.attcollation <> 0 then a.attcollation::pg_catalog.regcollation::text end'),
      flag('not null', 'a.attnotnull'),
      part('default', "case when a.attgenerated = '' then pg_catalog.pg_get_expr(d.adbin, d.adrelid) end"),
      part('generated', "case a.attgenerated when 's' then 'stored ' when 'v' then 'virtual ' end || pg_catalog.pg_get_expr(d.adbin, d.adrelid)"),
      part('identity', "case a.attidentity when 'a' then 'always' when 'd' then 'by default' end"),
      flag('inherited', 'not a.attislocal'),
      part('storage', 'case when a.attstorage <> t.typstorage then a.attstorage::text end'),
      part('compression', "nullif(a.attcompression::text, '')"),
      part('tuning statistics', 'case when coalesce(a.attstattarget, -1) <> -1 then a.attstattarget::text end'),
      comment,
    ],
    [
      `case when a.attoptions is null then '{}'::text[] else ${options('a.attoptions')} end`,
      `case when a.attfdwoptions is null then '{}'::text[] else ${foreignOptions('a.attfdwoptions')} end`,
      privileges('a.attacl', '', '0'),
    ],
  ),
  from: `rel join pg_catalog.pg_attribute a on a.attrelid = rel.oid and a.attnum > 0 and not a.attisdropped
join pg_catalog.pg_type t on t.oid = a.atttypid left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
${comments(classOf, 'rel.oid', 'a.attnum')}
where rel.relkind in ('r', 'p', 'f', 'c') or rel.relkind in ('v', 'm') and (note.description is not null or a.attacl is not null or d.oid is not null)`,
});
