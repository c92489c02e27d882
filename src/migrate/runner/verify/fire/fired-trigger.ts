/** A trigger to be set off. */
export interface FiredTrigger {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
}
