import { choice, count, duration, flag, path, text, version } from './kinds.ts';

// Options that have the same meaning in several commands.

export const to = version('the last migration to apply');
export const file = path(
  'PATH',
  'a standalone script outside the migrations folder; rollback_<name>.sql is its down file',
);
export const allowRowLoss = count('N', 'let the rollback destroy up to N rows that its migrations did not insert');
export const outOfOrder = flag('also apply pending migrations older than the newest applied one');
export const resumeUp = flag('apply again what an unfinished `down` has already undone');
export const tx = choice(
  ['each', 'all'],
  'a transaction for each migration, or one for all of them: all are applied, or none (default: each)',
);
/** 0 and 3 are about what is pending; 10 and 30 are the same without it. */
export const exitCode = flag('end with 3 if something is pending, with 10 if anything is wrong; 0: neither');
export const strict = flag('fail on warnings and on objects that could not be compared');
export const plan = path('FILE', 'apply exactly this reviewed plan, or refuse');
export const wait = duration('how long to wait for another run to end, such as 30s or 5min (default: 60s)');
export const lockBudget = duration('how long a migration may retry to acquire a lock that others hold (default: 5min)');
export const takeOver = flag('end the run that holds the database and resume from there; recorded');
export const onDisconnect = choice(
  ['cancel', 'finish'],
  'what the server does with a statement whose runner is cut off (default: cancel)',
);
export const waiveCheckpoint = text('REASON', 'skip the checkpoint that the policy requires; the reason is recorded');
export const fresh = flag('query the database now; do not show the newest known result (Cloud Run)');
