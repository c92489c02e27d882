import { expect, test } from 'vitest';
import { programHelp, topicHelp } from './help.ts';
import { completionScript } from './commands/completion/script.ts';
import { createStyle } from './screen/style.ts';
import { optionSpecs } from './options/kinds.ts';
import { commandTable } from './table.ts';

const plain = createStyle(false);

test('the help of the program names every command once', () => {
  expect(programHelp(commandTable, plain, 100).join('\n')).toMatchInlineSnapshot(`
    "godwit carries SQL migrations into PostgreSQL and proves what happened there.

    Usage: godwit COMMAND [options]

    Commands
      init        Prepare a project: configuration, a first migration, .gitignore
      new         Create the next migration
      squash      Combine all migrations up to a version into one
      explain     Explain a code, or the codes in a log: what is wrong, why, and what to do
      demo        See godwit work on a real project: plan, apply, verify, checkpoint, record
      completion  Print the completion script of a shell
      status      Show which migrations are applied and which are pending
      check       Check migrations and configuration without a database
      plan        Show what would run, and change nothing
      up          Apply pending migrations, verify the result and record it
      down        Undo the last migration, or everything after a version, with down files
      verify      Check that the database is what the applied migrations made it
      adopt       Take over a database whose tables exist already
      runs        List, show, attach to, cancel and prune runs; verify the audit log
      exec        Run a command of your own next to the database: another migrator, a test suite
      db          Start, stop, query, reset and upgrade the embedded PostgreSQL

    Options of every command
      -e, --env NAME   the environment to work on (default: local)
      --config FILE    the configuration file (default: godwit.config.ts, .mjs or .json)
      --env-file FILE  a file with further environment variables, such as .env
      --json           print JSON on standard output
      --yes            answer yes when asked to confirm; not in protected environments, never to destroy
                       rows
      --no-color       print without colours, as NO_COLOR=1 does
      -h, --help       show this help
      --version        show the version

    Start
      godwit demo            see it work, with nothing but Node
      godwit init            prepare this folder
      godwit COMMAND --help  options and examples of one command"
  `);
});

test('the help of a command shows options and examples', () => {
  expect(topicHelp('down', commandTable, plain, 100)?.join('\n')).toMatchInlineSnapshot(`
    "Undo the last migration, or everything after a version, with down files.

    If the files of a migration are gone, godwit uses the text that \`up\` stored in the history.

    Usage: godwit down [options]

    Options
      --to VERSION                   undo everything after this version (0: everything)
      --file PATH                    a standalone script outside the migrations folder;
                                     rollback_<name>.sql is its down file
      --allow-row-loss N             let the rollback destroy up to N rows that its migrations did not
                                     insert
      --dry-run                      show the plan and change nothing
      --fresh                        query the database now; do not show the newest known result (Cloud
                                     Run)
      --plan FILE                    apply exactly this reviewed plan, or refuse
      --waive-checkpoint REASON      skip the checkpoint that the policy requires; the reason is
                                     recorded
      --wait DURATION                how long to wait for another run to end, such as 30s or 5min
                                     (default: 60s)
      --lock-budget DURATION         how long a migration may retry to acquire a lock that others hold
                                     (default: 5min)
      --take-over                    end the run that holds the database and resume from there; recorded
      --on-disconnect cancel|finish  what the server does with a statement whose runner is cut off
                                     (default: cancel)
      --draft VERSION                draft the missing down file of a migration and try it on a
                                     throwaway server
      --write                        with --draft: write the file next to the migration; do not print it
      --major N                      with --draft: major version of that server (default: the embedded
                                     one’s, or 18)

    Options of every command
      -e, --env NAME   the environment to work on (default: local)
      --config FILE    the configuration file (default: godwit.config.ts, .mjs or .json)
      --env-file FILE  a file with further environment variables, such as .env
      --json           print JSON on standard output
      --yes            answer yes when asked to confirm; not in protected environments, never to destroy
                       rows
      --no-color       print without colours, as NO_COLOR=1 does
      -h, --help       show this help
      --version        show the version

    Examples
      godwit down
          undo the last migration
      godwit down --to 3
          undo 4 and everything after it
      godwit down --file fix_prices.sql
          run rollback_fix_prices.sql
      godwit down --draft 7 --write
          write a down file for migration 7"
  `);
});

test('the help of a group lists its commands', () => {
  expect(topicHelp('db', commandTable, plain, 100)?.join('\n')).toMatchInlineSnapshot(`
    "Start, stop, query, reset and upgrade the embedded PostgreSQL.

    Usage: godwit db COMMAND [options]

    Commands
      db start         Start the embedded PostgreSQL and leave it running
      db stop          Stop the embedded PostgreSQL
      db status        Show whether the embedded PostgreSQL is running, and where
      db url           Print the URL of the embedded PostgreSQL, including its password
      db sql [SQL]     Run SQL on the embedded PostgreSQL, without psql
      db reset         Drop the database and create it again, empty (embedded or on this machine)
      db restore [ID]  Restore the embedded PostgreSQL from a checkpoint
      db upgrade       Move the embedded PostgreSQL to another major version

    \`godwit db\` is short for \`godwit db status\`."
  `);
});

test('no line of any help is wider than the terminal, except a command to copy', () => {
  for (const width of [40, 60, 80, 100]) {
    const lines = commandTable.commands.flatMap(({ spec }) => topicHelp(spec.name, commandTable, plain, width) ?? []);
    const wide = [...lines, ...programHelp(commandTable, plain, width)].filter((line) => line.length > width);
    expect(wide.filter((line) => !/^  (?:npx )?godwit |DATABASE_URL|^Usage: /.test(line))).toEqual([]);
  }
});

test('there is no help for what is no command', () => {
  expect(topicHelp('nothing', commandTable, plain, 80)).toBeUndefined();
});

test.each(['bash', 'zsh', 'fish'])('the completion of %s knows every command and option', (shell) => {
  const script = completionScript(shell, commandTable) ?? '';
  for (const { spec } of commandTable.commands) {
    for (const word of spec.name.split(' ')) expect(script).toContain(word);
    for (const option of optionSpecs(spec.options)) expect(script).toContain(option.name);
  }
});
