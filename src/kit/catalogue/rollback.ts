import { entries } from './entry.ts';

/** Undoing migrations, and drafting the files that do it. */
export const rollbackFaults = entries({
  'down-missing': {
    title: 'There is no down file',
    why: 'Godwit undoes a migration with its `.down.sql` file (or `rollback_<name>.sql` for a standalone script).',
    fix: 'Write the down file next to the migration; `godwit down --draft VERSION` proposes one.',
    exit: 10,
  },
  'down-from-history': {
    title: 'A migration without a file is to be undone from the history',
    why: 'The migration’s files are not here. The history keeps the text of its down file, and godwit has not read that text yet.',
    fix: 'Run the command again with the newest godwit.',
    exit: 10,
  },
  'down-recorded': {
    title: 'A migration without a file is undone with its recorded text',
    why: 'The migration’s files are not here. `up` kept the text of its down file in the history.',
    fix: "Nothing to do. To read the text: select convert_from(body, 'UTF8') from godwit.recorded_down.",
    exit: 10,
    severity: 'note',
  },
  'down-not-kept': {
    title: 'A down file is too large to be kept in the history',
    why: 'The history keeps down files of up to 256 KiB, so that godwit can undo a migration after its files are gone.',
    fix: 'Nothing to do: `godwit down` reads the file. If you delete the file, bring it back before you undo the migration.',
    exit: 10,
    severity: 'note',
  },
  'down-empty': {
    title: 'The down file is empty',
    why: 'The file contains no statements. Running it would undo nothing, yet record the migration as undone.',
    fix: 'Write the statements that undo the migration, in reverse order.',
    exit: 10,
  },
  'half-way': {
    title: 'A migration is partly applied',
    why: 'An earlier run applied or undid part of it outside a transaction, and then failed.',
    fix: 'Finish it first: `godwit up` if it was being applied, `godwit down` if it was being undone. `godwit up --resume-up` reapplies the part that was undone.',
    exit: 10,
  },
  'not-brought-back': {
    title: 'Godwit cannot be certain how to reapply what was undone',
    why: '`godwit up --resume-up` reapplies only indexes that a single statement of the migration builds or drops.',
    fix: 'Run `godwit down` to finish undoing the migration, then `godwit up`.',
    exit: 10,
  },
  'down-loses-rows': {
    title: 'Rolling back would destroy rows',
    why: 'The down file drops, empties or deletes from tables with rows that the migration did not create.',
    fix: 'Save the rows, then run again with `--allow-row-loss N`, where N is at least the number of rows shown.',
    exit: 10,
  },
  'rows-uncounted': {
    title: 'The rows that would be destroyed cannot be counted',
    why: 'A rollback destroys only rows that were counted first, and the server did not allow the count.',
    fix: 'Grant godwit’s role SELECT on the table, or membership in the role that owns it, and run again.',
    exit: 10,
  },
  'nothing-to-undo': {
    title: 'There is nothing to undo',
    why: 'No applied migration matches.',
    fix: 'Run `godwit status` to see what is applied.',
    exit: 10,
  },
  'down-there': {
    title: 'The migration already has a down file',
    why: 'Godwit drafts a down file only for a migration that has none, and never overwrites one.',
    fix: 'Use the file: `godwit down`. To have another one drafted, move or delete it.',
    exit: 10,
  },
  'draft-not-rehearsed': {
    title: 'The migrations up to this one cannot be rehearsed',
    why: 'One of the migrations fails on a throwaway server, so godwit cannot know what the requested one does.',
    fix: 'Write the down file by hand. If the migrations need another major version of PostgreSQL, name it: `--major N`.',
    exit: 10,
  },
  'draft-empty': {
    title: 'There is nothing that a draft could undo',
    why: 'No change that the migration makes can be reversed by a statement.',
    fix: 'Write the down file by hand.',
    exit: 10,
  },
  'draft-not-proven': {
    title: 'The draft does not restore everything',
    why: 'On a throwaway server, some objects differed from before after the draft had run.',
    fix: 'Complete the draft by hand; the differences are listed above. Nothing was changed.',
    exit: 50,
  },
});
