/**
 * What a statement with IF NOT EXISTS may meet instead of making it: a relation under the name that is another one. Made
 * by the analysis; travels in the bundle.
 */
export interface Look {
  /** Index into `Analysis.statements`. */
  readonly statement: number;
  /** What the statement makes, in words: `a table`. */
  readonly what: string;
  /** Kinds of relation (`relkind`) that it may be. */
  readonly kinds: string;
  /** Null: the schema in which unqualified names are made, or for `ADD COLUMN` the one where they are found. */
  readonly schema: string | null;
  readonly name: string;
  /** Of an index: the table that it is made on; its schema is the table's. */
  readonly on?: string;
  /** True: the relation itself must be there (ALTER TABLE), and is looked for along the search path. */
  readonly found?: true;
  /** Columns that the statement names, with the type where its name alone says it. */
  readonly columns: readonly { readonly name: string; readonly type?: string }[];
}
