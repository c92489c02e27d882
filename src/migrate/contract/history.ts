import type { HistoryRow } from './history-rows.ts';

/** A statement of a partly applied migration: done, or started without a recorded end. */
export interface PartialStatement {
  readonly migration: string;
  readonly direction: 'up' | 'down';
  readonly ordinal: number;
  readonly count: number;
  readonly tag: string;
  readonly hash: string;
  readonly state: 'intent' | 'done';
  readonly detail: string;
}

/** The contents of schema godwit; `version` 0: it is not installed. */
export interface History {
  readonly version: number;
  readonly environment: string;
  readonly environmentId: string;
  readonly epoch: string;
  readonly head: string;
  /** The holder of the lease of a run through a pooler; empty: none. */
  readonly leasedTo: string;
  /** True: a run has written what it has not described yet. */
  readonly undescribed: boolean;
  /** True: rows that a run wrote have not been searched for yet. */
  readonly unfollowed: boolean;
  /** The server and database that the baseline's OIDs belong to; empty before the first description. */
  readonly baseline: { readonly systemId: string; readonly databaseOid: string; readonly major: number };
  readonly rows: readonly HistoryRow[];
  readonly partial: readonly PartialStatement[];
  /** True: none of the tables that migrations made exists, by OID or by name in this database. */
  readonly tablesGone?: boolean;
}

/** The history of a database that godwit has never changed. */
export const emptyHistory: History = {
  version: 0,
  environment: '',
  environmentId: '',
  epoch: '0',
  head: '',
  leasedTo: '',
  undescribed: false,
  unfollowed: false,
  baseline: { systemId: '', databaseOid: '', major: 0 },
  rows: [],
  partial: [],
};

/** What is applied now: the newest row of each id, unless it says reverted. In the order of application. */
export function appliedNow(rows: readonly HistoryRow[]): readonly HistoryRow[] {
  const known = appliedOf.get(rows);
  if (known !== undefined) return known;
  const newest = new Map<string, HistoryRow>();
  for (const row of rows) {
    if (newest.has(row.id)) newest.delete(row.id);
    newest.set(row.id, row);
  }
  const applied = [...newest.values()].filter((row) => row.kind !== 'reverted');
  appliedOf.set(rows, applied);
  return applied;
}

/** Asked again and again for the same rows, of which there may be thousands. */
const appliedOf = new WeakMap<readonly HistoryRow[], readonly HistoryRow[]>();
