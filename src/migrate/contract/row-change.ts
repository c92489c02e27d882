/** A table as a statement names it. */
export interface NamedTable {
  /** Null: it is looked for along `path`, or where the session looks. */
  readonly schema: string | null;
  readonly name: string;
  /** Where the file has told the session to look, if it has. */
  readonly path?: readonly string[];
}

/** The ways in which a statement takes rows, or the values of a column; `delete` takes all, `delete-some` what fits. */
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
 * What a statement does to rows and to the names of what holds them, as far as its text tells. Plain data: it travels in
 * the bundle.
 */
export type RowChange =
  | StatedLoss
  /** `rows` is 0 for COPY, whose rows stand behind its text. */
  | { readonly op: 'insert'; readonly statement: number; readonly table: NamedTable; readonly rows: number }
  /** A table, or a column, that certainly was not there before. */
  | { readonly op: 'make'; readonly statement: number; readonly table: NamedTable; readonly column?: string }
  | {
      readonly op: 'rename';
      readonly statement: number;
      readonly table: NamedTable;
      readonly column?: string;
      readonly to: { readonly schema?: string; readonly name?: string };
    }
  /** The new type of a column may not hold all that its rows hold. */
  | { readonly op: 'retype'; readonly statement: number; readonly table: NamedTable; readonly column: string }
  /** What it destroys cannot be seen in its text: DO, CALL, EXECUTE, a function; or all that depends on something. */
  | { readonly op: 'unseen'; readonly statement: number; readonly why: 'opaque' | 'cascade' };
