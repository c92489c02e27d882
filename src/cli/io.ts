/** The outside of the program: streams, folder, environment variables. Filled by main.ts, and by tests. */
export interface Io {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** For programs: products of commands and JSON; bytes where a command of the user's own wrote binary output. */
  out(text: string | Uint8Array): void;
  /** For people. */
  err(text: string | Uint8Array): void;
  /** Standard error is a terminal: colours, live lines. */
  readonly terminal: boolean;
  /** A person can answer: standard input and standard error are terminals. */
  readonly interactive: boolean;
  /** Width of the terminal in columns. */
  columns(): number;
  /** Asks one question on standard error; undefined without an answer, or when none is needed any more (`until`). */
  ask(question: string, until?: AbortSignal): Promise<string | undefined>;
  /** Standard input to its end, as text. */
  input(): Promise<string>;
}
