/**
 * What a statement with IF NOT EXISTS may find in place of the object that it would make: a different relation with
 * that name. Made by the analysis; travels in the bundle.
 */
export interface Look {
  /** Index into `Analysis.statements`. */
  readonly statement: number;
  /** What the statement makes, as text: `a table`. */
  readonly what: string;
  /** The allowed kinds of relation (`relkind`). */
  readonly kinds: string;
  /** Null: the schema in which unqualified names are created, or for `ADD COLUMN` the one in which they are found. */
  readonly schema: string | null;
  readonly name: string;
  /** Of an index: the table that it is made on; its schema is the table's. */
  readonly on?: string;
  /** True: the relation itself must exist (ALTER TABLE), and is found along the search path. */
  readonly found?: true;
  /** Columns that the statement names, with the type if its name alone identifies it. */
  readonly columns: readonly { readonly name: string; readonly type?: string }[];
}
