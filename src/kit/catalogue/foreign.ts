import { entries } from './entry.ts';

/** Histories of other tools in the same database. */
export const foreignFaults = entries({
  'foreign-history': {
    title: 'Another tool has migrated this database',
    why: 'The database has the history table of another migration tool, and godwit has recorded nothing yet.',
    fix: '`godwit adopt --from auto` records what that tool has applied, as far as the database proves it. If its migrations are not those of this folder: `godwit up --ignore-foreign TOOL`.',
    exit: 10,
  },
  'foreign-unsettled': {
    title: 'The history of the other tool is not settled',
    why: 'A migration failed or is under way, so its history does not say what is applied.',
    fix: 'See what the migration has left in the database, complete or undo it, and settle it with that tool. Then run the command again.',
    exit: 10,
  },
  'foreign-absent': {
    title: 'There is no history of that tool',
    why: 'No table of the database looks like the history of that tool.',
    fix: '`godwit adopt` works without one: it compares the database with the migrations.',
    exit: 10,
  },
  'foreign-without-file': {
    title: 'The history of the other tool holds migrations that the folder does not have',
    why: 'Nothing in the folder has the version or the name of these entries, so godwit cannot record them.',
    fix: 'If they are repeatable migrations, code, or files that you have removed, nothing is to be done. Otherwise set `migrations` to the folder of that tool, or bring the files back.',
    exit: 10,
    severity: 'warning',
  },
  'foreign-alone': {
    title: 'The database holds a migration that the other tool has not recorded',
    why: 'What the migration makes is in the database, but the history of the other tool does not hold it.',
    fix: 'If somebody has applied it by hand, `godwit adopt VERSION` records it. Otherwise remove what is left of it before the next `godwit up`.',
    exit: 10,
  },
  'foreign-gap': {
    title: 'The other tool has passed over a migration',
    why: 'A later migration is applied and this one is not, so it stays pending.',
    fix: 'If it is still to be applied: `godwit up --out-of-order`.',
    exit: 10,
    severity: 'warning',
  },
  'foreign-believed': {
    title: 'Recorded because the other tool says so',
    why: 'The system catalogue does not show whether these migrations have run.',
    fix: 'Nothing to do, unless the other tool is wrong about them.',
    exit: 10,
    severity: 'note',
  },
});
