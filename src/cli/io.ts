/** What the program uses from outside: streams, folder, environment variables. main.ts and tests provide it. */
export interface Io {
  readonly cwd: string;
  /** The file that was started, as the shell named it. */
  readonly entry?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard output: answers, products of commands, JSON; bytes if the user's own command wrote binary output. */
  out(text: string | Uint8Array): void;
  /** Standard error: progress, findings. */
  err(text: string | Uint8Array): void;
  /** Standard error is a terminal: colours, live lines. */
  readonly terminal: boolean;
  /** Standard output is a terminal; if absent, it is where standard error is. */
  readonly outTerminal?: boolean;
  /** A person can answer: standard input and standard error are terminals. */
  readonly interactive: boolean;
  /** Width of the terminal in columns; 0: not known. */
  columns(): number;
  /** Asks a question on standard error; undefined without an answer, or when `until` is aborted: none is needed. */
  ask(question: string, until?: AbortSignal): Promise<string | undefined>;
  /** Standard input to its end, as text. */
  input(): Promise<string>;
}
