/** Lost rows of a table, or lost values of one of its columns. */
interface Loss {
  /** OID of the table. */
  readonly table: string;
  readonly label: string;
  readonly rows: number;
  /** True: the values of a column. A row that loses a value, and is lost itself later, counts once. */
  readonly values?: boolean;
}

/** The state of the account when a step was started. */
interface AccountState {
  /** Lost rows in excess of the created ones. */
  readonly excess: number;
  /** Created rows that were lost, by the OID of their table. */
  readonly used: ReadonlyMap<string, number>;
}

/**
 * What a rollback destroys, compared with the rows that the undone migrations have created themselves. Each part of it
 * (a step's segment) is entered under a key; entering it again replaces the former entry, because that part was rolled
 * back.
 */
export interface LossAccount {
  /**
   * Starts a step, possibly again.
   * @param created rows that its migration has created, by the OID of their table
   */
  step(migration: string, created: ReadonlyMap<string, number>): void;
  begin(key: string): void;
  lose(key: string, loss: Loss): void;
  losses(key: string): readonly Loss[];
  /** Lost rows in excess of the created ones. */
  excess(): number;
  /** How many of them were lost before this step. */
  excessBefore(migration: string): number;
  /** How many rows of a table the undone migrations have created, minus those lost before this step. */
  createdIn(table: string, migration: string): number;
}

export function createAccount(): LossAccount {
  const own = new Map<string, ReadonlyMap<string, number>>();
  const states = new Map<string, AccountState>();
  const entries = new Map<string, Loss[]>();
  const created = (table: string): number => {
    let sum = 0;
    for (const rows of own.values()) sum += rows.get(table) ?? 0;
    return sum;
  };
  const sums = (): { readonly rows: ReadonlyMap<string, number>; readonly values: ReadonlyMap<string, number> } => {
    const rows = new Map<string, number>();
    const values = new Map<string, number>();
    for (const { table, rows: count, values: ofColumn } of [...entries.values()].flat()) {
      if (ofColumn === true) values.set(table, (values.get(table) ?? 0) + Math.max(0, count - created(table)));
      else rows.set(table, (rows.get(table) ?? 0) + count);
    }
    return { rows, values };
  };
  const excess = (): number => {
    const { rows, values } = sums();
    let sum = 0;
    for (const table of new Set([...rows.keys(), ...values.keys()]))
      sum += Math.max(0, (rows.get(table) ?? 0) - created(table), values.get(table) ?? 0);
    return sum;
  };
  return {
    step(migration, rows) {
      if (!states.has(migration)) {
        const lost = [...sums().rows];
        const used = new Map(lost.map(([table, count]) => [table, Math.min(count, created(table))]));
        states.set(migration, { excess: excess(), used });
      }
      own.set(migration, rows);
    },
    begin: (key) => void entries.set(key, []),
    lose(key, loss) {
      const known = entries.get(key) ?? [];
      entries.set(key, [...known.filter(({ label, table }) => label !== loss.label || table !== loss.table), loss]);
    },
    losses: (key) => entries.get(key) ?? [],
    excess,
    excessBefore: (migration) => states.get(migration)?.excess ?? 0,
    createdIn: (table, migration) => created(table) - (states.get(migration)?.used.get(table) ?? 0),
  };
}
