/** A table as a statement names it. */
export interface NamedTable {
  /** Null: found along `path`, or along the session's search path. */
  readonly schema: string | null;
  readonly name: string;
  /** The search path that the file has set, if it has set one. */
  readonly path?: readonly string[];
}

/**
 * The ways in which a statement takes rows, or the values of a column; `delete` takes all rows, `delete-some` the
 * matching ones.
 */
type LossKind = 'drop-table' | 'truncate' | 'delete' | 'delete-some' | 'drop-column' | 'drop-schema';

/** Rows or values that a statement takes away. */
export interface StatedLoss {
  readonly op: 'lose';
  /** Index into `Analysis.statements`. */
  readonly statement: number;
  readonly how: LossKind;
  /** For a schema: its name, with `schema` null. */
  readonly table: NamedTable;
  readonly column?: string;
  /** True: TRUNCATE … CASCADE. */
  readonly cascade?: true;
  /** True: without the tables that inherit from it. */
  readonly only?: true;
}

/**
 * What a statement does to rows and to the names of what holds them, as far as its text shows. Plain data: it travels
 * in the bundle.
 */
export type RowChange =
  | StatedLoss
  /** `rows` is 0 for COPY, whose rows follow its text. */
  | { readonly op: 'insert'; readonly statement: number; readonly table: NamedTable; readonly rows: number }
  /** A table, or a column, that certainly did not exist before. */
  | { readonly op: 'make'; readonly statement: number; readonly table: NamedTable; readonly column?: string }
  | {
      readonly op: 'rename';
      readonly statement: number;
      readonly table: NamedTable;
      readonly column?: string;
      readonly to: { readonly schema?: string; readonly name?: string };
    }
  /** The new type of a column may not hold all of its present values. */
  | { readonly op: 'retype'; readonly statement: number; readonly table: NamedTable; readonly column: string }
  /**
   * Its text does not show what it destroys: DO, CALL, EXECUTE, a function; or everything that depends on an object.
   */
  | { readonly op: 'unseen'; readonly statement: number; readonly why: 'opaque' | 'cascade' };
