import type { HistoryRow } from '../../contract/history-rows.ts';
import type { Migration } from '../../contract/model.ts';
import type { Bundle, Hashing } from '../../contract/ports.ts';

/** A squashed migration of which everything is applied that it replaces. */
export interface Recordable {
  readonly migration: Migration;
  /** What it replaces, as it was applied. */
  readonly rows: readonly HistoryRow[];
}

/** What the database is known by. */
export interface ProofOptions {
  readonly bundle: Bundle;
  readonly major: number;
  /** True: schema godwit is as this program has it. */
  readonly installed: boolean;
  /** True: the baseline is in the words of this server. */
  readonly ownWords: boolean;
  readonly hashing: Hashing;
  /** Ids that were named: statements that nobody knows of are taken for executed. */
  readonly named: readonly string[];
}
