import { quoteLiteral } from '../../sql/quote.ts';
import type { Reply, ResultSet } from '../ports.ts';
import { keyOf, type Folded, type Resolved } from './expected.ts';
import type { Facts, ObjectKind } from './fact.ts';

/** What the catalogue says of an object: its name and its facts, by the names that effects use. */
export interface Actual {
  readonly object: Resolved;
  readonly facts: Facts;
}

/** What is looked up: relations, functions and types by schema and name, whole schemas, extensions. */
export interface Wanted {
  readonly relations: readonly (readonly [schema: string, name: string])[];
  readonly functions: readonly (readonly [schema: string, name: string])[];
  readonly types: readonly (readonly [schema: string, name: string])[];
  readonly schemas: readonly string[];
}

/** The names that the expectations speak of. */
export function wantedBy(folded: Pick<Folded, 'objects' | 'gone' | 'rows'>): Wanted {
  const relations = new Map<string, readonly [string, string]>();
  const functions = new Map<string, readonly [string, string]>();
  const types = new Map<string, readonly [string, string]>();
  const schemas = new Set<string>();
  const add = (map: Map<string, readonly [string, string]>, schema: string, name: string): void => {
    map.set(`${schema}.${name}`, [schema, name]);
  };
  for (const { object, facts } of [...folded.objects.values(), ...folded.gone.values()]) {
    const { kind, schema, name, table } = object;
    if (kind === 'function') add(functions, schema, bare(name));
    else if (kind === 'type') add(types, schema, name);
    else if (kind === 'schema') schemas.add(name);
    else if (kind === 'comment') addThing(name, schema);
    else if (kind === 'grant') {
      add(relations, schema, table ?? '');
      add(functions, schema, bare(table ?? ''));
      add(types, schema, table ?? '');
      schemas.add(table ?? '');
    } else if (kind === 'index') {
      const tableName = tableOfIndex(schema, facts);
      if (tableName !== '') add(relations, schema, tableName);
      if (name !== '') add(relations, schema, name);
    } else if (kind !== 'extension') add(relations, schema, table ?? name);
  }
  for (const { table } of folded.rows) add(relations, table.schema, table.name);
  return {
    relations: [...relations.values()],
    functions: [...functions.values()],
    types: [...types.values()],
    schemas: [...schemas],
  };

  function addThing(name: string, schema: string): void {
    const [kind = '', thing = ''] = name.split('|');
    if (kind === 'function') add(functions, schema, bare(thing));
    else if (kind === 'type' || kind === 'domain') add(types, schema, thing);
    else if (kind === 'schema') schemas.add(thing);
    else for (const relation of relationsOf(kind, thing)) add(relations, schema, relation);
  }
}

/** Names in a function's key carry its argument types. */
export function bare(name: string): string {
  return name.replace(/\(.*$/s, '');
}

/** An index lies in the schema of its table, which its fact names by both. */
export function tableOfIndex(schema: string, facts: Facts): string {
  const table = facts['table'] ?? '';
  return table.startsWith(`${schema}.`) ? table.slice(schema.length + 1) : table;
}

/**
 * The relations that the key of a comment may mean: parts are named behind their table, and both names may hold dots. One
 * that does not exist yields nothing.
 */
export function relationsOf(kind: string, thing: string): readonly string[] {
  if (!/^(?:column|constraint|trigger|policy)$/.test(kind)) return [thing];
  return [...thing.matchAll(/\./g)].map(({ index }) => thing.slice(0, index));
}

/** One message that reads everything about the wanted names, set by set. Each result is `kind, schema, table, name, facts`. */
export function catalogueMessage(wanted: Wanted): string {
  const pairs = (list: readonly (readonly [string, string])[]): string =>
    `(select e ->> 0 as s, e ->> 1 as n from pg_catalog.json_array_elements(${quoteLiteral(JSON.stringify(list))}::json) e)`;
  const rel = `rel as materialized (select c.*, n.nspname from ${pairs(wanted.relations)} w
    join pg_catalog.pg_namespace n on n.nspname = w.s join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = w.n)`;
  const fn = `fn as materialized (select p.*, n.nspname from ${pairs(wanted.functions)} w
    join pg_catalog.pg_namespace n on n.nspname = w.s join pg_catalog.pg_proc p on p.pronamespace = n.oid and p.proname = w.n)`;
  const ty = `ty as materialized (select t.*, n.nspname from ${pairs(wanted.types)} w
    join pg_catalog.pg_namespace n on n.nspname = w.s join pg_catalog.pg_type t on t.typnamespace = n.oid and t.typname = w.n)`;
  const schemas = `(select pg_catalog.json_array_elements_text(${quoteLiteral(JSON.stringify(wanted.schemas))}::json))`;
  return ['SET TRANSACTION READ ONLY', "SET LOCAL search_path TO ''", ...queries(rel, fn, ty, schemas)]
    .map((command) => `${command};\n`)
    .join('');
}

const yesNo = (condition: string): string => `case when ${condition} then 'yes' else 'no' end`;

function queries(rel: string, fn: string, ty: string, schemas: string): readonly string[] {
  return [
    `with ${rel} select case relkind when 'v' then 'view' when 'm' then 'materialized-view' when 'S' then 'sequence' else 'table' end,
      nspname, '', relname, pg_catalog.json_build_object('kind', case relkind when 'p' then 'partitioned' else 'table' end,
      'row security', ${yesNo('relrowsecurity')}, 'row security forced', ${yesNo('relforcerowsecurity')}, 'populated', ${yesNo('relispopulated')}) from rel where relkind in ('r', 'p', 'f', 'v', 'm', 'S')`,
    `with ${rel} select 'column', rel.nspname, rel.relname, a.attname, pg_catalog.json_build_object(
      'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'not null', ${yesNo('a.attnotnull')},
      'default', ${yesNo("d.adbin is not null and a.attgenerated = ''")}, 'default text', pg_catalog.pg_get_expr(d.adbin, d.adrelid),
      'identity', case a.attidentity when 'a' then 'always' when 'd' then 'by default' else '' end,
      'generated', case a.attgenerated when 's' then 'stored' when 'v' then 'virtual' else '' end)
      from rel join pg_catalog.pg_attribute a on a.attrelid = rel.oid and a.attnum > 0 and not a.attisdropped
      left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum where rel.relkind in ('r', 'p', 'f')`,
    `with ${rel} select 'constraint', rel.nspname, rel.relname, c.conname, pg_catalog.json_build_object(
      'type', case c.contype when 'p' then 'primary key' when 'u' then 'unique' when 'f' then 'foreign key' when 'x' then 'exclude' when 'c' then 'check' else 'other' end,
      'columns', case when c.contype = 'c' then '' else ${columnList('c.conrelid', 'c.conkey')} end,
      'references', fn.nspname || '.' || f.relname, 'referenced columns', ${columnList('c.confrelid', 'c.confkey')},
      'on delete', ${action('c.confdeltype')}, 'on update', ${action('c.confupdtype')},
      'validated', ${yesNo('c.convalidated')}, 'deferrable', ${yesNo('c.condeferrable')})
      from rel join pg_catalog.pg_constraint c on c.conrelid = rel.oid
      left join pg_catalog.pg_class f on f.oid = c.confrelid left join pg_catalog.pg_namespace fn on fn.oid = f.relnamespace
      where c.contype in ('p', 'u', 'f', 'x', 'c')`,
    `with ${rel} select 'index', xn.nspname, '', x.relname, pg_catalog.json_build_object('table', rel.nspname || '.' || rel.relname,
      'method', am.amname, 'unique', ${yesNo('i.indisunique')}, 'partial', ${yesNo('i.indpred is not null')},
      'valid', ${yesNo('i.indisvalid')}, 'ready', ${yesNo('i.indisready')}, 'constraint', ${yesNo('exists (select from pg_catalog.pg_constraint k where k.conindid = i.indexrelid and k.conrelid = i.indrelid)')},
      'keys', (select pg_catalog.string_agg(coalesce(a.attname, '(expression)'), ',' order by k.n) from pg_catalog.unnest(i.indkey::int2[]) with ordinality k(num, n)
        left join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.num and k.num > 0 where k.n <= i.indnkeyatts),
      'include', (select pg_catalog.string_agg(a.attname, ',' order by k.n) from pg_catalog.unnest(i.indkey::int2[]) with ordinality k(num, n)
        join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.num where k.n > i.indnkeyatts))
      from rel join pg_catalog.pg_index i on i.indrelid = rel.oid join pg_catalog.pg_class x on x.oid = i.indexrelid
      join pg_catalog.pg_namespace xn on xn.oid = x.relnamespace join pg_catalog.pg_am am on am.oid = x.relam where rel.relkind in ('r', 'p', 'm')`,
    `with ${rel} select 'trigger', rel.nspname, rel.relname, t.tgname, pg_catalog.json_build_object('function', pn.nspname || '.' || p.proname,
      'timing', case when t.tgtype & 64 > 0 then 'instead of' when t.tgtype & 2 > 0 then 'before' else 'after' end,
      'events', pg_catalog.concat_ws(',', case when t.tgtype & 8 > 0 then 'delete' end, case when t.tgtype & 4 > 0 then 'insert' end,
        case when t.tgtype & 32 > 0 then 'truncate' end, case when t.tgtype & 16 > 0 then 'update' end),
      'level', case when t.tgtype & 1 > 0 then 'row' else 'statement' end,
      'enabled', case t.tgenabled when 'D' then 'no' when 'A' then 'always' when 'R' then 'replica' else 'yes' end)
      from rel join pg_catalog.pg_trigger t on t.tgrelid = rel.oid and not t.tgisinternal
      join pg_catalog.pg_proc p on p.oid = t.tgfoid join pg_catalog.pg_namespace pn on pn.oid = p.pronamespace`,
    `with ${rel} select 'policy', rel.nspname, rel.relname, p.polname, pg_catalog.json_build_object('command',
      case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
      'permissive', ${yesNo('p.polpermissive')}) from rel join pg_catalog.pg_policy p on p.polrelid = rel.oid`,
    `with ${rel} select 'rule', rel.nspname, rel.relname, r.rulename, '{}'::json from rel
      join pg_catalog.pg_rewrite r on r.ev_class = rel.oid and r.rulename <> '_RETURN'`,
    `with ${fn} select 'function', fn.nspname, '', fn.proname || '(' || ${argumentTypes('fn')} || ')', pg_catalog.json_build_object(
      'language', l.lanname, 'kind', case fn.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end,
      'security definer', ${yesNo('fn.prosecdef')}, 'returns', pg_catalog.format_type(fn.prorettype, null),
      'volatility', case fn.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end)
      from fn join pg_catalog.pg_language l on l.oid = fn.prolang`,
    `with ${ty} select 'type', ty.nspname, '', ty.typname, pg_catalog.json_build_object(
      'kind', case ty.typtype when 'e' then 'enum' when 'c' then 'composite' when 'd' then 'domain' when 'r' then 'range' else 'base' end,
      'labels', (select pg_catalog.json_agg(e.enumlabel order by e.enumsortorder)::text from pg_catalog.pg_enum e where e.enumtypid = ty.oid),
      'type', case when ty.typtype = 'd' then pg_catalog.format_type(ty.typbasetype, ty.typtypmod) end, 'not null', ${yesNo('ty.typnotnull')})
      from ty left join pg_catalog.pg_class tc on tc.oid = ty.typrelid where coalesce(tc.relkind, 'c') = 'c'`,
    `select 'schema', '', '', nspname, '{}'::json from pg_catalog.pg_namespace where nspname in ${schemas}`,
    `select 'extension', '', '', extname, pg_catalog.json_build_object('version', extversion) from pg_catalog.pg_extension`,
    grants(rel, fn, ty, schemas),
    comments(rel, fn, ty, schemas),
  ];
}

function columnList(relation: string, numbers: string): string {
  return `(select pg_catalog.string_agg(a.attname, ',' order by k.n) from pg_catalog.unnest(${numbers}) with ordinality k(num, n)
        join pg_catalog.pg_attribute a on a.attrelid = ${relation} and a.attnum = k.num)`;
}

function action(column: string): string {
  return `case ${column} when 'c' then 'cascade' when 'r' then 'restrict' when 'n' then 'set null' when 'd' then 'set default' else 'no action' end`;
}

function argumentTypes(alias: string): string {
  return `(select coalesce(pg_catalog.string_agg(pg_catalog.format_type(a.t, null), ',' order by a.n), '')
        from pg_catalog.unnest(${alias}.proargtypes::oid[]) with ordinality a(t, n))`;
}

function grants(rel: string, fn: string, ty: string, schemas: string): string {
  const exploded = (kind: string, acl: string, owner: string, object: string): string =>
    `pg_catalog.aclexplode(coalesce(${acl}, pg_catalog.acldefault('${object}', ${owner}))) g left join pg_catalog.pg_roles r on r.oid = g.grantee,
      pg_catalog.lower(${kind} || '|' || coalesce(r.rolname, 'public') || '|' || g.privilege_type) key`;
  const facts = `pg_catalog.json_build_object('granted', 'yes')`;
  return `with ${rel}, ${fn}, ${ty}
    select 'grant', rel.nspname, rel.relname, key, ${facts} from rel, ${exploded("case rel.relkind when 'S' then 'sequence' else 'table' end", 'rel.relacl', 'rel.relowner', 'r')}
    union all select 'grant', fn.nspname, fn.proname || '(' || ${argumentTypes('fn')} || ')', key, ${facts} from fn, ${exploded("'function'::text", 'fn.proacl', 'fn.proowner', 'f')}
    union all select 'grant', ty.nspname, ty.typname, key, ${facts} from ty, ${exploded("'type'::text", 'ty.typacl', 'ty.typowner', 'T')}
    union all select 'grant', '', s.nspname, key, ${facts} from pg_catalog.pg_namespace s, ${exploded("'schema'::text", 's.nspacl', 's.nspowner', 'n')} where s.nspname in ${schemas}`;
}

function comments(rel: string, fn: string, ty: string, schemas: string): string {
  const row = (schema: string, key: string, from: string): string =>
    `select 'comment', ${schema}, '', ${key}, pg_catalog.json_build_object('text', d.description) ${from}`;
  const on = (alias: string, table: string): string =>
    `join pg_catalog.pg_description d on d.objoid = ${alias}.oid and d.classoid = 'pg_catalog.${table}'::regclass and d.objsubid = 0`;
  return `with ${rel}, ${fn}, ${ty}
    ${row('rel.nspname', `case rel.relkind when 'v' then 'view' when 'm' then 'materialized-view' when 'S' then 'sequence' when 'i' then 'index' when 'I' then 'index' else 'table' end || '|' || rel.relname`, `from rel ${on('rel', 'pg_class')}`)}
    union all ${row('rel.nspname', `'column|' || rel.relname || '.' || a.attname`, `from rel join pg_catalog.pg_attribute a on a.attrelid = rel.oid join pg_catalog.pg_description d on d.objoid = rel.oid and d.classoid = 'pg_catalog.pg_class'::regclass and d.objsubid = a.attnum`)}
    union all ${row('rel.nspname', `'constraint|' || rel.relname || '.' || c.conname`, `from rel join pg_catalog.pg_constraint c on c.conrelid = rel.oid ${on('c', 'pg_constraint')}`)}
    union all ${row('rel.nspname', `'trigger|' || rel.relname || '.' || t.tgname`, `from rel join pg_catalog.pg_trigger t on t.tgrelid = rel.oid ${on('t', 'pg_trigger')}`)}
    union all ${row('rel.nspname', `'policy|' || rel.relname || '.' || p.polname`, `from rel join pg_catalog.pg_policy p on p.polrelid = rel.oid ${on('p', 'pg_policy')}`)}
    union all ${row('fn.nspname', `'function|' || fn.proname || '(' || ${argumentTypes('fn')} || ')'`, `from fn ${on('fn', 'pg_proc')}`)}
    union all ${row('ty.nspname', `'type|' || ty.typname`, `from ty ${on('ty', 'pg_type')}`)}
    union all ${row("''", `'schema|' || s.nspname`, `from pg_catalog.pg_namespace s ${on('s', 'pg_namespace')} where s.nspname in ${schemas}`)}`;
}

/** The objects of a reply to `catalogueMessage`, by key. */
export function readCatalogue(reply: Extract<Reply, { readonly ok: true }>): ReadonlyMap<string, Actual> {
  const actual = new Map<string, Actual>();
  for (const result of reply.results) for (const one of objectsOf(result)) actual.set(keyOf(one.object), one);
  return actual;
}

function objectsOf({ columns, rows }: ResultSet): readonly Actual[] {
  if (columns.length !== 5) return [];
  return rows.map(([kind, schema, table, name, facts]) => ({
    object: {
      kind: (kind ?? 'table') as ObjectKind,
      schema: schema ?? '',
      name: name ?? '',
      ...(table === null || table === '' || table === undefined ? {} : { table }),
    },
    facts: withoutNulls(facts ?? '{}'),
  }));
}

function withoutNulls(text: string): Facts {
  const facts = JSON.parse(text) as Record<string, string | null>;
  return Object.fromEntries(Object.entries(facts).flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}
