import { entries } from './entry.ts';

/** What can be wrong with a migration file and its SQL text. */
export const sqlFaults = entries({
  'sql-syntax': {
    title: 'SQL syntax error',
    why: 'PostgreSQL’s grammar does not accept this statement.',
    fix: 'Correct the statement at the place shown.',
    exit: 10,
  },
});
