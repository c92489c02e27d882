import type { CommandSpec, CommandTable, OptionSpec } from './command.ts';
import { databaseCommands } from './table-database.ts';
import { execCommands } from './table-exec.ts';
import { runCommands } from './table-runs.ts';
import { setUpCommands } from './table-set-up.ts';

/** Options that every command takes. */
export const globalOptions: readonly OptionSpec[] = [
  { name: 'env', short: 'e', value: 'NAME', summary: 'the environment to work on (default: local)' },
  { name: 'config', value: 'FILE', summary: 'the configuration file (default: godwit.config.ts, .mjs or .json)' },
  { name: 'json', summary: 'print JSON on standard output' },
  { name: 'yes', summary: 'answer questions with yes, in unprotected environments; never that rows may go' },
  { name: 'no-color', summary: 'no colours (also: NO_COLOR=1)' },
  { name: 'help', short: 'h', summary: 'show help' },
  { name: 'version', summary: 'show the version' },
];

/** All commands, in the order of the help. */
export const commands: readonly CommandSpec[] = [
  ...setUpCommands,
  ...runCommands,
  ...execCommands,
  ...databaseCommands,
];

/** The first words of commands with a second level, and what the first word alone means. */
export const groups: CommandTable['groups'] = new Map([
  ['runs', { summary: 'Runs: list, show, attach, cancel, prune, verify the audit chain', alone: 'runs list' }],
  ['db', { summary: 'The embedded PostgreSQL server: start, stop, status, URL, SQL, reset', alone: 'db status' }],
]);

export const commandTable: CommandTable = { commands, groups, globalOptions };
