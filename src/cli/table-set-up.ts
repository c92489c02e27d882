import type { CommandSpec } from './command.ts';

/** Commands that need no database. */
export const setUpCommands: readonly CommandSpec[] = [
  {
    name: 'init',
    summary: 'Prepare a project: configuration, a first migration, .gitignore',
    about: ['Writes what is missing and never overwrites a file. Works in an empty folder and in an existing project.'],
    examples: [{ type: 'npx godwit init', does: 'start here' }],
    load: async () => (await import('./commands/init.ts')).init,
  },
  {
    name: 'new',
    summary: 'Create the next migration',
    arguments: [{ name: 'NAME', summary: 'what the migration does, such as add_users', required: true }],
    options: [{ name: 'down', summary: 'with a down file, for `godwit down`' }],
    examples: [
      { type: 'godwit new add_users', does: 'writes migrations/0002_add_users.sql' },
      { type: 'godwit new add_users --down', does: 'and migrations/0002_add_users.down.sql' },
    ],
    load: async () => (await import('./commands/new.ts')).newMigration,
  },
  {
    name: 'squash',
    summary: 'Write one migration in place of all up to a version',
    about: [
      'Puts the statements of all migrations up to this one into one file, with the directive `replaces`. They are run on a throwaway server, the file on another; it is written only if every object and the rows of every table are the same. The database is not asked.',
      'A database that has all of the replaced migrations records the file with its next `up` and executes nothing of it; a new one runs it alone.',
    ],
    arguments: [{ name: 'VERSION', summary: 'the last migration to squash', required: true }],
    options: [
      { name: 'name', value: 'NAME', summary: 'name of the file, behind its version (default: squashed)' },
      { name: 'remove', summary: 'remove the files that it replaces, and their companions' },
      {
        name: 'major',
        value: 'N',
        summary: 'rehearse on this major version of PostgreSQL (default: that of the embedded server)',
      },
    ],
    examples: [
      { type: 'godwit squash 50', does: 'writes migrations/0050_squashed.sql' },
      { type: 'godwit squash 50 --remove', does: 'and removes the fifty files' },
    ],
    load: async () => (await import('./commands/squash.ts')).squash,
  },
  {
    name: 'explain',
    summary: 'Explain a code: what is wrong, why, what to do',
    arguments: [{ name: 'CODE', summary: 'a code as findings show it; without it, all codes are listed' }],
    examples: [
      { type: 'godwit explain out-of-order', does: 'says what to do about a migration that was merged late' },
      { type: 'godwit explain', does: 'lists all codes' },
    ],
    load: async () => (await import('./commands/explain.ts')).explain,
  },
  {
    name: 'demo',
    summary: 'See the main job on a real project: plan, apply, verify, apply again',
    about: [
      'Takes the example project with 5 tables, 16 indexes, 4 views, 3 triggers and 6 seed rows to an embedded PostgreSQL in a temporary folder.',
    ],
    options: [
      { name: 'keep', value: 'FOLDER', summary: 'work in this folder and keep it, to look around afterwards' },
      {
        name: 'private-network',
        summary: 'with a database that only a private network reaches, by jobs of an emulated Cloud Run (Linux)',
      },
      { name: 'cloud-run', summary: 'by jobs of an emulated Cloud Run, without a network of its own' },
    ],
    examples: [
      { type: 'npx godwit demo', does: 'needs nothing but Node' },
      { type: 'npx godwit demo --private-network', does: 'shows the direct connection failing and the job succeeding' },
      { type: 'npx godwit demo --keep tour', does: 'leaves a project in ./tour to play with' },
    ],
    load: async () => (await import('./commands/demo.ts')).demo,
  },
  {
    name: 'completion',
    summary: 'Print the completion script of a shell',
    arguments: [{ name: 'SHELL', summary: 'bash, zsh or fish', required: true }],
    examples: [
      { type: 'source <(godwit completion bash)', does: 'for this shell; put it into ~/.bashrc to keep it' },
      { type: 'godwit completion fish > ~/.config/fish/completions/godwit.fish', does: 'for every fish shell' },
    ],
    load: async () => (await import('./commands/completion.ts')).completion,
  },
];
