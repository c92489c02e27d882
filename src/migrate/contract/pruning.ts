/** What pruning has removed, or would remove. */
export interface Pruning {
  /** The cut-off, as ISO 8601 in UTC. */
  readonly before: string;
  /** Runs that lose their events. */
  readonly runs: number;
  /** How many of these lose their row, too. */
  readonly gone: number;
  readonly events: number;
  readonly statements: number;
  /** Earlier attempts that are removed together with the run that had carried them over. */
  readonly attempts: number;
}

/** A pruning on record in the audit: which run, by whom and when. */
export interface Pruned extends Pruning {
  readonly run: string;
  readonly by: string;
  readonly at: string;
}
