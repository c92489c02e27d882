import { entries } from './entry.ts';

/** Failures while statements run. */
export const applyFaults = entries({
  'statement-failed': {
    title: 'A statement failed; its migration was rolled back',
    why: 'The server refused it.',
    fix: 'Correct the statement and run the same command again: what was applied before stays applied.',
    exit: 40,
  },
  'partly-applied': {
    title: 'A statement failed in a migration that cannot run in one transaction',
    why: 'The server refused it. What stands before it is applied and recorded.',
    fix: 'Correct the failed statement (not those before it) and run the same command again: it resumes there.',
    exit: 41,
  },
  'not-transactional': {
    title: 'A statement cannot run inside a transaction',
    why: 'The server refused it with SQLSTATE 25001; the migration was rolled back.',
    fix: 'Put `-- godwit: transaction=none` on the first line of the file: its statements then run one by one.',
    exit: 40,
  },
  'lock-timeout': {
    title: 'A lock could not be had in time',
    why: 'Another session holds a lock on the same object. The migration was rolled back, so nobody waits behind it.',
    fix: 'Run the same command again when the session named is done, or end it with `select pg_terminate_backend(PID)`. `--lock-budget 30min` goes on trying for longer without stalling anybody; `-- godwit: lock-timeout=5s` in the file makes each try wait longer, and others behind it.',
    retryable: true,
    exit: 40,
  },
  deadlock: {
    title: 'The migration and another session waited for each other',
    why: 'The server ended the migration to free the other one, several times in a row. It was rolled back.',
    fix: 'Run the same command again at a quieter time, or lock the tables in the order in which the application does: `lock table a, b in access exclusive mode;` as the first statement.',
    retryable: true,
    exit: 40,
  },
  'transaction-escaped': {
    title: 'The migration ended its own transaction',
    why: 'A COMMIT or ROLLBACK was executed by its statements, so that they and the history could not be one.',
    fix: 'Remove it. What the file has committed by itself stands: compare with `godwit verify`, then mend the file.',
    exit: 40,
  },
  'interrupted-statement': {
    title: 'An earlier run died inside a statement whose effect cannot be told',
    why: 'The statement runs outside of transactions, and the catalogue does not show whether it took effect.',
    fix: 'Look at what it was to change. If it took effect, remove it from the file; if not, move it into a new migration behind this one. Then run again.',
    exit: 41,
  },
  'applied-part-changed': {
    title: 'The applied part of a partly applied migration was changed',
    why: 'A statement that has already been executed differs from the one recorded.',
    fix: 'Restore the statements before the failed one; only what has not run yet may change.',
    exit: 10,
  },
  'leftover-cleared': {
    title: 'What an interrupted statement had left half was cleared',
    why: 'A run died inside the statement, and the statement has been removed from the file since.',
    fix: 'Nothing is left to do. Put the statement back if its effect is still wanted.',
    severity: 'warning',
    exit: 0,
  },
  'taken-over': {
    title: 'Another run has taken over',
    why: 'It raised the epoch, so this run may not change anything any more.',
    fix: 'Look at `godwit runs list`; run the same command again if something is still pending.',
    retryable: true,
    exit: 20,
  },
  'took-over': {
    title: 'The database was taken from another run',
    why: 'It was asked for with --take-over.',
    fix: 'What that run had applied stands and is recorded; this one goes on from there.',
    severity: 'warning',
    exit: 0,
  },
  'bundle-damaged': {
    title: 'The bundle is not what was prepared',
    why: 'Its hash, a checksum or the border of a statement does not fit the bytes that arrived.',
    fix: 'Run the command again, which makes a new bundle.',
    exit: 10,
  },
  'runner-not-started': {
    title: 'The runner could not be started',
    why: 'The operating system refused to start the process.',
    fix: 'Run without `--detach`, or free memory and processes.',
    retryable: true,
    exit: 30,
  },
  'lines-lost': {
    title: 'Some of the run’s lines are missing',
    why: 'The runner has ended, and not everything that it said has arrived.',
    fix: '`godwit runs show RUN` tells what the history has of it.',
    severity: 'warning',
    exit: 0,
  },
  'outcome-unknown': {
    title: 'The outcome is not yet known',
    why: 'The connection was lost and the database could not be asked what happened.',
    fix: 'Run the same command again when the database is back: the history tells, and nothing is done twice.',
    retryable: true,
    exit: 42,
  },
});
