import { exitCodes } from '../kit/exit-code.ts';
import type { CommandSpec } from './command.ts';
import { argumentRows, optionRow, withOptions } from './help.ts';
import { optionSpecs } from './options/kinds.ts';
import { commandTable } from './table.ts';

const generated = '<!-- Generated from the sources; edits are overwritten. -->';

/** Writes docs/cli.md: every command with its options and examples. */
export function cliReference(): string {
  const { commands, groups, globalOptions } = commandTable;
  const specs = commands.map(({ spec }) => spec);
  return [
    generated,
    '',
    '# Commands',
    '',
    '## Exit codes',
    '',
    '| exit code | meaning |',
    '|---|---|',
    ...Object.entries(exitCodes).map(([code, meaning]) => `| ${code} | ${meaning} |`),
    '',
    '## Output',
    '',
    'The answers of commands that only ask (`status`, `plan`, `check`, `verify`, `runs list`, `runs show`, `explain`, `db url`, `--dry-run`, `--help`) go to standard output, so `godwit status | grep pending` and `godwit plan > plan.txt` work. Progress, warnings and findings go to standard error. With `--json`, standard output is one document. For commands marked *events*, it is one event per line; the last one is `run.finished`. The JSON Schemas are in `schemas/`.',
    '',
    'On a terminal, lines fit its width: they break at words, and names that are too long end in `…`. Commands to copy stay on one line. A pipe or a file gets every line whole. A long run shows what is under way on one line that moves; without a terminal, with `CI=true` and with `TERM=dumb` it is one line when the work takes longer than a moment, and one a minute. Times are those of your zone, and name it; a run is named by the first characters of its id, and any beginning that names only one run is accepted. JSON holds whole ids and times in UTC.',
    '',
    '## Options of every command',
    '',
    ...optionList(globalOptions.map(optionRow)),
    '',
    '## Everyday commands',
    '',
    ...[...groups].map(([name, group]) => `- \`godwit ${name}\` is short for \`godwit ${group.alone}\`.`),
    '',
    ...specs.filter(({ advanced }) => advanced !== true).flatMap(commandSection),
    '## Advanced commands',
    '',
    'You rarely need these: they maintain the history, the embedded server and your shell.',
    '',
    ...specs.filter(({ advanced }) => advanced === true).flatMap(commandSection),
  ].join('\n');
}

function commandSection(command: CommandSpec): readonly string[] {
  const rows = [...argumentRows(command), ...optionSpecs(command.options).map(optionRow)];
  return [
    `### ${command.name}`,
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
