/**
 * A part of an object's definition as SQL of type text: `what: text`, or null where there is none.
 *
 * @param what names the part: `default`, `owner`, … Those that begin with `tuning` say how, not what, the object is
 * @param text SQL expression of type text; null: the object has no such part
 */
export function part(what: string, text: string): string {
  return `'${what}: ' || ${text}`;
}

/** A part that is there or not. */
export function flag(what: string, condition: string): string {
  return `case when ${condition} then '${what}: yes' end`;
}

/** All parts of one object as SQL of type text[]: single ones, and lists (SQL of type text[]) behind them. */
export function parts(single: readonly string[], lists: readonly string[] = []): string {
  return [`pg_catalog.array_remove(array[${single.join(', ')}]::text[], null)`, ...lists].join(' || ');
}

/**
 * Privileges that differ from the owner's and PUBLIC's own: NULL and the same written out are one. Sorted, because the
 * server keeps them in the order of the GRANTs; who granted is left out.
 *
 * @param acl SQL of type aclitem[]
 * @param type the letter by which `acldefault` knows the kind
 * @param owner SQL of type oid
 */
export function privileges(acl: string, type: string, owner: string): string {
  const items = (list: string): string =>
    `select case grantee when 0 then 'public' else pg_catalog.pg_get_userbyid(grantee)::text end as role, privilege_type, is_grantable from pg_catalog.aclexplode(${list})`;
  const standard = type === '' ? "'{}'::aclitem[]" : `pg_catalog.acldefault('${type}', ${owner})`;
  const row = "privilege_type || ' to ' || role || case when is_grantable then ' with grant option' else '' end";
  return `case when ${acl} is null then '{}'::text[] else array(
    select pg_catalog.unnest(array_agg(line order by line collate "C")) from (
      select 'grant: ' || ${row} as line from (${items(acl)} except ${items(standard)}) granted
      union all select 'no grant: ' || ${row} from (${items(standard)} except ${items(acl)}) revoked) lines) end`;
}

/** The comment on an object, by the join of `comments`. */
export const comment: string = part('comment', 'note.description');

/** Joins the comment on an object; pg_description is looked up by its index. */
export function comments(classOid: string, oid: string, sub = '0'): string {
  return `left join pg_catalog.pg_description note on note.objoid = ${oid} and note.classoid = ${classOid} and note.objsubid = ${sub}`;
}

/** A role's name. */
export function role(oid: string): string {
  return `pg_catalog.pg_get_userbyid(${oid})::text`;
}

/** The OID of a catalogue. */
export function catalogue(name: string): string {
  return `'pg_catalog.${name}'::pg_catalog.regclass::oid`;
}

/** Storage options as parts: those that change what the object means, and tuning. */
export function options(list: string): string {
  return `array(select case when option ~ '^(security_barrier|security_invoker|check_option|user_catalog_table)=' then 'option: ' else 'tuning option: ' end || option
    from pg_catalog.unnest(${list}) option order by option collate "C")`;
}

/** Options of foreign objects as parts. */
export function foreignOptions(list: string): string {
  return `array(select 'option: ' || option from pg_catalog.unnest(${list}) option order by option collate "C")`;
}

/**
 * A definition without its storage options, which are tuning: the server writes them into the text of an index.
 *
 * @param text SQL of type text
 * @param list SQL of type text[]: the options
 */
export function withoutOptions(text: string, list: string): string {
  return `case when ${list} is null then ${text} else pg_catalog.replace(${text}, ' WITH (' || (
    select pg_catalog.string_agg(pg_catalog.quote_ident(pg_catalog.split_part(option, '=', 1)) || '=' ||
      case when pg_catalog.quote_ident(value) = value then value else pg_catalog.quote_literal(value) end, ', ' order by n)
    from pg_catalog.unnest(${list}) with ordinality as o (option, n), pg_catalog.substr(option, pg_catalog.strpos(option, '=') + 1) as value) || ')', '') end`;
}

/** One query of `described`. The columns are class, oid, sub, kind, name, home_class, home, words. */
export function rows(columns: {
  readonly class: string;
  readonly oid: string;
  readonly sub?: string;
  readonly kind: string;
  readonly name: string;
  readonly homeClass?: string;
  readonly home?: string;
  readonly words: string;
  readonly from: string;
}): string {
  const { oid, sub = '0', homeClass = columns.class, home = oid } = columns;
  return `select ${columns.class} as class, ${oid} as oid, ${sub}::integer as sub, ${columns.kind} as kind, ${columns.name} as name, ${homeClass} as home_class, ${home} as home, ${columns.words} as words
from ${columns.from}`;
}
