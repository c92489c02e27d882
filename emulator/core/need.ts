/** A permission that a call needs, and the resource it needs it on. */
export interface Need {
  readonly permission: string;
  readonly resource: string;
}
