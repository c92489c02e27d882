import { argumentsOf, type CommandSpec, type CommandTable } from './command.ts';
import { optionSpecs, type OptionSpec } from './options/kinds.ts';
import type { Style } from './screen/style.ts';
import { table, tableLines } from './screen/table.ts';
import { wrapped } from './screen/wrap.ts';

/** The help of the program: one line for every command. */
export function programHelp(
  { commands, groups, globalOptions }: CommandTable,
  style: Style,
  width: number,
): readonly string[] {
  const listed = new Map<string, string>();
  for (const { spec } of commands) {
    const first = spec.name.split(' ')[0] ?? '';
    listed.set(first, groups.get(first)?.summary ?? spec.summary);
  }
  return [
    ...wrapped(`${style.bold('godwit')} carries SQL migrations into PostgreSQL and proves what happened there.`, width),
    '',
    `${style.bold('Usage')}: godwit COMMAND [options]`,
    '',
    style.bold('Commands'),
    ...columns([...listed], width),
    '',
    style.bold('Options of every command'),
    ...columns(globalOptions.map(optionRow), width),
    '',
    style.bold('Start'),
    ...columns(
      [
        ['godwit demo', 'see it work, with nothing but Node'],
        ['godwit init', 'prepare this folder'],
        ['godwit COMMAND --help', 'options and examples of one command'],
      ],
      width,
    ),
  ];
}

/** Help of a group such as `runs`, or of one command with its examples; undefined when there is no such topic. */
export function topicHelp(
  topic: string,
  all: CommandTable,
  style: Style,
  width: number,
): readonly string[] | undefined {
  const specs = all.commands.map(({ spec }) => spec);
  const spec = specs.find(({ name }) => name === topic);
  if (spec !== undefined) return commandHelp(spec, all.globalOptions, style, width);
  const group = all.groups.get(topic);
  if (group === undefined) return undefined;
  const members = specs.filter(({ name }) => name.startsWith(`${topic} `));
  return [
    ...wrapped(`${group.summary}.`, width),
    '',
    `${style.bold('Usage')}: godwit ${topic} COMMAND [options]`,
    '',
    style.bold('Commands'),
    ...columns(
      members.map((member) => [usageOf(member), member.summary]),
      width,
    ),
    '',
    `\`godwit ${topic}\` is short for \`godwit ${group.alone}\`.`,
  ];
}

/** `runs show RUN`, `new NAME`, `explain [CODE]` */
function usageOf(command: CommandSpec): string {
  const names = argumentsOf(command).map((argument) => {
    const name = argument.many === true ? `${argument.name}…` : argument.name;
    return argument.required === true ? name : `[${name}]`;
  });
  return [command.name, ...names, ...(command.behind === undefined ? [] : [`-- ${command.behind.name}`])].join(' ');
}

/** The usage line with `[options]`, which come before `--`. */
export function withOptions(command: CommandSpec): string {
  if (command.behind === undefined) return `${usageOf(command)} [options]`;
  return usageOf(command).replace(' -- ', ' [options] -- ');
}

function commandHelp(
  command: CommandSpec,
  globalOptions: readonly OptionSpec[],
  style: Style,
  width: number,
): readonly string[] {
  const section = (title: string, rows: readonly (readonly [string, string])[]) =>
    rows.length === 0 ? [] : ['', style.bold(title), ...columns(rows, width)];
  return [
    ...wrapped(`${command.summary}.`, width),
    ...(command.about ?? []).flatMap((paragraph) => ['', ...wrapped(paragraph, width)]),
    '',
    `${style.bold('Usage')}: godwit ${withOptions(command)}`,
    ...section('Arguments', argumentRows(command)),
    ...section('Options', optionSpecs(command.options).map(optionRow)),
    ...section('Options of every command', globalOptions.map(optionRow)),
    '',
    style.bold('Examples'),
    ...command.examples.flatMap(({ type, does }) => [`  ${type}`, ...wrapped(`      ${does}`, width).map(style.dim)]),
  ];
}

/** The arguments, and what follows `--`, as help shows them. */
export function argumentRows(command: CommandSpec): readonly (readonly [string, string])[] {
  const { behind } = command;
  const shown = [...argumentsOf(command), ...(behind === undefined ? [] : [behind])];
  return shown.map(({ name, summary }) => [name, summary]);
}

/** One option as help shows it: its names, then what it does. */
export function optionRow(option: OptionSpec): readonly [string, string] {
  const short = option.short === undefined ? '' : `-${option.short}, `;
  const value = option.value === undefined ? '' : ` ${option.value}`;
  return [`${short}--${option.name}${value}`, option.summary];
}

function columns(rows: readonly (readonly [string, string])[], width: number): readonly string[] {
  return tableLines(
    table(
      rows.map(([left, right]) => [`  ${left}`, right]),
      [],
    ),
    width,
  );
}
