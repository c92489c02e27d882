import { entries } from './entry.ts';

/** Failures while statements run. */
export const applyFaults = entries({
  'statement-failed': {
    title: 'A statement failed',
    why: 'The server refused it; its migration was rolled back.',
    fix: 'Correct the statement and run `godwit up` again.',
    exit: 40,
  },
  'partly-applied': {
    title: 'A statement failed in a migration that runs without a transaction',
    why: 'What stands before the failed statement is applied and recorded.',
    fix: 'Correct the failed statement and run `godwit up` again: it resumes there.',
    exit: 41,
  },
  'outcome-unknown': {
    title: 'The outcome is not yet known',
    why: 'The connection was lost and the database could not be asked what happened.',
    fix: 'Run `godwit status` when the database is back: the history tells.',
    retryable: true,
    exit: 42,
  },
});
