import { entries } from './entry.ts';

/** Faults found by comparing the folder with the history, and by policy. Nothing has changed when they are reported. */
export const planFaults = entries({
  'migration-changed': {
    title: 'An applied migration was changed',
    why: 'The file’s checksum differs from the one recorded when it was applied.',
    fix: 'Restore the file, and put the change into a new migration.',
    exit: 10,
  },
  'migration-reformatted': {
    title: 'Comments or white space of an applied migration were changed',
    why: 'Its statements are the same as when it was applied, so nothing would run differently.',
    fix: 'Nothing needs to be done; restoring the file makes the note go away.',
    exit: 10,
    severity: 'warning',
  },
  'migration-missing': {
    title: 'An applied migration has no file',
    why: 'The history names a migration that the folder does not contain.',
    fix: 'Bring the file back (it may be on another branch).',
    exit: 10,
  },
  'bare-name-taken': {
    title: 'Another bare file of this name is applied',
    why: 'A bare file is known by its name, whatever folder it lies in.',
    fix: 'Give one of the two another name; if it is the same file, changed since, bring its applied content back.',
    exit: 10,
  },
  'migration-renamed': {
    title: 'An applied migration was renamed',
    why: 'A file with the same content as an applied migration has another version or name.',
    fix: 'Give the file its old name back.',
    exit: 10,
  },
  'out-of-order': {
    title: 'A pending migration is older than the newest applied one',
    why: 'It was probably merged late from another branch. The order in which migrations run would differ between databases.',
    fix: 'Give it a new, higher version, or run `godwit up --out-of-order` to apply it all the same.',
    exit: 10,
  },
  'unknown-run': {
    title: 'There is no such run',
    why: 'Neither the history nor the ledger knows a run with this id.',
    fix: 'Run `godwit runs list`; the beginning of an id is enough. A run of another environment is found with -e NAME.',
    exit: 2,
  },
  'audit-broken': {
    title: 'The audit chain is broken',
    why: 'Rows in schema godwit were changed, added or removed by somebody else than godwit.',
    fix: 'Find out who has write access to schema godwit, and compare with a backup.',
    exit: 50,
  },
  'unknown-version': {
    title: 'No migration has this version',
    why: 'The version given with `--to` is not in the migrations folder.',
    fix: 'Run `godwit status` to see the versions; `--to 0` with `down` means before the first one.',
    exit: 2,
  },
  'plan-changed': {
    title: 'The plan no longer holds',
    why: 'What would run now differs from the reviewed plan: a file, a mode or the history has changed since.',
    fix: 'Run `godwit plan --out FILE` again and have the new plan reviewed.',
    exit: 10,
  },
  'needs-approval': {
    title: 'A protected environment needs an approval',
    why: 'Protected environments take a plan reviewed beforehand, or the name of the environment typed by a person.',
    fix: 'Run `godwit plan --out FILE`, have it reviewed, then `godwit up --plan FILE`; or type the name when asked.',
    exit: 10,
  },
  'needs-checkpoint': {
    title: 'This run needs a checkpoint first',
    why: 'The environment’s policy asks for a recovery point before a run like this one.',
    fix: 'Godwit takes it where it has the means (docs/checkpoints.md). Otherwise take a backup yourself, then run again with `--waive-checkpoint "REASON"`, which is recorded; or set the policy to `"checkpoint": "never"`.',
    exit: 10,
  },
  'checkpoint-failed': {
    title: 'The checkpoint could not be taken',
    why: 'The run needs a recovery point, and making or reading it back failed. Nothing was changed.',
    fix: 'Mend what is named and run again; or take a backup yourself and say so with `--waive-checkpoint "REASON"`.',
    exit: 10,
  },
  'checkpoint-unknown': {
    title: 'There is no such checkpoint',
    why: 'No checkpoint of this environment has this id.',
    fix: '`godwit db restore` without an id lists them.',
    exit: 2,
  },
  'wrong-database': {
    title: 'This is not the database that the environment is pinned to',
    why: 'The identity in godwit.lock.json differs from the one found in the database.',
    fix: 'Check the URL. If the environment was moved on purpose, remove its entry from godwit.lock.json.',
    exit: 10,
  },
  'down-missing': {
    title: 'There is no down file',
    why: 'A migration is undone by its own `.down.sql` file (or `rollback_<name>.sql` for a bare file).',
    fix: 'Write the down file beside the migration.',
    exit: 10,
  },
  'down-empty': {
    title: 'The down file is empty',
    why: 'It contains no statement, so running it would undo nothing, and the migration would be recorded as undone.',
    fix: 'Write the statements that undo the migration, in reverse order.',
    exit: 10,
  },
  'half-way': {
    title: 'A migration stands in part',
    why: 'An earlier run has applied or undone a part of it, outside of a transaction, and then failed.',
    fix: 'Finish it first: `godwit up` if it was being applied, `godwit down` if it was being undone.',
    exit: 10,
  },
  'down-loses-rows': {
    title: 'Rolling back would destroy rows',
    why: 'Tables that the down file drops hold rows that the migration did not create.',
    fix: 'Save them, then run again with `--lose N`, N being at least the number of rows shown.',
    exit: 10,
  },
  'nothing-to-undo': {
    title: 'Nothing to undo',
    why: 'No applied migration fits.',
    fix: 'Run `godwit status` to see what is applied.',
    exit: 10,
  },
  'adopt-next': {
    title: 'The rest of the migrations has not been applied',
    why: 'Nothing of what they state is in the database; what stands before them was recorded.',
    fix: '`godwit up` applies them.',
    exit: 10,
    severity: 'note',
  },
  'adopt-not-proven': {
    title: 'The database does not contain what the migration makes',
    why: 'Some of the derived checks fail, so the migration cannot be recorded as applied.',
    fix: 'Apply it with `godwit up`, or record it without proof with `godwit adopt --baseline VERSION`.',
    exit: 10,
  },
});
