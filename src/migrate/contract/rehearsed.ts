import type { Finding } from '../../kit/finding.ts';
import type { ObjectName } from './catalogue-object.ts';
import type { DefinitionWords } from './definition.ts';

/** How a rehearsed migration left an object. */
export interface RehearsedState {
  /** Index of the migration among the rehearsed ones. */
  readonly step: number;
  /** The server's own definition, in parts; null: the migration dropped it, or renamed it. */
  readonly words: DefinitionWords | null;
  /** Index of the migration that created it; absent: it already existed. */
  readonly made?: number;
}

/** One object that rehearsed migrations wrote, under one name. */
export interface RehearsedObject extends ObjectName {
  /** Catalogue OID and name of the object that it is part of: its own if it is not a part. */
  readonly homeClass: string;
  readonly home: string;
  /** True: a migration created all of it, so that additions by others are reported. */
  readonly whole: boolean;
  /** In the order of the migrations. */
  readonly states: readonly RehearsedState[];
}

/** A statement that changes rows, or may do so: the catalogue does not show whether it has run. */
export interface RowStatement {
  readonly tag: string;
  readonly line: number;
  readonly column: number;
}

/** A migration that was rehearsed. */
export interface RehearsedStep {
  readonly id: string;
  readonly file: string;
  /** The first of its statements that may change rows. */
  readonly rows?: RowStatement;
}

/**
 * A text of the target that means the same as the rehearsal's: after one pass through the server both read the same.
 */
export interface SameWord {
  readonly kind: string;
  readonly name: string;
  readonly expected: string;
  readonly found: string;
}

/** What migrations make, as a throwaway server reports it: plain data that travels in the bundle. */
export interface Rehearsed {
  /** Major version of the server; another one writes definitions differently. */
  readonly major: number;
  readonly steps: readonly RehearsedStep[];
  readonly objects: readonly RehearsedObject[];
  /** The migration after the last step: it could not be rehearsed, and neither could any after it. */
  readonly stopped?: { readonly id: string; readonly finding: Finding };
  readonly same: readonly SameWord[];
  /** How many rows each table holds once all have run; absent: not counted. */
  readonly rows?: Readonly<Record<string, number>>;
}

/** The state of an object once the migrations up to this one have run; undefined: none of them has written it. */
export function stateAt(object: RehearsedObject, step: number): RehearsedState | undefined {
  return object.states.findLast((state) => state.step <= step);
}
