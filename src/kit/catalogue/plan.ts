import { entries } from './entry.ts';

/** Faults found by comparing the folder with the history, and by policy. Nothing has changed when they are reported. */
export const planFaults = entries({
  'migration-changed': {
    title: 'An applied migration was changed',
    why: 'The statements of the file differ from those that were applied.',
    fix: 'Restore the file, and put the change into a new migration.',
    exit: 10,
  },
  'migration-reformatted': {
    title: 'Comments or white space of an applied migration were changed',
    why: 'The statements are the same as when the migration was applied, so nothing would run differently.',
    fix: 'Nothing to do. To remove the warning, restore the file.',
    exit: 10,
    severity: 'warning',
  },
  'migration-filled': {
    title: 'A migration that was recorded without statements now has statements',
    why: 'The file was empty when godwit recorded it, so none of its statements has run.',
    fix: 'Nothing to do: `godwit up` executes it. To keep it as recorded, remove the statements.',
    exit: 10,
    severity: 'warning',
  },
  'migration-empty': {
    title: 'A pending migration contains no statements',
    why: 'The file is empty or contains only comments. Godwit would record it as applied, and statements added later would never run.',
    fix: 'Write its statements, or delete the file and its companions.',
    exit: 10,
  },
  'migration-missing': {
    title: 'An applied migration has no file',
    why: 'The history names a migration that the folder does not contain.',
    fix: 'Bring the file back (it may be on another branch). If another repository applied it, give this project its own `set` in the configuration.',
    exit: 10,
  },
  'database-ahead': {
    title: 'The database is ahead of the files here',
    why: 'The database has migrations that are newer than every file in the folder. A later release applied them, and this folder belongs to an earlier release or to another branch.',
    fix: 'If this is an earlier release that works with the newer schema, nothing to do. To undo the newer migrations, run `godwit down`.',
    exit: 10,
    severity: 'warning',
  },
  'bare-name-taken': {
    title: 'Another standalone script with this name is applied',
    why: 'Godwit identifies a standalone script by its name, regardless of its folder.',
    fix: 'Give one of the two another name. If it is the same file and was changed since, restore its applied content.',
    exit: 10,
  },
  'migration-renamed': {
    title: 'An applied migration was renamed',
    why: 'A file has the content of an applied migration but a different version or name.',
    fix: 'Give the file its old name back.',
    exit: 10,
  },
  'out-of-order': {
    title: 'A pending migration is older than the newest applied one',
    why: 'The file was probably merged late from another branch. Databases would run the migrations in different orders.',
    fix: 'Give it a new, higher version, or apply it anyway with `godwit up --out-of-order`.',
    exit: 10,
  },
  'unknown-run': {
    title: 'There is no such run',
    why: 'No run with this id is in the history or the ledger.',
    fix: 'Run `godwit runs list`; the beginning of an id is enough. For a run of another environment, add -e NAME.',
    exit: 2,
  },
  'run-not-detached': {
    title: 'The run cannot be followed from here',
    why: 'It is at work, and was started without --detach: only the process that started it receives its events.',
    fix: '`godwit runs show RUN` shows how far it is, and `godwit runs cancel RUN` stops it at the next safe point.',
    exit: 2,
  },
  'audit-broken': {
    title: 'The audit chain is broken',
    why: 'Someone changed, added or removed rows in schema godwit without using godwit.',
    fix: 'Find out who has write access to schema godwit, and compare with a backup.',
    exit: 50,
  },
  'prune-refused': {
    title: 'Nothing was pruned',
    why: 'Godwit prunes only a history whose audit chain is intact, because pruning would hide alterations.',
    fix: 'Run `godwit runs verify-chain`, and restore the rows that it names from a backup.',
    exit: 10,
  },
  'unknown-version': {
    title: 'No migration has this version',
    why: 'The version given with `--to` is not in the migrations folder.',
    fix: 'Run `godwit status` to see the versions. With `down`, `--to 0` means before the first one.',
    exit: 2,
  },
  'plan-changed': {
    title: 'The plan no longer matches',
    why: 'What would run now differs from the reviewed plan: a file, a mode or the history has changed since.',
    fix: 'Run `godwit plan --out FILE` again and have the new plan reviewed.',
    exit: 10,
  },
  'needs-approval': {
    title: 'A protected environment needs an approval',
    why: 'A protected environment accepts a reviewed plan, or a person who types the environment’s name.',
    fix: 'Run `godwit plan --out FILE`, have it reviewed, then run `godwit up --plan FILE`. Or type the name when asked.',
    exit: 10,
  },
  'needs-checkpoint': {
    title: 'This run needs a checkpoint first',
    why: 'The environment’s policy requires a recovery point before this run.',
    fix: 'Godwit takes the checkpoint if it has a method for this database (docs/checkpoints.md). Otherwise take a backup yourself and run again with `--waive-checkpoint "REASON"`, which godwit records, or set the policy to `"checkpoint": "never"`.',
    exit: 10,
  },
  'checkpoint-failed': {
    title: 'The checkpoint could not be taken',
    why: 'The run needs a recovery point, and godwit could not make one or could not verify it. Nothing was changed.',
    fix: 'Fix the problem above and run again. Or take a backup yourself and add `--waive-checkpoint "REASON"`.',
    exit: 10,
  },
  'checkpoint-unknown': {
    title: 'There is no such checkpoint',
    why: 'No checkpoint of this environment has this id.',
    fix: 'Run `godwit db restore` without an id to list the checkpoints.',
    exit: 2,
  },
  'destroys-rows': {
    title: 'This run would destroy rows',
    why: 'A pending migration drops or empties a table or column that is not empty.',
    fix: 'If that is intended, run again with `--destroy-rows`, or have the plan reviewed (`godwit plan --out FILE`, then `godwit up --plan FILE`), or allow it in the file (`-- godwit: allow=… reason="…"`).',
    exit: 10,
  },
});
