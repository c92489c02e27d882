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
 * A command as people see it. Parsing, help, completion and docs/cli.md use it. `run`, in the same file, receives the
 * values of its options by name. The user types the option `dryRun` as `--dry-run`.
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
  /** True: rarely needed; the reference lists it after the others. */
  readonly advanced?: boolean;
}

interface Declared<Options extends OptionKinds, Arguments extends ArgumentKinds> extends Omit<
  CommandSpec<Options, Arguments>,
  'arguments' | 'options'
> {
  readonly arguments?: Arguments;
  readonly options?: Options;
}

/** For a command that declares no options or arguments. */
const none = {};

/** Declares a command: the types of its options and arguments follow from their kinds. */
export function defineCommand<Options extends OptionKinds = typeof none, Arguments extends ArgumentKinds = typeof none>(
  spec: Declared<Options, Arguments>,
): CommandSpec<Options, Arguments> {
  return { ...spec, arguments: spec.arguments ?? (none as Arguments), options: spec.options ?? (none as Options) };
}

/** What was typed, not yet parsed: the values of options by name, and the words that belong to no option. */
export interface CommandWords {
  readonly options: ReadonlyMap<string, readonly string[]>;
  readonly words: readonly string[];
  /** What follows `--`, for commands that take it. */
  readonly behind: readonly string[];
}

/** A command of the table: its specification, and how it starts. */
export interface Command {
  readonly spec: CommandSpec;
  /** Parses what was typed, then loads only this command's code and runs it. Not ok: what was typed is wrong. */
  readonly start: (shared: Context, typed: CommandWords) => Promise<Outcome<Result>>;
  /** Loads the code of this command. */
  readonly load: () => Promise<unknown>;
}

/** All commands and what they share. Help, completion and the reference use it. */
export interface CommandTable {
  /** In the order of the help. */
  readonly commands: readonly Command[];
  /** The first words of two-word commands, and the command that the first word alone means. */
  readonly groups: ReadonlyMap<string, { readonly summary: string; readonly alone: string }>;
  /** Options that every command takes, as they are typed. */
  readonly globalOptions: readonly OptionSpec[];
}

/** Everything that a command may use. */
export interface Context {
  readonly command: string;
  /** Options that every command takes. */
  readonly globals: GlobalOptions;
  readonly io: Io;
  readonly screen: Screen;
  /** Reports a finding before the command has ended: on the screen, as an event, or in the document. */
  readonly tell: (finding: Finding) => void;
  readonly redactor: Redactor;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** From now on `decide` determines what the first Ctrl-C does; the returned function undoes this. */
  readonly onCtrlC: (decide: Decide) => () => void;
  readonly table: CommandTable;
  /** Runs another command line as if it were typed, and returns its exit code. */
  readonly runProgram: (parts: {
    readonly argv: readonly string[];
    readonly io: Io;
    readonly signal: AbortSignal;
  }) => Promise<number>;
}

/** A context with the options and arguments that were typed for this command. */
export interface CommandContext<Spec extends CommandSpec = CommandSpec> extends Context {
  readonly options: ValuesOf<Spec['options']>;
  readonly arguments: ArgumentsOf<Spec['arguments']>;
  /** What follows `--`. */
  readonly behind: readonly string[];
}

/** How a command ended. The JSON document contains `data` and the findings; commands with events have no document. */
export interface Result {
  readonly exitCode: number;
  readonly outcome: string;
  readonly findings: readonly Finding[];
  readonly data?: Readonly<Record<string, unknown>>;
}

/** The function that executes a command: `export const run: Run<typeof spec> = async ({ options }) => …` */
export type Run<Spec extends CommandSpec = CommandSpec> = (context: CommandContext<Spec>) => Promise<Result>;

/** The positional arguments of a command, in their order. */
export function argumentsOf(spec: CommandSpec): readonly ArgumentSpec[] {
  return Object.values(spec.arguments);
}

/** Creates a command of the table: it parses the options before it loads the command's code. */
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
