import { expect, test } from 'vitest';
import { programHelp, topicHelp } from './help.ts';
import { completionScript } from './completion.ts';
import { createStyle } from './screen/style.ts';
import { commands, commandTable } from './table.ts';

const plain = createStyle(false);

test('the help of the program names every command once', () => {
  expect(programHelp(plain)).toMatchInlineSnapshot(`
    "godwit carries SQL migrations into PostgreSQL and proves what happened there.

    Usage: godwit COMMAND [options]

    Commands
      init        Prepare a project: configuration, a first migration, .gitignore
      new         Create the next migration
      squash      Write one migration in place of all up to a version
      explain     Explain a code: what is wrong, why, what to do
      demo        See the main job on a real project: plan, apply, verify, apply again
      completion  Print the completion script of a shell
      status      Show what is applied and what is pending
      plan        Show what would run, without changing anything
      up          Apply pending migrations, verify them, record them
      down        Undo the last migration, or all after a version, by their down files
      verify      Check that the database is what the applied migrations state
      adopt       Take over a database whose tables are there already
      runs        Runs: list, show, attach, cancel, prune, verify the audit chain
      exec        Execute a command of your own next to the database: another migrator, a test suite
      db          The embedded PostgreSQL server: start, stop, status, URL, SQL, reset

    Options of every command
      -e, --env NAME  the environment to work on (default: local)
      --config FILE   the configuration file (default: godwit.config.ts, .mjs or .json)
      --json          print JSON on standard output
      --yes           answer questions with yes, in unprotected environments; never that rows may go
      --no-color      no colours (also: NO_COLOR=1)
      -h, --help      show help
      --version       show the version

    Start
      godwit demo            see it work, with nothing but Node
      godwit init            prepare this folder
      godwit COMMAND --help  options and examples of one command
    "
  `);
});

test('the help of a command shows options and examples', () => {
  expect(topicHelp('down', plain)).toMatchInlineSnapshot(`
    "Undo the last migration, or all after a version, by their down files.

    Where the files of a migration are gone, the text is used that \`up\` has kept in the history.

    Usage: godwit down [options]

    Options
      --to VERSION                   undo everything after this version (0: everything)
      --file PATH                    one bare SQL file outside the migrations’ folder; its down file is rollback_<name>.sql
      --lose N                       rows that a rollback may destroy beyond those the migrations created themselves
      --dry-run                      only show the plan
      --fresh                        ask the database now, instead of showing the newest known result (Cloud Run)
      --plan FILE                    do exactly what this reviewed plan says, or nothing
      --waive-checkpoint REASON      go on without the checkpoint that the policy asks for; the reason is recorded
      --wait DURATION                how long to wait for another run, such as 30s or 5min (default: 60s)
      --lock-budget DURATION         how long a migration may go on trying for locks that others hold (default: 5min)
      --take-over                    end the live run that holds the database, and go on from where it stands; recorded
      --on-disconnect cancel|finish  what the server does with a statement whose runner has gone (default: cancel)
      --draft VERSION                propose a down file for a migration that has none, and try it on a throwaway server
      --write                        with --draft: write it beside the migration instead of printing it
      --major N                      with --draft: major version of that server (default: the embedded one’s, or 18)

    Options of every command
      -e, --env NAME  the environment to work on (default: local)
      --config FILE   the configuration file (default: godwit.config.ts, .mjs or .json)
      --json          print JSON on standard output
      --yes           answer questions with yes, in unprotected environments; never that rows may go
      --no-color      no colours (also: NO_COLOR=1)
      -h, --help      show help
      --version       show the version

    Examples
      godwit down
          undo the last migration
      godwit down --to 3
          undo 4 and everything after it
      godwit down --file fix_prices.sql
          runs rollback_fix_prices.sql
      godwit down --draft 7 --write
          writes a down file for migration 7
    "
  `);
});

test('the help of a group lists its commands', () => {
  expect(topicHelp('db', plain)).toMatchInlineSnapshot(`
    "The embedded PostgreSQL server: start, stop, status, URL, SQL, reset

    Usage: godwit db COMMAND [options]

    Commands
      db start         Start the embedded PostgreSQL and leave it running
      db stop          Stop the embedded PostgreSQL
      db status        Say whether the embedded PostgreSQL runs, and where
      db url           Print the URL of the embedded PostgreSQL, password included
      db restore [ID]  Bring the embedded PostgreSQL back to a checkpoint
      db upgrade       Bring the embedded PostgreSQL to another major version
      db reset         Drop the database and make it anew, empty (embedded or on this machine)
      db sql [SQL]     Run SQL on the embedded PostgreSQL, without psql

    \`godwit db\` alone is \`godwit db status\`.
    "
  `);
});

test('no line of any help is wider than 120 columns', () => {
  for (const { name } of commands) {
    for (const line of (topicHelp(name, plain) ?? '').split('\n')) expect(line.length, line).toBeLessThanOrEqual(120);
  }
});

test('there is no help for what is no command', () => {
  expect(topicHelp('nothing', plain)).toBeUndefined();
});

test.each(['bash', 'zsh', 'fish'])('the completion of %s knows every command and option', (shell) => {
  const script = completionScript(shell, commandTable) ?? '';
  for (const { name, options } of commands) {
    for (const word of name.split(' ')) expect(script).toContain(word);
    for (const option of options ?? []) expect(script).toContain(option.name);
  }
});
