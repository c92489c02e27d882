import type { CommandSpec, CommandTable } from '../../command.ts';
import { optionSpecs, type OptionSpec } from '../../options/kinds.ts';

/** The completion script of a shell, made from the table of commands; undefined for an unknown shell. */
export function completionScript(shell: string, table: CommandTable): string | undefined {
  if (shell === 'bash') return bash(table);
  if (shell === 'zsh') return `#compdef godwit\nautoload -U +X bashcompinit && bashcompinit\n${bash(table)}`;
  return shell === 'fish' ? fish(table) : undefined;
}

function firstWords({ commands }: CommandTable): readonly string[] {
  return [...new Set(commands.map(({ spec }) => spec.name.split(' ')[0] ?? ''))];
}

function bash(table: CommandTable): string {
  const { globalOptions, groups } = table;
  const commands = table.commands.map(({ spec }) => spec);
  const members = (group: string) => commands.filter((command) => command.name.startsWith(`${group} `));
  const optionsOf = (command: CommandSpec) => [...optionSpecs(command.options), ...globalOptions];
  const words = (options: readonly OptionSpec[]) => options.map((option) => `--${option.name}`).join(' ');
  const byGroup = [...groups.keys()].map(
    (group) =>
      `    ${group}) words="${members(group)
        .map((member) => member.name.split(' ')[1])
        .join(' ')}" ;;`,
  );
  const all = new Map([...globalOptions, ...commands.flatMap(optionsOf)].map((option) => [option.name, option]));
  const paths = [...all.values()].filter(({ path }) => path === true).map(({ name }) => `--${name}`);
  const choices = [...all.values()].flatMap(({ name, choices: words }) =>
    words === undefined
      ? []
      : [`    --${name}) COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$current")); return ;;`],
  );
  const byCommand = commands.map((command) => `    "${command.name}") options="${words(optionsOf(command))}" ;;`);
  return `# bash completion for godwit
_godwit() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local first="\${COMP_WORDS[1]}" second="\${COMP_WORDS[2]}" words="" options=""
  case "$previous" in
    ${paths.join('|')}) COMPREPLY=($(compgen -f -- "$current")); return ;;
${choices.join('\n')}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${firstWords(table).join(' ')}" -- "$current"))
    return
  fi
  case "$first" in
${byGroup.join('\n')}
    completion) words="bash zsh fish" ;;
  esac
  case "$first\${words:+ $second}" in
${byCommand.join('\n')}
    completion*) options="" ;;
    *) options="${words(globalOptions)}" ;;
  esac
  if [ "$COMP_CWORD" -eq 2 ] && [ -n "$words" ] && [ "\${current#-}" = "$current" ]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  fi
}
complete -o bashdefault -o default -F _godwit godwit
`;
}

function fish(table: CommandTable): string {
  const { globalOptions, groups } = table;
  const commands = table.commands.map(({ spec }) => spec);
  const quote = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const flags = (condition: string, option: OptionSpec) =>
    `complete -c godwit${condition} -l ${option.name}${option.short === undefined ? '' : ` -s ${option.short}`}${option.value === undefined ? '' : valuesOf(option)} -d ${quote(option.summary)}`;
  const valuesOf = ({ path, choices }: OptionSpec) =>
    choices === undefined ? (path === true ? ' -r -F' : ' -x') : ` -x -a ${quote(choices.join(' '))}`;
  const lines = ['# fish completion for godwit', 'complete -c godwit -f'];
  for (const word of firstWords(table)) {
    const summary = groups.get(word)?.summary ?? commands.find((command) => command.name === word)?.summary ?? '';
    lines.push(`complete -c godwit -n __fish_use_subcommand -a ${word} -d ${quote(summary)}`);
  }
  for (const option of globalOptions) lines.push(flags('', option));
  for (const command of commands) {
    const [first = '', second] = command.name.split(' ');
    const seen = `__fish_seen_subcommand_from ${first}`;
    if (second !== undefined)
      lines.push(`complete -c godwit -n ${quote(seen)} -a ${second} -d ${quote(command.summary)}`);
    const condition = second === undefined ? seen : `${seen}; and __fish_seen_subcommand_from ${second}`;
    for (const option of optionSpecs(command.options)) lines.push(flags(` -n ${quote(condition)}`, option));
  }
  lines.push(`complete -c godwit -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'`);
  return `${lines.join('\n')}\n`;
}
