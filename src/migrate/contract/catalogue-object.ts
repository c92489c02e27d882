/**
 * Every kind of object that the baseline knows: what `godwit.described` (sql/history/words.sql, words-other.sql) tells of.
 * Relations, types, functions and schemas have names of ours there, all others those of PostgreSQL.
 */
export const objectKinds = [
  'access method',
  'aggregate',
  'cast',
  'collation',
  'column',
  'composite type',
  'constraint',
  'conversion',
  'default acl',
  'domain',
  'event trigger',
  'extension',
  'foreign table',
  'foreign table source',
  'foreign-data wrapper',
  'function',
  'index',
  'language',
  'materialized view',
  'operator',
  'operator class',
  'operator family',
  'policy',
  'procedure',
  'publication',
  'rule',
  'schema',
  'sequence',
  'server',
  'statistics',
  'table',
  'text search configuration',
  'text search dictionary',
  'text search parser',
  'text search template',
  'transform',
  'trigger',
  'type',
  'view',
] as const;

/** One of {@link objectKinds}. */
export type ObjectKind = (typeof objectKinds)[number];

/** What tells objects apart where OIDs mean nothing. */
export interface ObjectName {
  readonly kind: ObjectKind;
  /** Qualified and quoted: `public.users`, `public.users.email`, `public.f(integer)`. */
  readonly name: string;
}

/** A row of a catalogue for an object that is not part of another one. */
export interface HomeAddress {
  /** OID of the catalogue. */
  readonly class: string;
  readonly oid: string;
}

/** What tells objects apart within one database, whatever they are called. */
export interface ObjectAddress extends HomeAddress {
  /** Number of the column; `0` for everything else. */
  readonly sub: string;
}

/** Says whether the object is not part of another one. */
export function isHome(address: ObjectAddress, home: HomeAddress): boolean {
  return address.class === home.class && address.oid === home.oid && address.sub === '0';
}

/** An object's name as the key of a map. It is never parsed. */
export function keyOfName({ kind, name }: { readonly kind: string; readonly name: string }): string {
  return `${kind} ${name}`;
}

/** An object's address as the key of a map. It is never parsed. */
export function keyOfAddress({ class: classOf, oid, sub }: ObjectAddress): string {
  return `${classOf}:${oid}:${sub}`;
}

/** The address of such a row as the key of a map. It is never parsed. */
export function keyOfHome({ class: classOf, oid }: HomeAddress): string {
  return `${classOf}:${oid}`;
}

/**
 * The kind in a row that `godwit.described` has made. A row that somebody has damaged may hold another word; `runs
 * verify-chain` tells of it, and everybody else prints it as it is.
 */
export function kindIn(value: string | null | undefined): ObjectKind {
  return (value ?? '') as ObjectKind;
}
