import type { Rehearsed } from '../../migrate/contract/rehearsed.ts';
import type { Analysis, Migration } from '../../migrate/contract/model.ts';
import type { Bundle } from '../../migrate/contract/ports.ts';

/** What manifest.json of a bundle holds. */
export interface Manifest {
  readonly format: 1;
  readonly hash: string;
  readonly layout: Bundle['layout'];
  readonly set: string;
  readonly migrations: readonly Migration[];
  /** By `analysisKey`. */
  readonly analyses: Readonly<Record<string, Analysis>>;
  /** For `adopt`. */
  readonly rehearsed?: Rehearsed;
}
