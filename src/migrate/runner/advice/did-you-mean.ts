import { nearest } from '../../../kit/nearest.ts';
import { quoteIdent, quoteLiteral } from '../../../sql/quote.ts';
import { extensionOf, foreignTypes, sqlTypes } from './elsewhere.ts';
import type { NamedKind, NamedInError } from './named-object.ts';

/** An object of the catalogue: `label` is its name in a statement. */
export interface NameCandidate {
  readonly name: string;
  readonly label: string;
}

/** The end of a name: `orders` of `shop.orders`. */
export function lastPart(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

const mostCandidates = 2_000;
const mostListed = 4;

/**
 * The catalogue query: objects of this kind with similar names, and how a statement would write them.
 *
 * @param tables the names in the statement, which include the tables whose columns may be meant
 * @returns a SELECT of two columns, name and label; undefined if there is nothing to query
 */
export function candidatesQuery({ kind, name, of }: NamedInError, tables: readonly string[]): string | undefined {
  const wanted = lastPart(name);
  const among = textArray(of === undefined ? tables : [of, ...tables]);
  const select = selects[kind]?.(among);
  if (select === undefined) return undefined;
  const reach = Math.max(1, Math.floor(wanted.length / 3));
  const literal = quoteLiteral(wanted);
  return `SELECT name, label FROM (${select}) AS c(name, label, there) WHERE pg_catalog.abs(pg_catalog.length(name) - ${wanted.length}) <= ${reach}
OR pg_catalog.starts_with(pg_catalog.lower(name), pg_catalog.lower(${literal}))
ORDER BY name = ${literal} DESC, pg_catalog.lower(name) = pg_catalog.lower(${literal}) DESC, there DESC, label LIMIT ${mostCandidates}`;
}

/** For each kind: names, how a statement writes them, and whether they are found without their schema. */
const selects: Readonly<Partial<Record<NamedKind, (among: string) => string>>> = {
  relation: () => relations("'r','v','m','p','f','S'"),
  index: () => relations("'i','I'"),
  column: (among) =>
    `SELECT a.attname, pg_catalog.quote_ident(a.attname), true FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relname = ANY (${among}) AND c.relkind IN ('r','v','m','p','f','c')`,
  type: () => `SELECT t.typname, ${labelled('t.typname', 'pg_type_is_visible(t.oid)')}
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE t.typcategory <> 'A' AND t.typtype <> 'p' AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c')) AND ${notOurs}`,
  function:
    () => `SELECT p.proname, p.oid::pg_catalog.regprocedure::pg_catalog.text, pg_catalog.pg_function_is_visible(p.oid)
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE ${notOurs}`,
  schema: () =>
    `SELECT n.nspname, pg_catalog.quote_ident(n.nspname), true FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_' AND ${notOurs}`,
  role: () => "SELECT rolname, pg_catalog.quote_ident(rolname), true FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_'",
  extension: () => 'SELECT name, pg_catalog.quote_ident(name), true FROM pg_catalog.pg_available_extensions',
  constraint: (among) =>
    `SELECT k.conname, pg_catalog.quote_ident(k.conname), true FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid WHERE c.relname = ANY (${among})`,
  trigger: (among) =>
    `SELECT t.tgname, pg_catalog.quote_ident(t.tgname), true FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal AND c.relname = ANY (${among})`,
};

const notOurs = "n.nspname <> 'godwit' AND n.nspname !~ '^pg_(toast|temp)'";

function relations(kinds: string): string {
  return `SELECT c.relname, ${labelled('c.relname', 'pg_table_is_visible(c.oid)')}
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN (${kinds}) AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND ${notOurs}`;
}

function labelled(name: string, visible: string): string {
  return `CASE WHEN pg_catalog.${visible} THEN pg_catalog.quote_ident(${name}) ELSE pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(${name}) END, pg_catalog.${visible}`;
}

function textArray(texts: readonly string[]): string {
  return `ARRAY[${texts.map(quoteLiteral).join(',')}]::pg_catalog.text[]`;
}

/**
 * The sentence about the nearest names, or undefined if none is near.
 *
 * @param candidates from the catalogue, best first
 * @param file names that the file itself made before: the catalogue lacks them, because they were rolled back
 */
export function didYouMean(
  { kind, name }: NamedInError,
  candidates: readonly NameCandidate[],
  file: readonly string[] = [],
): string | undefined {
  const wanted = lastPart(name);
  if (kind === 'type' && foreignTypes.has(wanted)) return `Did you mean \`${foreignTypes.get(wanted) ?? ''}\`?`;
  const same = candidates.filter((one) => one.name === wanted && one.label !== name);
  if (same.length > 0 && kind === 'function') {
    const listed = same.slice(0, mostListed).map(({ label }) => `\`${label}\``);
    return `There is ${listed.join(', ')}${same.length > mostListed ? `, and ${same.length - mostListed} more` : ''}.`;
  }
  const [elsewhere] = same;
  if (elsewhere !== undefined)
    return elsewhere.label.includes('.')
      ? `It is in another schema: did you mean \`${elsewhere.label}\`?`
      : `Did you mean \`${elsewhere.label}\`?`;
  const others = candidates.filter((one) => one.name !== wanted);
  const labels = new Map(others.toReversed().map((one) => [one.name, one.label]));
  for (const own of file) if (own !== wanted && !labels.has(own)) labels.set(own, shownName(own));
  // Words of the grammar, which the catalogue would have in quotes.
  if (kind === 'type') for (const own of sqlTypes) if (own !== wanted) labels.set(own, own);
  const near = nearest(wanted, [...labels.keys()]);
  return near === undefined ? undefined : `Did you mean \`${labels.get(near) ?? near}\`?`;
}

/** The extension that provides a type or a function: the one with its name, or one that is known to contain it. */
export function extensionFor({ kind, name }: NamedInError): string | undefined {
  const wanted = lastPart(name);
  const known = extensionOf.get(wanted);
  return known ?? (kind === 'type' || kind === 'function' ? wanted : undefined);
}

/** A name as a statement would write it; quoted only if necessary. */
function shownName(name: string): string {
  return /^[a-z_][a-z0-9_ ]*$/.test(name) ? name : quoteIdent(name);
}
