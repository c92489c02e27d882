import type { Place } from '../../kit/finding.ts';
import type { Facts, ObjectName, SeedRow } from './fact.ts';

/** An object's name with its schema resolved. */
export type Resolved = ObjectName & { readonly schema: string };

/** What must hold of an object now. */
export interface Expected {
  readonly object: Resolved;
  readonly facts: Facts;
  readonly where: Place;
  readonly migration: string;
  /** True: a later CASCADE may have taken it along; missing is a warning then. */
  readonly loose: boolean;
  /** True: these migrations have created it; false: they have only changed what was there. */
  readonly made: boolean;
}

/** Rows that a migration has inserted and that must still be there. */
export interface ExpectedRows {
  readonly table: { readonly schema: string; readonly name: string };
  readonly columns: readonly string[];
  readonly rows: readonly SeedRow[];
  readonly conflict: 'none' | 'nothing' | 'update';
  readonly frozen: boolean;
  /** True: a later migration has changed rows of the table, so that values are not compared. */
  readonly loose: boolean;
  readonly where: Place;
  readonly migration: string;
}

/** The effects of all migrations folded: what must be there, what must be gone, which rows, what cannot be told. */
export interface Folded {
  readonly objects: ReadonlyMap<string, Expected>;
  readonly gone: ReadonlyMap<string, Expected>;
  readonly rows: readonly ExpectedRows[];
  /** What was changed in a way that no fact tells. */
  readonly touched: readonly Resolved[];
  readonly opaque: readonly { readonly tag: string; readonly where: Place; readonly migration: string }[];
}

/** The state while folding. */
export interface FoldState {
  objects: Map<string, Expected>;
  gone: Map<string, Expected>;
  rows: ExpectedRows[];
  readonly touched: Resolved[];
  /** A CREATE TABLE IF NOT EXISTS that found its table: its parts are not made either. */
  skipping?: { readonly schema: string; readonly table: string; readonly where: Place };
  readonly opaque: { readonly tag: string; readonly where: Place; readonly migration: string }[];
}

/** Identity of an object as a map key. An unnamed one is known by what it is made of. */
export function keyOf(object: Resolved, facts: Facts = {}): string {
  const name =
    object.name === ''
      ? `?${facts['type'] ?? ''}:${facts['columns'] ?? facts['keys'] ?? ''}:${facts['table'] ?? ''}`
      : object.name;
  return [object.kind, object.schema, object.table ?? '', name].join('|');
}

/** Is it a column, constraint, trigger, policy, rule or grant of this table? */
export function isPartOf(object: Resolved, schema: string, table: string): boolean {
  return object.table === table && object.schema === schema;
}
