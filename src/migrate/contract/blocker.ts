/** A session that blocks ours. Values that the server hides from our role are empty or null. */
export interface Blocker {
  /** 0: a prepared transaction, whose gid is then its `application`. */
  readonly pid: number;
  readonly application: string;
  readonly user: string;
  /** `active`, `idle in transaction`, … */
  readonly state: string;
  /** How long its transaction has been open, in milliseconds. */
  readonly transactionMs: number | null;
  /** What it runs, or ran last, without values and shortened. */
  readonly query: string;
}
