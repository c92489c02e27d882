/** What a command has loaded, and how it ended. */
export interface Loads {
  readonly exitCode: number | null;
  readonly output: string;
  readonly chunks: number;
  readonly bytes: number;
  /** With their bytes, the largest first. */
  readonly sources: readonly (readonly [source: string, bytes: number])[];
  /** Public modules of Node. */
  readonly builtins: readonly string[];
}

export function loadsOf(
  argv: readonly string[],
  options?: { readonly cwd?: string; readonly env?: Readonly<Record<string, string | undefined>> },
): Loads;
