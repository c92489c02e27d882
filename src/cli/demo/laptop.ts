/** What the laptop's side of the demo has to know. It comes through a pipe, because it contains a password. */
export interface DemoSite {
  /** Address of the database with the password. */
  readonly url: string;
  /** The network in which jobs run. */
  readonly vpc: string;
  readonly rootless: boolean;
}

/** If this variable is set, the program is the laptop; the value is the descriptor of the pipe. */
export const laptopVariable = 'GODWIT_DEMO_SITE';
