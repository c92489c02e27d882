import { entries } from './entry.ts';

/** Squashed migrations: files that replace others. Nothing has changed when these are reported. */
export const squashFaults = entries({
  'squash-in-part': {
    title: 'Only some of the migrations that a squashed file replaces are applied',
    why: 'The database is between two of the replaced migrations, and their files are gone.',
    fix: 'Check out the last release that contains the replaced files and run `godwit up`, then run it again with this release.',
    exit: 10,
  },
  'squash-waits': {
    title: 'A squashed migration waits for the migrations that it replaces',
    why: 'Only some of the replaced migrations are applied, and their files are in the folder.',
    fix: 'Nothing to do: once all of them are applied, `godwit up` records the squashed migration.',
    exit: 10,
    severity: 'note',
  },
  'version-squashed': {
    title: 'The version was squashed',
    why: 'One file replaces this version and others, so a run can no longer stop between them.',
    fix: 'Name the version of the squashed file, or a version outside the range that it replaces.',
    exit: 10,
  },
  'squash-not-rehearsed': {
    title: 'A squashed migration has not been rehearsed',
    why: 'All migrations that it replaces are applied. Godwit records the squashed migration once a rehearsal on a throwaway server has shown that it makes the same objects.',
    fix: 'Run `godwit up` on a machine that can start a throwaway server, and without `--detach`.',
    exit: 10,
  },
  'squash-differs': {
    title: 'A squashed migration makes something other than the migrations that it replaces',
    why: 'An object that it made on a throwaway server differs from what the replaced migrations left in this database.',
    fix: 'Correct the squashed file, so that new databases become like this one; `godwit squash` writes a proven file.',
    exit: 10,
  },
  'squash-rows': {
    title: 'A squashed migration changes rows, and godwit cannot tell whether they are there',
    why: 'None of the replaced migrations executed this statement in this database.',
    fix: 'Check whether its effect is there. If it is, name the migration with `godwit adopt VERSION`, which records it without that proof.',
    exit: 10,
  },
  'squash-nothing': {
    title: 'There is nothing to squash',
    why: 'The folder has fewer than two migrations up to this version.',
    fix: 'Name a later version.',
    exit: 10,
  },
  'squash-fails': {
    title: 'The migrations cannot be rehearsed',
    why: 'One of them fails on a throwaway server, which is empty before the first of them.',
    fix: 'Correct that migration, or squash up to the one before it. If they need another major version of PostgreSQL, name it: `--major N`.',
    exit: 10,
  },
  'squash-not-proven': {
    title: 'One file does not make what the migrations make',
    why: 'On a throwaway server, the statements left a different result when they ran from one file.',
    fix: 'No file was written. If a statement gives a different result each time it runs, rewrite it in its migration.',
    exit: 10,
  },
});
