import { entries } from './entry.ts';

/** Reaching the database, and what it allows us. */
export const databaseFaults = entries({
  'database-unreachable': {
    title: 'The database cannot be reached',
    why: 'No connection could be opened.',
    fix: 'Check host, port and network.',
    retryable: true,
    exit: 30,
  },
  'database-read-only': {
    title: 'The database is read-only',
    why: 'It is a standby, or default_transaction_read_only is on.',
    fix: 'Point the environment to the primary server.',
    exit: 10,
  },
  'database-too-old': {
    title: 'The server is too old',
    why: 'Godwit supports PostgreSQL 14 to 18.',
    fix: 'Upgrade the server.',
    exit: 10,
  },
  'no-privilege': {
    title: 'The role lacks a privilege',
    why: 'The database refused with SQLSTATE 42501.',
    fix: 'Grant the privilege named above to the role.',
    exit: 10,
  },
  'history-newer': {
    title: 'The history was written by a newer godwit',
    why: 'Schema godwit has a version that this program does not know.',
    fix: 'Upgrade godwit.',
    exit: 10,
  },
  busy: {
    title: 'Another run holds the database',
    why: 'A run is in progress.',
    fix: 'Wait until it has finished; `godwit runs list` shows it.',
    retryable: true,
    exit: 20,
  },
});
