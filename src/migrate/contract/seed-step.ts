/** A relation as a statement names it. */
export interface NamedRelation {
  /** Null: unqualified. */
  readonly schema: string | null;
  readonly name: string;
  /** The search path that the file has set by then; null: that of the session. */
  readonly path: readonly string[] | null;
}

/** Bytes of a literal in the body. */
export interface LiteralSpan {
  readonly start: number;
  readonly end: number;
}

/** INSERT … VALUES: rows that can be followed if the literals among their values hold a key. */
export interface SeedInsert {
  readonly op: 'insert';
  readonly table: NamedRelation;
  /** As named; empty: all columns of the table, in their order. */
  readonly columns: readonly string[];
  /** The values of each row; null: not a literal. */
  readonly rows: readonly (readonly (LiteralSpan | null)[])[];
  readonly line: number;
  /** ON CONFLICT DO NOTHING: an earlier statement may have written the row. */
  readonly keeps: boolean;
}

/** A later statement that renames a table or one of its columns: at the end, the rows are found under that name. */
interface SeedRename {
  readonly op: 'rename';
  readonly table: NamedRelation;
  readonly to:
    | { readonly schema?: string; readonly name?: string }
    | { readonly column: string; readonly name: string };
}

/** What the text of a file shows about the rows that it inserts. Plain data: it travels in the bundle. */
export type SeedStep = SeedInsert | SeedRename;
