/** How an execution ended, in one word; the exit code says the same to scripts. */
export type RunOutcome =
  | 'done'
  | 'nothing-to-do'
  | 'refused'
  | 'busy'
  | 'unreachable'
  | 'failed'
  | 'partly-applied'
  | 'unknown'
  | 'verification-failed'
  | 'interrupted'
  | 'bug';
