import type { Finding } from '../kit/finding.ts';
import { ok, type Outcome } from '../kit/outcome.ts';
import type { Redactor } from '../kit/redact.ts';
import type { Decide } from './interrupts.ts';
import type { Io } from './io.ts';
import { readArguments, type ArgumentKinds, type ArgumentSpec, type ArgumentsOf } from './options/argument-kinds.ts';
import type { GlobalOptions } from './options/global.ts';
import { readOptions, type OptionKinds, type OptionSpec, type ValuesOf } from './options/kinds.ts';
import type { Screen } from './screen/screen-port.ts';

/**
 * A command as people see it. Parsing, help, completion and docs/cli.md are made from it, and `run`, in the same file,
 * gets the values of its options by their names. An option `dryRun` is typed as `--dry-run`.
 */
export interface CommandSpec<
  Options extends OptionKinds = OptionKinds,
  Arguments extends ArgumentKinds = ArgumentKinds,
> {
  /** `up`, or `runs list` for the second level. */
  readonly name: string;
  readonly summary: string;
  /** More than the summary, as paragraphs. */
  readonly about?: readonly string[];
  /** Positional arguments, in their order. */
  readonly arguments: Arguments;
  readonly options: Options;
  /** What follows `--`, as it is shown and with an example. */
  readonly behind?: { readonly name: string; readonly summary: string; readonly example: string };
  readonly examples: readonly { readonly type: string; readonly does: string }[];
  /** With --json: one event per line, instead of one document. */
  readonly events?: boolean;
  /** Rarely needed: the reference lists it behind the others. */
  readonly advanced?: boolean;
}

interface Declared<Options extends OptionKinds, Arguments extends ArgumentKinds> extends Omit<
  CommandSpec<Options, Arguments>,
  'arguments' | 'options'
> {
  readonly arguments?: Arguments;
  readonly options?: Options;
}

/** Where nothing is declared. */
const none = {};

/** Declares a command: the types of its options and arguments follow from their kinds. */
export function defineCommand<Options extends OptionKinds = typeof none, Arguments extends ArgumentKinds = typeof none>(
  spec: Declared<Options, Arguments>,
): CommandSpec<Options, Arguments> {
  return { ...spec, arguments: spec.arguments ?? (none as Arguments), options: spec.options ?? (none as Options) };
}

/** What was typed, not yet read: values by the names of options, and the words that no option takes. */
export interface CommandWords {
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly words: readonly string[];
  /** What follows `--`, for commands that take it. */
  readonly behind: readonly string[];
}

/** A command of the table: its specification, and how it starts. */
export interface Command {
  readonly spec: CommandSpec;
  /** Reads what was typed, then loads the code of this command alone and runs it. Not ok: what was typed is wrong. */
  readonly start: (shared: Context, typed: CommandWords) => Promise<Outcome<Result>>;
  /** Loads the code of this command. */
  readonly load: () => Promise<unknown>;
}

/** All commands with what they share: help, completion and the reference are made from it. */
export interface CommandTable {
  /** In the order of the help. */
  readonly commands: readonly Command[];
  /** The first words of commands with a second level, and what the first word alone means. */
  readonly groups: ReadonlyMap<string, { readonly summary: string; readonly alone: string }>;
  /** Options that every command takes, as they are typed. */
  readonly globalOptions: readonly OptionSpec[];
}

/** All that a command may touch. */
export interface Context {
  readonly command: string;
  /** Options that every command takes. */
  readonly globals: GlobalOptions;
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

/** The same with what was typed for this command. */
export interface CommandContext<Spec extends CommandSpec = CommandSpec> extends Context {
  readonly options: ValuesOf<Spec['options']>;
  readonly arguments: ArgumentsOf<Spec['arguments']>;
  /** What follows `--`. */
  readonly behind: readonly string[];
}

/** How a command ended. `data` goes into the JSON document beside findings; commands with events have none. */
export interface Result {
  readonly exitCode: number;
  readonly outcome: string;
  readonly findings: readonly Finding[];
  readonly data?: Readonly<Record<string, unknown>>;
}

/** What a command does: `export const run: Run<typeof spec> = async ({ options }) => …` */
export type Run<Spec extends CommandSpec = CommandSpec> = (context: CommandContext<Spec>) => Promise<Result>;

/** The positional arguments of a command, in their order. */
export function argumentsOf(spec: CommandSpec): readonly ArgumentSpec[] {
  return Object.values(spec.arguments);
}

/** A command of the table: its options are read before its code is loaded. */
export function command<Options extends OptionKinds, Arguments extends ArgumentKinds>(
  spec: CommandSpec<Options, Arguments>,
  load: () => Promise<Run<CommandSpec<Options, Arguments>>>,
): Command {
  return {
    spec,
    load,
    start: async (shared, { options: typed, words, behind }) => {
      const options = readOptions(spec.options, typed);
      if (!options.ok) return options;
      const run = await load();
      const read = { options: options.value, arguments: readArguments(spec.arguments, words), behind };
      return ok(await run({ ...shared, ...read }));
    },
  };
}
