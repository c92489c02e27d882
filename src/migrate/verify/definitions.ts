import { quoteLiteral } from '../../sql/quote.ts';
import type { Reply } from '../ports.ts';
import type { ObjectKind } from './fact.ts';

/** The server's own text of one object. */
export interface Definition {
  readonly kind: ObjectKind;
  /** Qualified: `public.users`, `public.users.email`, `public.f(integer)`. */
  readonly name: string;
  readonly definition: string;
  /** Name of the relation or other object that it is a part of, or its own. */
  readonly owner: string;
}

/** An object whose definitions are wanted, with everything that belongs to it. */
export interface WantedDefinition {
  readonly kind: ObjectKind;
  readonly schema: string;
  readonly name: string;
}

/** A definition as it was kept at the end of a run. */
export type KeptDefinition = Definition & { readonly major: number; readonly migration: string };

/** One difference from the baseline. */
export interface Drift {
  readonly kind: ObjectKind;
  readonly name: string;
  readonly change: 'changed' | 'missing' | 'added' | 'new-major';
  readonly was: string;
  readonly is: string;
  readonly migration: string;
}

/** Definitions as text depend on these settings, so they are fixed. */
export const definitionSettings: readonly string[] = [
  "SET LOCAL search_path TO ''",
  "SET LOCAL TimeZone TO 'UTC'",
  "SET LOCAL DateStyle TO 'ISO'",
  "SET LOCAL IntervalStyle TO 'postgres'",
  'SET LOCAL extra_float_digits TO 1',
  "SET LOCAL bytea_output TO 'hex'",
  'SET LOCAL quote_all_identifiers TO off',
];

const relationKinds = new Set<ObjectKind>(['table', 'view', 'materialized-view', 'sequence']);

/**
 * One read-only message that asks for all definitions, set by set, never object by object; each result is
 * `kind, name, owner, definition`. Everything that belongs to a named table comes with it, stated or not.
 *
 * @param wanted objects by qualified name; names that the server does not have yield no rows
 *
 * @example
 * const reply = await session.send(definitionsQuery([{ kind: 'table', schema: 'public', name: 'users' }]), { rows: 'all' });
 * readDefinitions(reply); // [{ kind: 'table', name: 'public.users', … }, { kind: 'column', name: 'public.users.id', … }, …]
 */
export function definitionsQuery(wanted: readonly WantedDefinition[]): string {
  return ['SET TRANSACTION READ ONLY', ...definitionSettings, ...definitionQueries(wanted)]
    .map((command) => `${command};\n`)
    .join('');
}

/**
 * The queries alone, one for each set of objects that is wanted at all: within it the server looks the names up once.
 * They mean the same only under `definitionSettings`.
 */
export function definitionQueries(wanted: readonly WantedDefinition[]): readonly string[] {
  const pairs = (of: (kind: ObjectKind) => boolean, nameOf = (name: string): string => name): string => {
    const list = wanted.filter(({ kind }) => of(kind)).map(({ schema, name }) => [schema, nameOf(name)]);
    return `(select distinct e ->> 0 as s, e ->> 1 as n from pg_catalog.json_array_elements(${quoteLiteral(JSON.stringify(list))}::json) e)`;
  };
  const rel = `with rel as materialized (select c.*, n.nspname || '.' || c.relname as whole from ${pairs((kind) => relationKinds.has(kind))} w
    join pg_catalog.pg_namespace n on n.nspname = w.s join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = w.n)`;
  const fn = `with fn as materialized (select p.*, n.nspname || '.' || p.proname || '(' || pg_catalog.oidvectortypes(p.proargtypes) || ')' as whole
    from ${pairs(
      (kind) => kind === 'function',
      (name) => name.replace(/\(.*$/s, ''),
    )} w
    join pg_catalog.pg_namespace n on n.nspname = w.s join pg_catalog.pg_proc p on p.pronamespace = n.oid and p.proname = w.n)`;
  const ty = `with ty as materialized (select t.*, n.nspname || '.' || t.typname as whole from ${pairs((kind) => kind === 'type')} w
    join pg_catalog.pg_namespace n on n.nspname = w.s join pg_catalog.pg_type t on t.typnamespace = n.oid and t.typname = w.n)`;
  const wants = (of: (kind: ObjectKind) => boolean): boolean => wanted.some(({ kind }) => of(kind));
  const set = (names: string, parts: readonly string[]): string => `${names} ${parts.join('\nunion all ')}`;
  return [
    ...(wants((kind) => relationKinds.has(kind)) ? [set(rel, relationParts)] : []),
    ...(wants((kind) => kind === 'function') ? [set(fn, routineParts)] : []),
    ...(wants((kind) => kind === 'type') ? [set(ty, typeParts)] : []),
    ...(wants((kind) => kind === 'schema' || kind === 'extension') ? bareQueries(pairs) : []),
  ];
}

/** Schemas and extensions lie in no schema. Versions of extensions are left to whoever updates them. */
function bareQueries(pairs: (of: (kind: ObjectKind) => boolean) => string): readonly string[] {
  return [
    `select 'schema', nspname, nspname, 'schema' from ${pairs((kind) => kind === 'schema')} w join pg_catalog.pg_namespace on nspname = w.n
      union all select 'grant', nspname || '${ownership}', nspname, pg_catalog.pg_get_userbyid(nspowner)::text
      from ${pairs((kind) => kind === 'schema')} w join pg_catalog.pg_namespace on nspname = w.n`,
    `select 'extension', extname, extname, 'in schema ' || extnamespace::pg_catalog.regnamespace
      from ${pairs((kind) => kind === 'extension')} w join pg_catalog.pg_extension on extname = w.n`,
  ];
}

/** Catalogue, its column for the relation, and the name of the part. A constraint may share its name with a column. */
const partComments = [
  ['pg_constraint', 'conrelid', "whole || '.constraint ' || conname"],
  ['pg_trigger', 'tgrelid', "whole || '.trigger ' || tgname"],
  ['pg_policy', 'polrelid', "whole || '.policy ' || polname"],
  ['pg_rewrite', 'ev_class', "whole || '.rule ' || rulename"],
] as const;

/** What follows the name of an object in the name of the definition that tells its owner. */
export const ownership = '|owner';

const granted = `'granted' || case when is_grantable then ' with grant option' else '' end`;

const relationParts: readonly string[] = [
  `select case relkind when 'v' then 'view' when 'm' then 'materialized-view' when 'S' then 'sequence' else 'table' end, whole, whole,
      case when relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(oid) || coalesce(' with (' || pg_catalog.array_to_string(reloptions, ', ') || ')', '')
        when relkind = 'S' then (select pg_catalog.json_build_object('type', pg_catalog.format_type(seqtypid, null), 'start', seqstart, 'increment', seqincrement,
          'minimum', seqmin, 'maximum', seqmax, 'cache', seqcache, 'cycle', seqcycle)::text from pg_catalog.pg_sequence where seqrelid = rel.oid)
        else pg_catalog.json_build_object('kind', relkind, 'persistence', relpersistence, 'row security', relrowsecurity,
          'forced', relforcerowsecurity, 'partition key', pg_catalog.pg_get_partkeydef(oid),
          'bound', pg_catalog.pg_get_expr(relpartbound, oid), 'parents', (select pg_catalog.json_agg(inhparent::regclass::text order by inhseqno)
            from pg_catalog.pg_inherits where inhrelid = rel.oid))::text || coalesce(' with (' || pg_catalog.array_to_string(reloptions, ', ') || ')', '')
          || case when relreplident = 'd' then '' else ' replica identity ' || relreplident::text end end
      from rel where relkind in ('r', 'p', 'f', 'v', 'm', 'S')`,
  `select 'column', whole || '.' || attname, whole, pg_catalog.concat_ws(' ', pg_catalog.format_type(atttypid, atttypmod),
        case when attcollation <> typcollation then 'collate ' || attcollation::regcollation::text end,
        case when attnotnull then 'not null' end, 'default ' || pg_catalog.pg_get_expr(adbin, adrelid),
        case attidentity when 'a' then 'identity always' when 'd' then 'identity by default' end,
        case attgenerated when 's' then 'stored' when 'v' then 'virtual' end)
      from rel join pg_catalog.pg_attribute on attrelid = rel.oid and attnum > 0 and not attisdropped join pg_catalog.pg_type on pg_type.oid = atttypid
      left join pg_catalog.pg_attrdef on adrelid = attrelid and adnum = attnum where relkind in ('r', 'p', 'f')`,
  // Major 18 lists NOT NULL as constraints too; the column tells it already, but not that rows are unchecked.
  `select 'constraint', whole || '.' || conname, whole, pg_catalog.pg_get_constraintdef(c.oid)
      from rel join pg_catalog.pg_constraint c on conrelid = rel.oid where contype <> 'n' or not convalidated`,
  `select 'index', xn.nspname || '.' || x.relname, whole, pg_catalog.pg_get_indexdef(x.oid) || case when indisvalid then '' else ' (not valid)' end
      from rel join pg_catalog.pg_index on indrelid = rel.oid join pg_catalog.pg_class x on x.oid = indexrelid
      join pg_catalog.pg_namespace xn on xn.oid = x.relnamespace`,
  `select 'trigger', whole || '.' || tgname, whole, pg_catalog.pg_get_triggerdef(t.oid) ||
        case tgenabled when 'O' then '' when 'D' then ' (disabled)' else ' (enabled ' || tgenabled::text || ')' end
      from rel join pg_catalog.pg_trigger t on tgrelid = rel.oid and not tgisinternal`,
  `select 'policy', whole || '.' || polname, whole, pg_catalog.concat_ws(' ', polcmd, case when polpermissive then 'permissive' else 'restrictive' end,
        (select pg_catalog.string_agg(case to_role when 0 then 'public' else pg_catalog.pg_get_userbyid(to_role)::text end, ', ' order by to_role)
          from pg_catalog.unnest(polroles) to_role), 'using ' || pg_catalog.pg_get_expr(polqual, polrelid), 'check ' || pg_catalog.pg_get_expr(polwithcheck, polrelid))
      from rel join pg_catalog.pg_policy on polrelid = rel.oid`,
  `select 'rule', whole || '.' || rulename, whole, pg_catalog.pg_get_ruledef(r.oid)
      from rel join pg_catalog.pg_rewrite r on ev_class = rel.oid and rulename <> '_RETURN'`,
  `select distinct 'grant', whole || '.' || attname || '|' || coalesce(rolname, 'public') || '|' || pg_catalog.lower(privilege_type), whole, ${granted}
      from rel join pg_catalog.pg_attribute on attrelid = rel.oid and attnum > 0 and attacl is not null
      cross join lateral pg_catalog.aclexplode(attacl) left join pg_catalog.pg_roles r on r.oid = grantee where grantee <> relowner`,
  grantsOf('rel', 'relacl', '\'r\'::"char"', 'relowner'),
  `select 'comment', whole || coalesce('.' || attname, ''), whole, description from rel
      join pg_catalog.pg_description on objoid = rel.oid and classoid = 'pg_catalog.pg_class'::regclass
      left join pg_catalog.pg_attribute on attrelid = objoid and attnum = objsubid and objsubid > 0`,
  ...partComments.map(
    ([catalogue, relation, name]) => `select 'comment', ${name}, whole, description from rel
      join pg_catalog.${catalogue} part on part.${relation} = rel.oid
      join pg_catalog.pg_description on objoid = part.oid and classoid = 'pg_catalog.${catalogue}'::regclass`,
  ),
  `select 'comment', xn.nspname || '.' || x.relname, whole, description from rel join pg_catalog.pg_index on indrelid = rel.oid
      join pg_catalog.pg_class x on x.oid = indexrelid join pg_catalog.pg_namespace xn on xn.oid = x.relnamespace
      join pg_catalog.pg_description on objoid = x.oid and classoid = 'pg_catalog.pg_class'::regclass`,
];

const routineParts: readonly string[] = [
  `select 'function', whole, whole, case prokind when 'a' then pg_catalog.json_build_object('returns', pg_catalog.format_type(prorettype, null),
        'kind', aggkind, 'step', aggtransfn, 'final', aggfinalfn, 'state', pg_catalog.format_type(aggtranstype, null), 'initial', agginitval,
        'combine', aggcombinefn, 'sort', aggsortop::pg_catalog.regoperator, 'parallel', proparallel)::text
      else pg_catalog.pg_get_functiondef(oid) end from fn left join pg_catalog.pg_aggregate on aggfnoid = oid`,
  grantsOf('fn', 'proacl', '\'f\'::"char"', 'proowner'),
  `select 'comment', whole, whole, description from fn
      join pg_catalog.pg_description on objoid = fn.oid and classoid = 'pg_catalog.pg_proc'::regclass`,
];

const typeParts: readonly string[] = [
  `select 'type', whole, whole, pg_catalog.json_build_object('kind', typtype, 'not null', typnotnull,
        'base', case when typtype = 'd' then pg_catalog.format_type(typbasetype, typtypmod) end, 'default', typdefault,
        'labels', (select pg_catalog.json_agg(enumlabel order by enumsortorder) from pg_catalog.pg_enum where enumtypid = ty.oid),
        'attributes', (select pg_catalog.json_agg(attname || ' ' || pg_catalog.format_type(atttypid, atttypmod) order by attnum)
          from pg_catalog.pg_attribute where attrelid = typrelid and attnum > 0 and not attisdropped),
        'checks', (select pg_catalog.json_agg(pg_catalog.pg_get_constraintdef(oid) order by conname) from pg_catalog.pg_constraint where contypid = ty.oid and contype = 'c'))::text
        || coalesce((select ' of ' || pg_catalog.format_type(rngsubtype, null) from pg_catalog.pg_range where rngtypid = ty.oid), '') from ty`,
  grantsOf('ty', 'typacl', '\'T\'::"char"', 'typowner'),
  `select 'comment', whole, whole, description from ty
      join pg_catalog.pg_description on objoid = ty.oid and classoid = 'pg_catalog.pg_type'::regclass`,
];

/** One row for each privilege that somebody but the owner has. */
function grantsOf(alias: string, acl: string, kind: string, owner: string): string {
  return `select distinct 'grant', whole || '|' || coalesce(rolname, 'public') || '|' || pg_catalog.lower(privilege_type), whole, ${granted}
      from ${alias} cross join lateral pg_catalog.aclexplode(coalesce(${acl}, pg_catalog.acldefault(${kind}, ${owner})))
      left join pg_catalog.pg_roles r on r.oid = grantee where grantee <> ${owner}
    union all select 'grant', whole || '${ownership}', whole, pg_catalog.pg_get_userbyid(${owner})::text from ${alias}`;
}

/** The rows of a reply to `definitionsQuery`. */
export function readDefinitions(reply: Reply): readonly Definition[] {
  if (!reply.ok) return [];
  return reply.results.flatMap(({ columns, rows }) =>
    columns.length !== 4
      ? []
      : rows.map(([kind, name, owner, definition]) => ({
          kind: (kind ?? 'table') as ObjectKind,
          name: name ?? '',
          owner: owner ?? '',
          definition: definition ?? '',
        })),
  );
}

/**
 * What differs from the baseline. On another major the server prints some definitions differently, so that only missing
 * and added objects count.
 *
 * @param baseline as kept at the end of the last runs
 * @param now of the same objects
 * @param serverMajor 15, 18, …
 */
export function compareDefinitions(
  baseline: readonly KeptDefinition[],
  now: readonly Definition[],
  serverMajor: number,
): readonly Drift[] {
  const kept = new Map(baseline.map((one) => [keyOf(one), one]));
  const present = new Map(now.map((one) => [keyOf(one), one]));
  const owners = new Set(baseline.map(({ owner }) => owner));
  const here = new Set(now.map(({ name }) => name));
  const drifts: Drift[] = [];
  const moved = baseline.find(({ major }) => major !== serverMajor);
  if (moved !== undefined)
    drifts.push({
      kind: 'schema',
      name: 'the server',
      change: 'new-major',
      was: `PostgreSQL ${moved.major}`,
      is: `PostgreSQL ${serverMajor}`,
      migration: moved.migration,
    });
  for (const [key, { kind, name, definition: was, major, migration, owner }] of kept) {
    const is = present.get(key)?.definition;
    // A part of an object that is missing itself needs no word of its own.
    if (is === undefined && name !== owner && !here.has(owner)) continue;
    if (is === undefined) drifts.push({ kind, name, change: 'missing', was, is: '', migration });
    else if (is !== was && major === serverMajor) drifts.push({ kind, name, change: 'changed', was, is, migration });
  }
  for (const [key, { kind, name, definition: is, owner }] of present)
    if (!kept.has(key) && owners.has(owner))
      drifts.push({ kind, name, change: 'added', was: '', is, migration: lastOf(baseline, owner) });
  return withoutConsequences(drifts);
}

/** An owner holds all privileges without a grant: those of the old and of the new one change with the owner. */
function withoutConsequences(drifts: readonly Drift[]): readonly Drift[] {
  const owners = drifts.filter(({ kind, name }) => kind === 'grant' && name.endsWith(ownership));
  const follows = ({ kind, name }: Drift): boolean =>
    kind === 'grant' &&
    owners.some(({ name: of, was, is }) => {
      const whole = of.slice(0, -ownership.length);
      const rest = name.startsWith(whole) ? name.slice(whole.length) : '';
      return rest !== ownership && (rest.includes(`|${was}|`) || rest.includes(`|${is}|`));
    });
  return owners.length === 0 ? drifts : drifts.filter((drift) => !follows(drift));
}

function lastOf(baseline: readonly KeptDefinition[], owner: string): string {
  return baseline.find((one) => one.owner === owner)?.migration ?? '';
}

function keyOf({ kind, name }: Definition): string {
  return `${kind}|${name}`;
}
