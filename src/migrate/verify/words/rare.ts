import { catalogue, comment, comments, flag, foreignOptions, part, parts, privileges, role, rows } from './part.ts';

interface Rare {
  readonly table: string;
  /** Alias of the catalogue's row. */
  readonly row: string;
  readonly single: readonly string[];
  readonly lists?: readonly string[];
  readonly joins?: string;
}

/** Objects of a catalogue that few databases use, by the server's own name for them. */
function rare({ table, row, single, lists = [], joins = '' }: Rare): string {
  const classOf = catalogue(table);
  return rows({
    class: classOf,
    oid: `${row}.oid`,
    kind: 'i.type',
    name: 'i.identity',
    words: parts([...single, comment], lists),
    from: `wanted w join pg_catalog.${table} ${row} on ${row}.oid = w.oid ${joins}
cross join lateral pg_catalog.pg_identify_object(${classOf}, ${row}.oid, 0) i ${comments(classOf, `${row}.oid`)} where w.class = ${classOf}`,
  });
}

const owner = (column: string): string => part('owner', role(column));
const procedure = (oid: string): string => `nullif(${oid}::oid, 0)::pg_catalog.regprocedure::text`;

const operators: readonly string[] = [
  rare({
    table: 'pg_operator',
    row: 'o',
    single: [
      owner('o.oprowner'),
      part('function', procedure('o.oprcode')),
      part('commutator', 'nullif(o.oprcom, 0)::pg_catalog.regoperator::text'),
      part('negator', 'nullif(o.oprnegate, 0)::pg_catalog.regoperator::text'),
      part('restrict', procedure('o.oprrest')),
      part('join', procedure('o.oprjoin')),
      flag('merges', 'o.oprcanmerge'),
      flag('hashes', 'o.oprcanhash'),
      part('result', 'pg_catalog.format_type(o.oprresult, null)'),
    ],
  }),
  rare({
    table: 'pg_opclass',
    row: 'o',
    single: [
      owner('o.opcowner'),
      part('type', 'pg_catalog.format_type(o.opcintype, null)'),
      flag('default', 'o.opcdefault'),
      part('key type', "case when o.opckeytype <> 0 then pg_catalog.format_type(o.opckeytype, null) end"),
      part('family', '(select f.opfname from pg_catalog.pg_opfamily f where f.oid = o.opcfamily)'),
    ],
  }),
  rare({
    table: 'pg_opfamily',
    row: 'o',
    single: [owner('o.opfowner')],
    lists: [
      "array(select 'operator: ' || a.amopstrategy || ' ' || a.amopopr::pg_catalog.regoperator from pg_catalog.pg_amop a where a.amopfamily = o.oid order by 1)",
      "array(select 'function: ' || a.amprocnum || ' ' || a.amproc::oid::pg_catalog.regprocedure from pg_catalog.pg_amproc a where a.amprocfamily = o.oid order by 1)",
    ],
  }),
  rare({
    table: 'pg_cast',
    row: 'c',
    single: [part('function', procedure('c.castfunc')), part('context', 'c.castcontext::text'), part('method', 'c.castmethod::text')],
  }),
  rare({
    table: 'pg_collation',
    row: 'c',
    // The columns of the locale differ between majors, and the version moves with the operating system.
    single: [
      owner('c.collowner'),
      part('locale', "pg_catalog.concat_ws(' ', c.collprovider, c.collcollate, c.collctype, r ->> 'colliculocale', r ->> 'colllocale')"),
      flag('not deterministic', 'not c.collisdeterministic'),
    ],
    joins: 'cross join lateral pg_catalog.to_jsonb(c) r',
  }),
  rare({
    table: 'pg_conversion',
    row: 'c',
    single: [
      owner('c.conowner'),
      part('converts', "pg_catalog.concat_ws(' ', pg_catalog.pg_encoding_to_char(c.conforencoding), pg_catalog.pg_encoding_to_char(c.contoencoding), c.conproc)"),
      flag('default', 'c.condefault'),
    ],
  }),
  rare({
    table: 'pg_transform',
    row: 't',
    single: [part('from', procedure('t.trffromsql')), part('to', procedure('t.trftosql'))],
  }),
];

const textSearch: readonly string[] = [
  rare({
    table: 'pg_ts_config',
    row: 'c',
    single: [owner('c.cfgowner'), part('parser', '(select p.prsname from pg_catalog.pg_ts_parser p where p.oid = c.cfgparser)')],
    lists: [
      "array(select 'mapping: ' || m.maptokentype || ' ' || m.mapseqno || ' ' || m.mapdict::pg_catalog.regdictionary from pg_catalog.pg_ts_config_map m where m.mapcfg = c.oid order by m.maptokentype, m.mapseqno)",
    ],
  }),
  rare({
    table: 'pg_ts_dict',
    row: 'd',
    single: [owner('d.dictowner'), part('template', '(select t.tmplname from pg_catalog.pg_ts_template t where t.oid = d.dicttemplate)'), part('options', 'd.dictinitoption')],
  }),
  rare({
    table: 'pg_ts_parser',
    row: 'p',
    single: [part('functions', "pg_catalog.concat_ws(' ', p.prsstart, p.prstoken, p.prsend, p.prsheadline, p.prslextype)")],
  }),
  rare({
    table: 'pg_ts_template',
    row: 't',
    single: [part('functions', "pg_catalog.concat_ws(' ', t.tmplinit, t.tmpllexize)")],
  }),
];

/** @param major of the server: some catalogues are younger than others */
const wholeDatabase = (major: number): readonly string[] => [
  rare({
    table: 'pg_extension',
    row: 'e',
    single: [part('version', 'e.extversion'), part('schema', '(select n.nspname from pg_catalog.pg_namespace n where n.oid = e.extnamespace)')],
  }),
  rare({
    table: 'pg_event_trigger',
    row: 'e',
    single: [
      owner('e.evtowner'),
      part('definition', "pg_catalog.concat_ws(' ', e.evtevent, e.evtfoid::pg_catalog.regprocedure, e.evttags)"),
      part('fires', "case e.evtenabled when 'D' then 'never' when 'A' then 'always' when 'R' then 'on replicas' end"),
    ],
  }),
  rare({
    table: 'pg_publication',
    row: 'p',
    single: [
      owner('p.pubowner'),
      flag('all tables', 'p.puballtables'),
      part('publishes', "pg_catalog.concat_ws(' ', case when p.pubinsert then 'insert' end, case when p.pubupdate then 'update' end, case when p.pubdelete then 'delete' end, case when p.pubtruncate then 'truncate' end)"),
      flag('via root', 'p.pubviaroot'),
    ],
    lists: [
      "array(select 'table: ' || r.prrelid::pg_catalog.regclass from pg_catalog.pg_publication_rel r where r.prpubid = p.oid order by 1)",
      ...(major >= 15
        ? ["array(select 'schema: ' || s.pnnspid::pg_catalog.regnamespace from pg_catalog.pg_publication_namespace s where s.pnpubid = p.oid order by 1)"]
        : []),
    ],
  }),
  rare({
    table: 'pg_default_acl',
    row: 'd',
    single: [],
    lists: [
      "array(select 'grant: ' || a.privilege_type || ' to ' || case a.grantee when 0 then 'public' else pg_catalog.pg_get_userbyid(a.grantee)::text end || case when a.is_grantable then ' with grant option' else '' end from pg_catalog.aclexplode(d.defaclacl) a order by 1)",
    ],
  }),
  rare({
    table: 'pg_language',
    row: 'l',
    single: [owner('l.lanowner'), part('functions', "pg_catalog.concat_ws(' ', l.lanplcallfoid::pg_catalog.regproc, l.laninline::pg_catalog.regproc, l.lanvalidator::pg_catalog.regproc)")],
    lists: [privileges('l.lanacl', 'l', 'l.lanowner')],
  }),
  rare({ table: 'pg_am', row: 'a', single: [part('handler', 'a.amhandler::text'), part('type', 'a.amtype::text')] }),
  rare({
    table: 'pg_foreign_data_wrapper',
    row: 'f',
    single: [owner('f.fdwowner'), part('handler', "nullif(f.fdwhandler, 0)::pg_catalog.regproc::text")],
    lists: [foreignOptions('f.fdwoptions'), privileges('f.fdwacl', 'F', 'f.fdwowner')],
  }),
  rare({
    table: 'pg_foreign_server',
    row: 's',
    single: [owner('s.srvowner'), part('type', "pg_catalog.concat_ws(' ', s.srvtype, s.srvversion)")],
    // Options of a server may hold what is nobody's business.
    lists: [
      "array(select 'option: ' || pg_catalog.split_part(option, '=', 1) || ' ' || pg_catalog.substr(pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(option, 'UTF8')), 'hex'), 1, 16) from pg_catalog.unnest(s.srvoptions) option order by 1)",
      privileges('s.srvacl', 'S', 's.srvowner'),
    ],
  }),
];

/** Objects that few databases have, one query for each kind. */
export function rareRows(major: number): readonly string[] {
  return [...operators, ...textSearch, ...wholeDatabase(major)];
}
