import type { CommandSpec } from './command.ts';

/** Commands for the embedded server. */
export const databaseCommands: readonly CommandSpec[] = [
  {
    name: 'db start',
    summary: 'Start the embedded PostgreSQL and leave it running',
    examples: [{ type: 'godwit db start', does: 'it stays up until `godwit db stop`' }],
    load: async () => (await import('./commands/db.ts')).start,
  },
  {
    name: 'db stop',
    summary: 'Stop the embedded PostgreSQL',
    examples: [{ type: 'godwit db stop', does: 'the data stay in .godwit/' }],
    load: async () => (await import('./commands/db.ts')).stop,
  },
  {
    name: 'db status',
    summary: 'Say whether the embedded PostgreSQL runs, and where',
    examples: [{ type: 'godwit db status', does: 'version, process, folder' }],
    load: async () => (await import('./commands/db.ts')).status,
  },
  {
    name: 'db url',
    summary: 'Print the URL of the embedded PostgreSQL, password included',
    examples: [{ type: 'DATABASE_URL=$(godwit db url) npm run dev', does: 'give it to your application' }],
    load: async () => (await import('./commands/db.ts')).url,
  },
  {
    name: 'db restore',
    summary: 'Bring the embedded PostgreSQL back to a checkpoint',
    about: [
      'Puts the copy of the data directory that was taken before a run in the place of the present one, and starts the server on it once. What was there is kept beside it until the next restore.',
    ],
    arguments: [{ name: 'ID', summary: 'the run that the checkpoint was taken for; without it they are listed' }],
    examples: [
      { type: 'godwit db restore', does: 'lists the checkpoints' },
      { type: 'godwit db restore 01J9', does: 'the beginning of an id will do' },
    ],
    load: async () => (await import('./commands/db-restore.ts')).restore,
  },
  {
    name: 'db upgrade',
    summary: 'Bring the embedded PostgreSQL to another major version',
    about: [
      'The applied migrations run anew on a server of that major; the rows of all tables and the history are copied, compared by their number and a hash, and everything is verified. The old data stay in their place until then, and are kept afterwards. What no migration made, or was changed by hand, is named, and stops it.',
    ],
    options: [
      { name: 'to', value: 'MAJOR', summary: 'the major version (default: that of the configuration, or 18)' },
      { name: 'lose-rest', summary: 'leave behind what no migration made; it stays in the old data' },
    ],
    examples: [
      { type: 'godwit db upgrade', does: 'after `"major": 18` was written into the configuration' },
      { type: 'godwit db upgrade --to 17', does: 'to a certain one' },
    ],
    load: async () => (await import('./commands/db-upgrade.ts')).upgrade,
  },
  {
    name: 'db reset',
    summary: 'Drop the database and make it anew, empty (embedded or on this machine)',
    about: [
      'For the database of the environment, if it is the embedded one or on this machine, and not protected. Everything in it is lost, the history too; sessions of others are ended and named. Asks first; where nobody can be asked, say --yes. The new database has the owner, encoding and locale of the old one.',
    ],
    options: [{ name: 'up', summary: 'then apply all migrations' }],
    examples: [
      { type: 'godwit db reset --up', does: 'begin anew after an applied file was changed' },
      { type: 'godwit db reset --yes', does: 'in a script' },
    ],
    load: async () => (await import('./commands/db-reset.ts')).reset,
  },
  {
    name: 'db sql',
    summary: 'Run SQL on the embedded PostgreSQL, without psql',
    arguments: [{ name: 'SQL', summary: 'statements; without them, standard input is read' }],
    examples: [
      { type: 'godwit db sql "select * from users"', does: 'prints the rows' },
      { type: 'godwit db sql --json "select 1 as one"', does: 'rows as JSON' },
      { type: 'godwit db sql < query.sql', does: 'from a file' },
    ],
    load: async () => (await import('./commands/db.ts')).sql,
  },
];
