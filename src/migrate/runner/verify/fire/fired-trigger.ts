/** A trigger to fire. */
export interface FiredTrigger {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
}
