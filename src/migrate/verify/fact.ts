import type { Place } from '../../kit/finding.ts';

/** Kinds of objects that migrations state something about. */
export type ObjectKind =
  | 'schema'
  | 'table'
  | 'column'
  | 'constraint'
  | 'index'
  | 'view'
  | 'materialized-view'
  | 'sequence'
  | 'function'
  | 'trigger'
  | 'type'
  | 'extension'
  | 'policy'
  | 'rule'
  | 'grant'
  | 'comment';

/**
 * Identity of an object. `schema` null: the session's default schema, resolved by the runner.
 * Parts of a table (column, constraint, trigger, policy, rule) carry the table's schema and name in `schema` and
 * `table`, and their own name in `name`. Indexes live in the schema of their table; `table` is a fact of theirs.
 * Functions: `name` is `f(argument types as written, joined by ",")`. Grants and comments: `name` is a key made of the
 * object they belong to and, for grants, grantee and privilege.
 */
export interface ObjectName {
  readonly kind: ObjectKind;
  readonly schema: string | null;
  readonly table?: string;
  readonly name: string;
}

/** Facts of an object by name: `{ type: 'bigint', 'not null': 'yes' }`. Yes and no are written `yes` and `no`. */
export type Facts = Readonly<Record<string, string>>;

/** Value of a fact that a statement has changed into something its text does not tell: it is not compared. */
export const untold = '?';

/** A row that a migration inserts: the literal of each compared column, as the byte span of its text in the body. */
export interface SeedRow {
  /** Null: the value is no literal and is not compared. */
  readonly values: readonly ({ readonly start: number; readonly end: number } | null)[];
}

/** What one statement does to an object or to rows. Plain data: it travels in the bundle. */
export type Effect = { readonly where: Place } & Change;

/** An effect without its place. */
export type Change =
  | {
      readonly op: 'create';
      readonly object: ObjectName;
      readonly facts: Facts;
      readonly ifNotExists: boolean;
      readonly replace?: boolean;
    }
  /** Changes facts of an object that is there. */
  | { readonly op: 'alter'; readonly object: ObjectName; readonly facts: Facts }
  /** Changes something of an object that is no fact of its kind, such as its owner: only its definition is taken anew. */
  | { readonly op: 'touch'; readonly object: ObjectName }
  | { readonly op: 'drop'; readonly object: ObjectName; readonly cascade: boolean }
  | {
      readonly op: 'rename';
      readonly object: ObjectName;
      readonly to: { readonly schema?: string; readonly name?: string };
    }
  | {
      readonly op: 'insert';
      readonly table: { readonly schema: string | null; readonly name: string };
      readonly columns: readonly string[];
      readonly rows: readonly SeedRow[];
      /** Number of rows, also of those that are not compared (folded ranges, too many). */
      readonly count: number;
      readonly conflict: 'none' | 'nothing' | 'update';
      readonly frozen: boolean;
    }
  /** UPDATE, DELETE, TRUNCATE, MERGE, INSERT … SELECT: earlier seed rows of the table can no longer be told. */
  | {
      readonly op: 'rows-changed';
      readonly table: { readonly schema: string | null; readonly name: string };
      readonly how: 'update' | 'delete' | 'truncate' | 'insert';
    }
  /** DO, CALL, EXECUTE, functions called by SELECT: what it does cannot be seen in its text. */
  | { readonly op: 'opaque'; readonly tag: string };
