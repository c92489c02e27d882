/** What the laptop's side of the demo has to know; it comes on a pipe, for it holds a password. */
export interface DemoSite {
  /** Address of the database with the password. */
  readonly url: string;
  /** The network in which jobs run. */
  readonly vpc: string;
  readonly rootless: boolean;
}

/** The variable that tells the program it is the laptop; its value is the descriptor of the pipe. */
export const laptopVariable = 'GODWIT_DEMO_SITE';
