import { entries } from './entry.ts';

/** Findings of verification. */
export const verifyFaults = entries({
  'check-failed': {
    title: 'A check failed',
    why: 'The database differs from what the applied migrations left, or one of your own checks returned an unexpected value.',
    fix: 'Restore what was changed outside godwit, or put the new definition into a new migration. To keep an object as it is now: `godwit verify --accept OBJECT --reason TEXT`.',
    exit: 50,
  },
  'check-warning': {
    title: 'A difference that may be intended',
    why: 'The application may have changed a seed row, or an object of the migrations has gained an addition.',
    fix: 'If the difference is intended, put it into a new migration. With `--strict`, such differences fail.',
    exit: 50,
    severity: 'warning',
  },
  'not-checked': {
    title: 'The effect of a statement cannot be predicted',
    why: 'The text of the statement does not show its effect (DO, CALL, EXECUTE, a function).',
    fix: 'Check what it does before you run it.',
    exit: 50,
    severity: 'note',
  },
  'bare-file-not-checked': {
    title: 'A standalone script was not checked',
    why: 'The script is applied, but does not belong to a migrations folder.',
    fix: 'Check it separately: `godwit verify --file PATH`.',
    exit: 50,
    severity: 'note',
  },
  'baseline-moved': {
    title: 'The baseline was matched by name',
    why: 'The database is on a different server than before, or has a different number there.',
    fix: 'Nothing to do. `godwit verify` names what is missing or has a different definition.',
    exit: 50,
    severity: 'note',
  },
  'drift-taken': {
    title: 'A migration changed an object that had been changed by hand',
    why: 'The object was not as the last run had left it. Its present state now counts as the migration’s.',
    fix: 'Check the object: the manual change may still be in it.',
    exit: 50,
    severity: 'warning',
  },
  'seed-not-followed': {
    title: 'Inserted rows are not followed',
    why: 'Godwit did not find the rows by key as the migration wrote them: they existed before, or a trigger, a rule or a later migration changed them.',
    fix: 'Nothing to do. If the rows matter, count them with `-- godwit: expect <query> => <literal>`.',
    exit: 50,
    severity: 'note',
  },
  'not-described': {
    title: 'The run’s changes were not described',
    why: 'The server rejected the query, so the baseline lacks what this run wrote.',
    fix: 'Nothing to do: the next `godwit up` describes the changes. Until then, `verify` omits them.',
    exit: 50,
    severity: 'warning',
  },
  'not-compared': {
    title: 'An object was not compared with the baseline',
    why: 'Another session holds an exclusive lock on the object, or the last run ended before it described the object.',
    fix: 'Run `godwit verify` again when the other session has ended. The next `godwit up` describes what is not described yet.',
    exit: 50,
    severity: 'note',
  },
  'accept-unknown': {
    title: 'There is no such object',
    why: 'No object with this name is in the baseline or among the differences.',
    fix: 'Write the name as `godwit verify` prints it, such as `public.users.email` or `index public.users_idx`.',
    exit: 2,
  },
  'accept-no-difference': {
    title: 'There is no difference to accept',
    why: 'The object matches the baseline.',
    fix: 'Run `godwit verify` to see what differs.',
    exit: 2,
  },
  'accept-without-reason': {
    title: 'The reason is missing',
    why: 'To accept a difference you must give a reason, which the history keeps.',
    fix: 'Add `--reason "…"`: who made the change, and why it may stay.',
    exit: 2,
  },
  'no-baseline': {
    title: 'There is no baseline to detect drift with',
    why: 'No run has described its changes yet: an earlier version of godwit wrote the history, or the last run ended too early.',
    fix: 'Nothing to do: the next `godwit up` that changes something starts the baseline with what it writes.',
    exit: 50,
    severity: 'note',
  },
});
