import { entries } from './entry.ts';

/** Findings of verification. */
export const verifyFaults = entries({
  'check-failed': {
    title: 'A check failed',
    why: 'The database differs from what the applied migrations state.',
    fix: 'Restore the object, or state the new form in a new migration.',
    exit: 50,
  },
});
