/** PostgreSQL's lock modes on relations, weakest first. */
export const lockModes = [
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
] as const;

/** One of PostgreSQL's lock modes on relations. */
export type LockMode = (typeof lockModes)[number];

/** A lock that a statement takes on something that may have existed before it. */
export interface Lock {
  readonly mode: LockMode;
  /** `schema.name` as written; empty when the text does not reveal it. */
  readonly on: string;
}

/** Does it stall writers or readers of the table? */
export function isStrong({ mode }: Lock): boolean {
  return lockModes.indexOf(mode) >= lockModes.indexOf('SHARE');
}
