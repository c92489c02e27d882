/** A relation as a statement names it. */
export interface NamedRelation {
  /** Null: unqualified. */
  readonly schema: string | null;
  readonly name: string;
  /** The search path that the file has set by then; null: the session's own. */
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
  /** As named; empty: the table's own, in their order. */
  readonly columns: readonly string[];
  /** Of each row its values; null: no literal. */
  readonly rows: readonly (readonly (LiteralSpan | null)[])[];
  readonly line: number;
  /** ON CONFLICT DO NOTHING: an earlier statement may have written the row. */
  readonly keeps: boolean;
}

/** A later statement that gives a table or a column of it another name: what is looked for at the end has that one. */
interface SeedRename {
  readonly op: 'rename';
  readonly table: NamedRelation;
  readonly to:
    | { readonly schema?: string; readonly name?: string }
    | { readonly column: string; readonly name: string };
}

/** What the text of a file tells about the rows that it inserts. Plain data: it travels in the bundle. */
export type SeedStep = SeedInsert | SeedRename;
