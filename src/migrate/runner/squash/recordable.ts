import type { HistoryRow } from '../../contract/history-rows.ts';
import type { Migration } from '../../contract/model.ts';
import type { Bundle, Hashing } from '../../contract/ports.ts';

/** A squashed migration that replaces only applied migrations. */
export interface Recordable {
  readonly migration: Migration;
  /** What it replaces, as it was applied. */
  readonly rows: readonly HistoryRow[];
}

/** What is known of the database for a proof. */
export interface ProofOptions {
  readonly bundle: Bundle;
  readonly major: number;
  /** True: schema godwit has the version of this program. */
  readonly installed: boolean;
  /** True: the baseline was written by this server. */
  readonly ownWords: boolean;
  readonly hashing: Hashing;
  /** Ids that were named: their unknown statements count as executed. */
  readonly named: readonly string[];
}
