import { entries } from './entry.ts';

/** Findings of verification. */
export const verifyFaults = entries({
  'check-failed': {
    title: 'A check failed',
    why: 'The database differs from what the applied migrations left, or a check of your own found something else.',
    fix: 'Restore what was changed behind the migrations’ back, or state the new form in a new migration. To keep an object as it is now: `godwit verify --accept OBJECT --reason TEXT`.',
    exit: 50,
  },
  'check-warning': {
    title: 'Something differs that need not be wrong',
    why: 'The application may have changed a seed row, or somebody has added something to an object of the migrations.',
    fix: 'If it is meant, state it in a new migration; `--strict` makes such differences fail.',
    exit: 50,
    severity: 'warning',
  },
  'not-checked': {
    title: 'What a statement would do cannot be told',
    why: 'Its effect cannot be seen in its text (DO, CALL, EXECUTE, a function).',
    fix: 'Look at what it does before you run it.',
    exit: 50,
    severity: 'note',
  },
  'bare-file-not-checked': {
    title: 'A bare file was not checked',
    why: 'It is applied, but belongs to no folder of migrations.',
    fix: 'Check it by itself: `godwit verify --file PATH`.',
    exit: 50,
    severity: 'note',
  },
  'baseline-moved': {
    title: 'The baseline was found again by names',
    why: 'The database lies on another server than before, or under another number there.',
    fix: 'Nothing needs to be done. `godwit verify` names what is not there or has another definition.',
    exit: 50,
    severity: 'note',
  },
  'drift-taken': {
    title: 'A migration changed what had been changed by hand before',
    why: 'The object was not as the last run had left it. What it is now belongs to the migration.',
    fix: 'Look at the object: what was changed by hand may still be in it.',
    exit: 50,
    severity: 'warning',
  },
  'seed-not-followed': {
    title: 'Inserted rows are not followed',
    why: 'They were not found by their key as the migration wrote them: they were there before, or a trigger, a rule or a later migration changed them.',
    fix: 'Nothing needs to be done. If the rows matter, count them with `-- godwit: expect <query> => <literal>`.',
    exit: 50,
    severity: 'note',
  },
  'not-described': {
    title: 'What the run did was not described',
    why: 'The server refused the question, so the baseline lacks what this run wrote.',
    fix: 'The next `godwit up` describes it; until then `verify` leaves it out.',
    exit: 50,
    severity: 'warning',
  },
  'not-compared': {
    title: 'An object was not compared with the baseline',
    why: 'Another session holds it exclusively, or the last run ended before it was described.',
    fix: 'Run `godwit verify` again when the other session has ended. What is not described yet the next `godwit up` describes.',
    exit: 50,
    severity: 'note',
  },
  'accept-unknown': {
    title: 'There is no such object',
    why: 'Neither the baseline nor what differs from it has an object by this name.',
    fix: 'Write the name as `godwit verify` prints it, such as `public.users.email` or `index public.users_idx`.',
    exit: 2,
  },
  'accept-no-difference': {
    title: 'There is no difference to accept',
    why: 'The object is as the baseline has it.',
    fix: 'Run `godwit verify` to see what differs.',
    exit: 2,
  },
  'accept-without-reason': {
    title: 'The reason is missing',
    why: 'A difference is taken into the baseline with a reason, which stays in the history.',
    fix: 'Add `--reason "…"`: who changed it, and why it may stay.',
    exit: 2,
  },
  'no-baseline': {
    title: 'There is no baseline for drift yet',
    why: 'No run has described yet what it wrote: an earlier version of godwit made the history, or the last run ended before that.',
    fix: 'The next `godwit up` that changes something begins it, with what it writes.',
    exit: 50,
    severity: 'note',
  },
});
