/** A statement of a migration, and where it is in its file. */
export interface PlacedStatement {
  readonly tag: string;
  readonly line: number;
  /** How many like statements it stands for. */
  readonly count: number;
  /** Its text, or the beginning of a long one. */
  readonly text: string;
}

/** The statements of a migration; empty: they are not known here. */
export type StatementSource = (id: string, direction: 'up' | 'down') => Promise<readonly PlacedStatement[]>;
