import type { Finding } from '../kit/finding.ts';
import type { Redactor } from '../kit/redact.ts';
import type { Decide } from './interrupts.ts';
import type { Io } from './io.ts';
import type { Screen } from './screen/screen-port.ts';

/** One option of a command. Without `value` it is a switch. */
export interface OptionSpec {
  readonly name: string;
  readonly short?: string;
  /** What the value stands for, in capitals: `FILE`. */
  readonly value?: string;
  /** May be given several times. */
  readonly many?: boolean;
  readonly summary: string;
}

/** One positional argument. */
interface ArgumentSpec {
  readonly name: string;
  readonly summary: string;
  readonly required?: boolean;
  /** Takes all that is left. */
  readonly many?: boolean;
}

/** A command as people see it, and where its code is. Help, completion and docs/cli.md are made from it. */
export interface CommandSpec {
  /** `up`, or `runs list` for the second level. */
  readonly name: string;
  readonly summary: string;
  /** More than the summary, as paragraphs. */
  readonly about?: readonly string[];
  readonly arguments?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  /** What stands behind `--`, as it is shown and with an example. */
  readonly behind?: { readonly name: string; readonly summary: string; readonly example: string };
  readonly examples: readonly { readonly type: string; readonly does: string }[];
  /** With --json: one event per line, instead of one document. */
  readonly events?: boolean;
  /** Loads the code of this command alone: starting must stay quick. */
  readonly load: () => Promise<Run>;
}

/** What was typed after the name of the command, checked against its specification. */
export interface Typed {
  readonly arguments: readonly string[];
  readonly values: Readonly<Record<string, string>>;
  readonly switches: ReadonlySet<string>;
  /** Of options that may be given several times: all their values. */
  readonly lists?: Readonly<Record<string, readonly string[]>>;
  /** What stands behind `--`, for commands that take it. */
  readonly behind?: readonly string[];
}

/** All commands with what they share: help, completion and the reference are made from it. */
export interface CommandTable {
  /** In the order of the help. */
  readonly commands: readonly CommandSpec[];
  /** The first words of commands with a second level, and what the first word alone means. */
  readonly groups: ReadonlyMap<string, { readonly summary: string; readonly alone: string }>;
  /** Options that every command takes. */
  readonly globalOptions: readonly OptionSpec[];
}

/** All that a command may touch. */
export interface Context {
  readonly command: string;
  readonly typed: Typed;
  readonly io: Io;
  readonly screen: Screen;
  readonly redactor: Redactor;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** From now on this decides what the first Ctrl-C means; what it returns undoes that. */
  readonly onCtrlC: (decide: Decide) => () => void;
  readonly table: CommandTable;
  /** Runs another command line as if it were typed, and returns its exit code. */
  readonly runProgram: (parts: {
    readonly argv: readonly string[];
    readonly io: Io;
    readonly signal: AbortSignal;
  }) => Promise<number>;
}

/** How a command ended. `data` goes into the JSON document beside findings; commands with events have none. */
export interface Result {
  readonly exitCode: number;
  readonly outcome: string;
  readonly findings: readonly Finding[];
  readonly data?: Readonly<Record<string, unknown>>;
}

export type Run = (context: Context) => Promise<Result>;
