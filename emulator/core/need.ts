/** A permission that a call needs, with its resource. */
export interface Need {
  readonly permission: string;
  readonly resource: string;
}
