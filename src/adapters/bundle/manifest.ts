import type { Rehearsed } from '../../migrate/contract/rehearsed.ts';
import type { Analysis, Migration } from '../../migrate/contract/model.ts';
import type { Bundle } from '../../migrate/contract/ports.ts';

/** The content of a bundle's manifest.json. */
export interface Manifest {
  readonly format: 1;
  readonly hash: string;
  readonly layout: Bundle['layout'];
  readonly set: string;
  readonly migrations: readonly Migration[];
  /** Keyed by `analysisKey`. */
  readonly analyses: Readonly<Record<string, Analysis>>;
  /** Present for `adopt` only. */
  readonly rehearsed?: Rehearsed;
}
