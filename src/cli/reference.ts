import { exitCodes } from '../kit/exit-code.ts';
import type { CommandSpec } from './command.ts';
import { optionRow, withOptions } from './help.ts';
import { commands, globalOptions, groups } from './table.ts';

const generated = '<!-- Generated from the sources; edits are overwritten. -->';

/** docs/cli.md: every command with its options and examples. */
export function cliReference(): string {
  return [
    generated,
    '',
    '# Commands',
    '',
    'People read standard error, programs read standard output. With `--json` standard output is one document, or, for commands marked *events*, one event per line, the last being `run.finished`. Their JSON Schemas are in `schemas/`.',
    '',
    '| exit code | meaning |',
    '|---|---|',
    ...Object.entries(exitCodes).map(([code, meaning]) => `| ${code} | ${meaning} |`),
    '',
    '## Options of every command',
    '',
    ...optionList(globalOptions.map(optionRow)),
    '',
    ...commands.flatMap(commandSection),
    '## Words with a second level',
    '',
    ...[...groups].map(([name, group]) => `- \`godwit ${name}\` alone is \`godwit ${group.alone}\`.`),
    '',
  ].join('\n');
}

function commandSection(command: CommandSpec): readonly string[] {
  const rows = [
    ...[...(command.arguments ?? []), ...(command.behind === undefined ? [] : [command.behind])].map(
      ({ name, summary }) => [name, summary] as const,
    ),
    ...(command.options ?? []).map(optionRow),
  ];
  return [
    `## ${command.name}`,
    '',
    `${command.summary}.${command.events === true ? ' *Events* with `--json`.' : ''}`,
    ...(command.about ?? []).flatMap((paragraph) => ['', paragraph]),
    '',
    '```',
    `godwit ${withOptions(command)}`,
    '```',
    '',
    ...(rows.length === 0 ? [] : [...optionList(rows), '']),
    '```sh',
    ...command.examples.map((example) => `${example.type}   # ${example.does}`),
    '```',
    '',
  ];
}

function optionList(rows: readonly (readonly [string, string])[]): readonly string[] {
  return rows.map(([names, summary]) => `- \`${names}\`: ${summary}`);
}
