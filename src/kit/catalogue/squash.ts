import { entries } from './entry.ts';

/** Squashed migrations: files that replace others. Nothing has changed when these are reported. */
export const squashFaults = entries({
  'squash-in-part': {
    title: 'Only a part of what a squashed migration replaces is applied',
    why: 'The database stands between two of the migrations that the file replaces, and their files are gone.',
    fix: 'Check out the last release that has the replaced files, run `godwit up` with it, then again with this one.',
    exit: 10,
  },
  'squash-waits': {
    title: 'A squashed migration waits for what it replaces',
    why: 'The database has only some of the migrations that the file replaces, and their files are in the folder.',
    fix: 'Nothing needs to be done: once all of them are applied, `godwit up` records it.',
    exit: 10,
    severity: 'note',
  },
  'version-squashed': {
    title: 'The version was squashed',
    why: 'It is one of several that one file replaces: there is nothing between them any more.',
    fix: 'Name the version of the squashed file, or one outside of what it replaces.',
    exit: 10,
  },
  'squash-not-rehearsed': {
    title: 'A squashed migration has not been rehearsed',
    why: 'All that it replaces is applied, and it is recorded once a throwaway server has shown that it makes the same.',
    fix: 'Run `godwit up` where it may start one and wait for it (not with `--detach`).',
    exit: 10,
  },
  'squash-differs': {
    title: 'A squashed migration does not make what it replaces has made',
    why: 'Something is not on a throwaway server, where it has run, as the replaced migrations left it here.',
    fix: 'Correct the squashed file, so that new databases become as this one is; `godwit squash` writes one that is proven.',
    exit: 10,
  },
  'squash-rows': {
    title: 'A squashed migration changes rows, and nobody knows whether these are there',
    why: 'The statement is none of those that the replaced migrations executed here.',
    fix: 'Look whether its effect is there; then name the migration, `godwit adopt VERSION`, and it is recorded without that proof.',
    exit: 10,
  },
  'squash-nothing': {
    title: 'There is nothing to squash',
    why: 'Fewer than two migrations stand up to this version.',
    fix: 'Name a later version.',
    exit: 10,
  },
  'squash-fails': {
    title: 'The migrations cannot be rehearsed',
    why: 'One of them fails on a throwaway server, where nothing was there before the first of them.',
    fix: 'Correct it, or squash up to the one before it. If another major version of PostgreSQL takes them, name it: `--major N`.',
    exit: 10,
  },
  'squash-not-proven': {
    title: 'One file does not make what the migrations make',
    why: 'On a throwaway server not everything was the same once the statements had run from one file.',
    fix: 'No file was written. What differs between two runs of the same statements has to be written otherwise in a migration.',
    exit: 10,
  },
});
