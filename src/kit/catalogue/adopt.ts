import { entries } from './entry.ts';

/** Databases that exist already: whether they are the expected ones, and what they contain. */
export const adoptFaults = entries({
  'wrong-database': {
    title: 'The environment is pinned to a different database',
    why: 'The identity in godwit.lock.json differs from the identity of the database.',
    fix: 'Check the URL. If you moved the environment on purpose: `godwit adopt --identity --reason TEXT`.',
    exit: 10,
  },
  'objects-gone': {
    title: 'Everything that the applied migrations made is gone',
    why: 'The database has its history, but none of the tables that its migrations made: someone has emptied it.',
    fix: '`godwit verify` names everything that is missing. Restore the database from a backup, or start again: `godwit db reset --up`, or `DROP SCHEMA godwit CASCADE` and `godwit up`.',
    exit: 10,
  },
  'copied-from-unpinned': {
    title: 'The original of a copied environment is not pinned',
    why: 'Godwit changes an environment with `"identity": "copied-from NAME"` only when it can tell that the database is not NAME itself.',
    fix: 'Pin NAME and commit godwit.lock.json: `godwit up -e NAME` pins it, even if nothing is pending.',
    exit: 10,
  },
  'identity-without-reason': {
    title: 'Settling the identity needs a reason',
    why: 'The history records why a database became that of its environment, who decided it and when.',
    fix: 'Add one: `godwit adopt --identity --reason "restored from the backup of 10:40"`.',
    exit: 2,
  },
  'identity-unconfirmed': {
    title: 'The identity was not settled',
    why: 'You did not answer yes, so nothing was changed.',
    fix: 'Answer `yes`, or add `--yes`.',
    exit: 10,
  },
  'adopt-next': {
    title: 'The remaining migrations are not in the database',
    why: 'None of the objects that they make is there. The migrations before them were recorded.',
    fix: 'Run `godwit plan` to see the pending migrations.',
    exit: 10,
    severity: 'note',
  },
  'adopt-not-proven': {
    title: 'The database does not contain what the migration makes',
    why: 'An object differs from the result of the migrations on a throwaway server.',
    fix: 'See the differences above. Change the object to match the migration and adopt again, or record the migration without proof: `godwit adopt --baseline VERSION`.',
    exit: 10,
  },
  'adopt-rows': {
    title: 'The migration changes rows',
    why: 'The system catalogue does not show whether its statements have run.',
    fix: 'If they have run, name the migration: `godwit adopt VERSION` records it without proof. If not, see `godwit plan`.',
    exit: 10,
  },
  'adopt-not-rehearsed': {
    title: 'The migration cannot be rehearsed',
    why: 'The migration fails on a throwaway server, so godwit cannot know what it makes.',
    fix: 'If it has run in this database, `godwit adopt --baseline VERSION` records everything up to it without proof.',
    exit: 10,
  },
  'adopt-differs': {
    title: 'Details that may differ from the rehearsal do differ',
    why: 'Owner, tuning, versions or additional grants differ from the rehearsal.',
    fix: 'Nothing to do: godwit accepted the database as it is.',
    exit: 10,
    severity: 'note',
  },
  'rehearsal-unavailable': {
    title: 'The migrations cannot be rehearsed on this machine',
    why: 'Godwit could not start a throwaway PostgreSQL of the database’s major version.',
    fix: '`godwit adopt --baseline VERSION` records everything up to a version without proof.',
    exit: 10,
  },
});
