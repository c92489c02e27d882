import { parseArgs } from 'node:util';
import { fault } from '../kit/fault.ts';
import { nearest } from '../kit/nearest.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import type { CommandSpec, OptionSpec, Typed } from './command.ts';
import { commands, globalOptions, groups } from './table.ts';

/** What a command line means. `help` without a command is the help of the program, with a word that of a group. */
export type CommandLine =
  | { readonly kind: 'command'; readonly spec: CommandSpec; readonly typed: Typed }
  | { readonly kind: 'help'; readonly topic?: string }
  | { readonly kind: 'version' };

/** Switches that hold before a command line is understood: how to report that it is not. */
export function isTyped(argv: readonly string[], name: 'json' | 'no-color'): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? undefined : end).includes(`--${name}`);
}

/** Reads a command line (without `node` and the program's own name). */
export function readCommandLine(argv: readonly string[]): Outcome<CommandLine> {
  const known = new Map<string, OptionSpec>();
  for (const option of [...commands.flatMap((command) => command.options ?? []), ...globalOptions])
    known.set(option.name, option);
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      [...known.values()].map((option) => [
        option.name,
        {
          type: option.value === undefined ? ('boolean' as const) : ('string' as const),
          ...(option.short === undefined ? {} : { short: option.short }),
        },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });

  const words: string[] = [];
  // Behind `--` stands a command of the user's own: nothing in it is an option of ours.
  const behind: string[] = [];
  let terminated = false;
  const options: TypedOption[] = [];
  for (const token of tokens) {
    if (token.kind === 'option-terminator') terminated = true;
    else if (token.kind === 'positional') (terminated ? behind : words).push(token.value);
    else if (token.kind === 'option') options.push({ name: token.name, raw: token.rawName, value: valueOf(token) });
  }
  if (options.some((option) => option.name === 'version') && words.length === 0) return ok({ kind: 'version' });
  return withCommand({ words, behind, options });
}

/** In `--to --json` the second is an option of its own, not the value of the first: `--to=--json` would be. */
function valueOf(token: { readonly value: string | undefined; readonly inlineValue: boolean | undefined }) {
  return token.inlineValue === false && token.value?.startsWith('--') === true ? '' : token.value;
}

interface TypedOption {
  readonly name: string;
  readonly raw: string;
  readonly value: string | undefined;
}

/** A command line, taken apart. */
interface Words {
  readonly words: readonly string[];
  readonly behind: readonly string[];
  readonly options: readonly TypedOption[];
}

function withCommand({ words, behind, options }: Words): Outcome<CommandLine> {
  const help = options.some((option) => option.name === 'help');
  const [first, second] = words;
  if (first === undefined && behind.length > 0) return withCommand({ words: behind, behind: [], options });
  if (first === undefined)
    return options.every((option) => isGlobal(option.name)) ? ok({ kind: 'help' }) : unplaced(options);
  if (first === 'help')
    return ok(second === undefined ? { kind: 'help' } : { kind: 'help', topic: words.slice(1).join(' ') });

  const found = findCommand(words);
  if (!found.ok) return found;
  const { spec, rest } = found.value;
  if (help) return ok({ kind: 'help', topic: second === undefined && groups.has(first) ? first : spec.name });
  const typed = readOptions(spec, spec.behind === undefined ? [...rest, ...behind] : rest, options);
  if (spec.behind !== undefined && typed.ok)
    return behind.length === 0
      ? wrong(
          spec,
          `The command is missing: it stands behind \`--\`, as in \`godwit ${spec.name} -- ${spec.behind.example}\`.`,
        )
      : ok({ kind: 'command', spec, typed: { ...typed.value, behind } });
  return typed.ok ? ok({ kind: 'command', spec, typed: typed.value }) : typed;
}

/** Finds the command that the first word, or the first two, name. */
function findCommand(
  words: readonly string[],
): Outcome<{ readonly spec: CommandSpec; readonly rest: readonly string[] }> {
  const [first = '', second] = words;
  const group = groups.get(first);
  const name = group === undefined ? first : second === undefined ? group.alone : `${first} ${second}`;
  const spec = commands.find((command) => command.name === name);
  if (spec !== undefined) return ok({ spec, rest: words.slice(group === undefined ? 1 : 2) });
  return err(unknownCommand(name, group !== undefined));
}

function unknownCommand(name: string, inGroup: boolean) {
  const names = inGroup
    ? commands.map((command) => command.name).filter((other) => other.startsWith(`${name.split(' ')[0] ?? ''} `))
    : [...new Set(commands.map((command) => command.name.split(' ')[0] ?? ''))];
  const near = nearest(name, names);
  return fault('wrong-usage', {
    why: `There is no command \`${name}\`.`,
    fix: near === undefined ? 'Run `godwit --help` for the list of commands.' : `Did you mean \`godwit ${near}\`?`,
  });
}

function unplaced(options: readonly TypedOption[]): Outcome<never> {
  const wrong = options.find((option) => !isGlobal(option.name));
  return err(fault('wrong-usage', { why: `${wrong?.raw ?? 'An option'} stands without a command.` }));
}

function isGlobal(name: string): boolean {
  return globalOptions.some((option) => option.name === name);
}

function readOptions(spec: CommandSpec, rest: readonly string[], options: readonly TypedOption[]): Outcome<Typed> {
  const allowed = new Map([...(spec.options ?? []), ...globalOptions].map((option) => [option.name, option]));
  const values: Record<string, string> = {};
  const lists: Record<string, readonly string[]> = {};
  const switches = new Set<string>();
  for (const option of options) {
    const known = allowed.get(option.name);
    if (known === undefined) return err(unknownOption(spec, option.raw, [...allowed.keys()]));
    if (known.value === undefined) {
      if (option.value !== undefined) return wrong(spec, `${option.raw} takes no value.`);
      switches.add(option.name);
    } else {
      if (option.value === undefined || option.value === '')
        return wrong(spec, `${option.raw} needs a value: ${option.raw} ${known.value}.`);
      if (known.many === true) {
        lists[option.name] = [...(lists[option.name] ?? []), option.value];
        continue;
      }
      if (values[option.name] !== undefined) return wrong(spec, `${option.raw} is given twice.`);
      values[option.name] = option.value;
    }
  }
  const counted = countArguments(spec, rest);
  return counted ?? ok({ arguments: rest, values, switches, lists });
}

function unknownOption(spec: CommandSpec, raw: string, names: readonly string[]) {
  const bare = raw.replace(/^-+/, '');
  if (/^(url|password|database-url|dsn)$/.test(bare)) {
    return fault('wrong-usage', {
      why: `There is no option ${raw}: every process on this machine can read command lines, so secrets do not belong there.`,
      fix: 'Set DATABASE_URL instead, or name an environment with -e.',
    });
  }
  const near = nearest(bare, names);
  return fault('wrong-usage', {
    why: `\`godwit ${spec.name}\` has no option ${raw}.`,
    fix:
      near === undefined
        ? `Run \`godwit ${spec.name} --help\` for its options.${behind(spec)}`
        : `Did you mean --${near}?`,
  });
}

function countArguments(spec: CommandSpec, rest: readonly string[]): Outcome<never> | undefined {
  const wanted = spec.arguments ?? [];
  const missing = wanted[rest.length];
  if (missing?.required === true) return wrong(spec, `${missing.name} is missing: ${missing.summary}.`);
  const many = wanted.at(-1)?.many === true;
  const surplus = rest[wanted.length];
  if (!many && surplus !== undefined) return wrong(spec, `The argument \`${surplus}\` is one too many.${behind(spec)}`);
  return undefined;
}

/** Whoever forgets the `--` is told of it. */
function behind(spec: CommandSpec): string {
  return spec.behind === undefined
    ? ''
    : ` What is to be executed stands behind \`--\`: \`godwit ${spec.name} -- ${spec.behind.example}\`.`;
}

function wrong(spec: CommandSpec, why: string): Outcome<never> {
  return err(fault('wrong-usage', { why, fix: `Run \`godwit ${spec.name} --help\` for its options and examples.` }));
}
