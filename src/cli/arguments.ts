import { parseArgs } from 'node:util';
import { fault } from '../kit/fault.ts';
import { nearest } from '../kit/nearest.ts';
import { err, ok, type Outcome } from '../kit/outcome.ts';
import { argumentsOf, type Command, type CommandSpec, type CommandTable, type CommandWords } from './command.ts';
import { answerTo, answerToOption, answerToSecretOption, secretWord } from './other-tools.ts';
import { optionSpecs, type OptionSpec } from './options/kinds.ts';

/** What a command line means. `help` without a command is the help of the program, with a word that of a group. */
export type CommandLine =
  | { readonly kind: 'command'; readonly command: Command; readonly typed: CommandWords }
  | { readonly kind: 'help'; readonly topic?: string }
  | { readonly kind: 'version' };

/** These switches apply before the command line is parsed: they decide how its faults are reported. */
export function isTyped(argv: readonly string[], name: 'json' | 'no-color'): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? undefined : end).includes(`--${name}`);
}

/** Reads a command line (without `node` and the program's own name). */
export function readCommandLine(argv: readonly string[], table: CommandTable): Outcome<CommandLine> {
  const known = new Map<string, OptionSpec>();
  for (const option of [...table.commands.flatMap(({ spec }) => optionSpecs(spec.options)), ...table.globalOptions])
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
  // What follows `--` is the user's own command: godwit reads none of its words as an option.
  const behind: string[] = [];
  let terminated = false;
  const options: TypedOption[] = [];
  for (const token of tokens) {
    if (token.kind === 'option-terminator') terminated = true;
    else if (token.kind === 'positional') (terminated ? behind : words).push(token.value);
    else if (token.kind === 'option') options.push({ name: token.name, raw: token.rawName, value: valueOf(token) });
  }
  const secret = secretIn(words, options);
  if (secret !== undefined) return err(fault('wrong-usage', secret));
  const asksVersion = options.some(({ name }) => name === 'version' || name.toLowerCase() === 'v');
  if (asksVersion && words.length === 0) return ok({ kind: 'version' });
  return withCommand({ words, behind, options }, table);
}

/** An address or a password that is typed: the answer repeats no word of it. */
function secretIn(words: readonly string[], options: readonly TypedOption[]) {
  const named = options.map(({ name, raw }) => answerToSecretOption(name, raw));
  // `explain` takes whole logs, and tells of a credential in them itself; SQL may speak of a column `password`.
  const takesText = words[0] === 'explain' || (words[0] === 'db' && words[1] === 'sql');
  const texts = takesText ? [] : words;
  const typed = [...texts, ...options.map(({ value = '' }) => value)].map(secretWord);
  return [...named, ...typed].find((answer) => answer !== undefined);
}

/** In `--to --json`, `--json` is an option, not the value of `--to`. In `--to=--json` it is the value. */
function valueOf(token: { readonly value: string | undefined; readonly inlineValue: boolean | undefined }) {
  return token.inlineValue === false && token.value?.startsWith('--') === true ? '' : token.value;
}

interface TypedOption {
  readonly name: string;
  readonly raw: string;
  readonly value: string | undefined;
}

/** The parts of a command line. */
interface Words {
  readonly words: readonly string[];
  readonly behind: readonly string[];
  readonly options: readonly TypedOption[];
}

function withCommand({ words, behind, options }: Words, table: CommandTable): Outcome<CommandLine> {
  const { groups, globalOptions } = table;
  const isGlobal = (name: string): boolean => globalOptions.some((option) => option.name === name);
  const help = options.some((option) => option.name === 'help');
  const [first, second] = words;
  if (first === undefined && behind.length > 0) return withCommand({ words: behind, behind: [], options }, table);
  if (first === undefined) {
    const misplaced = options.find((option) => !isGlobal(option.name));
    return misplaced === undefined ? ok({ kind: 'help' }) : unplaced(misplaced);
  }
  if (first === 'help')
    return ok(second === undefined ? { kind: 'help' } : { kind: 'help', topic: words.slice(1).join(' ') });

  const found = findCommand(words, table);
  if (!found.ok) return found;
  const { command, rest } = found.value;
  const { spec } = command;
  if (help) return ok({ kind: 'help', topic: second === undefined && groups.has(first) ? first : spec.name });
  const own = spec.behind === undefined ? [] : behind;
  const typed = checkOptions(spec, options, globalOptions);
  if (!typed.ok) return typed;
  const plain = spec.behind === undefined ? [...rest, ...behind] : rest;
  const counted = countArguments(spec, plain);
  if (counted !== undefined) return counted;
  if (spec.behind !== undefined && own.length === 0)
    return wrong(
      spec,
      `The command is missing. It follows \`--\`, as in \`godwit ${spec.name} -- ${spec.behind.example}\`.`,
    );
  return ok({ kind: 'command', command, typed: { options: typed.value, words: plain, behind: own } });
}

/** Finds the command that the first word, or the first two, name. */
function findCommand(
  words: readonly string[],
  { commands, groups }: CommandTable,
): Outcome<{ readonly command: Command; readonly rest: readonly string[] }> {
  const [first = '', second] = words;
  const group = groups.get(first);
  const name = group === undefined ? first : second === undefined ? group.alone : `${first} ${second}`;
  const command = commands.find(({ spec }) => spec.name === name);
  if (command !== undefined) return ok({ command, rest: words.slice(group === undefined ? 1 : 2) });
  const names = commands.map(({ spec }) => spec.name);
  return err(
    unknownCommand(
      name,
      words,
      group === undefined ? names.map(firstWord) : names.filter((one) => firstWord(one) === first),
    ),
  );
}

function firstWord(name: string): string {
  return name.split(' ')[0] ?? '';
}

function unknownCommand(name: string, words: readonly string[], names: readonly string[]) {
  const answer = answerTo(words);
  const near = nearest(name, names);
  return fault('wrong-usage', {
    why: `There is no command \`${name}\`.`,
    fix:
      answer ??
      (near === undefined ? 'Run `godwit --help` for the list of commands.' : `Did you mean \`godwit ${near}\`?`),
  });
}

function unplaced({ raw }: TypedOption): Outcome<never> {
  const answer = answerToOption(raw.replace(/^-+/, ''), raw);
  if (answer !== undefined) return err(fault('wrong-usage', answer));
  return err(fault('wrong-usage', { why: `${raw} needs a command.` }));
}

/** Maps the name of each option to its typed values, unparsed; the command's kinds parse them later. */
function checkOptions(
  spec: CommandSpec,
  typed: readonly TypedOption[],
  globalOptions: readonly OptionSpec[],
): Outcome<CommandWords['options']> {
  const allowed = new Map([...optionSpecs(spec.options), ...globalOptions].map((option) => [option.name, option]));
  const values = new Map<string, readonly string[]>();
  for (const { name, raw, value } of typed) {
    const known = allowed.get(name);
    if (known === undefined) return err(unknownOption(spec, raw, [...allowed.keys()]));
    const before = values.get(name) ?? [];
    if (known.value === undefined) {
      if (value !== undefined) return wrong(spec, `${raw} takes no value.`);
      values.set(name, ['']);
    } else {
      if (value === undefined || value === '') return wrong(spec, `${raw} needs a value: ${raw} ${known.value}.`);
      if (before.length > 0 && known.many !== true) return wrong(spec, `${raw} is given twice.`);
      values.set(name, [...before, value]);
    }
  }
  return ok(values);
}

function unknownOption(spec: CommandSpec, raw: string, names: readonly string[]) {
  const bare = raw.replace(/^-+/, '');
  const answer = answerToOption(bare, raw);
  if (answer !== undefined) return fault('wrong-usage', answer);
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
  const wanted = argumentsOf(spec);
  const missing = wanted[rest.length];
  if (missing?.required === true) return wrong(spec, `${missing.name} is missing: ${missing.summary}.`);
  const many = wanted.at(-1)?.many === true;
  const surplus = rest[wanted.length];
  if (!many && surplus !== undefined) {
    const why = `The argument \`${surplus}\` is unexpected.${behind(spec)}`;
    const to = 'to' in spec.options && /^\d+$/.test(surplus);
    if (to) return err(fault('wrong-usage', { why, fix: `\`godwit ${spec.name} --to VERSION\` says where to stop.` }));
    return wrong(spec, why);
  }
  return undefined;
}

/** A hint about `--`: the user has probably forgotten it. */
function behind(spec: CommandSpec): string {
  return spec.behind === undefined
    ? ''
    : ` The command to execute follows \`--\`: \`godwit ${spec.name} -- ${spec.behind.example}\`.`;
}

function wrong(spec: CommandSpec, why: string): Outcome<never> {
  return err(fault('wrong-usage', { why, fix: `Run \`godwit ${spec.name} --help\` for its options and examples.` }));
}
