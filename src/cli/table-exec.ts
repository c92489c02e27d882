import type { CommandSpec } from './command.ts';

/** Commands of the user's own, executed where migrations are. */
export const execCommands: readonly CommandSpec[] = [
  {
    name: 'exec',
    summary: 'Execute a command of your own next to the database: another migrator, a test suite',
    about: [
      'The command is executed where migrations are: on this machine, or in a job inside the private network, in the image of the environment (`image.own`) or `--image`. It gets the address of the database as DATABASE_URL, and GODWIT_RUN and GODWIT_ENVIRONMENT; no shell reads its arguments. Before it, the database is checked as before a migration; while it works, it holds the database, so that no run of godwit changes anything beneath it (`--no-lock`: it does not). What it was and how it ended is recorded.',
      'Its output is passed on; of a very long one, the beginning and the end. The exit code is 0 or 40: --json tells that of the command.',
    ],
    behind: { name: 'COMMAND ARGS…', summary: 'the program and its arguments', example: 'npm test' },
    options: [
      { name: 'image', value: 'REF', summary: 'the image to execute it in, in place of the configured one' },
      {
        name: 'timeout',
        value: 'DURATION',
        summary: 'how long it may take, such as 10min or 2h (default: no limit; in a job 24h)',
      },
      { name: 'no-lock', summary: 'do not hold the database: runs may change it meanwhile' },
      { name: 'detach', summary: 'let it go on by itself; `runs attach` shows it' },
      {
        name: 'wait',
        value: 'DURATION',
        summary: 'how long to wait for another run, such as 30s or 5min (default: 60s)',
      },
      { name: 'take-over', summary: 'end the live run that holds the database; recorded' },
    ],
    examples: [
      { type: 'godwit exec -- npm test', does: 'the tests, against the local database' },
      { type: 'godwit exec -e dev -- alembic upgrade head', does: 'another migrator, inside the private network' },
      { type: 'godwit exec -e dev --no-lock --timeout 10min -- npm run smoke', does: 'while migrations may run' },
    ],
    events: true,
    load: async () => (await import('./commands/exec.ts')).exec,
  },
];
