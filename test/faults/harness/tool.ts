import {
  startCommand,
  startHere,
  startProcess,
  startTogetherHere,
  startTogetherProcess,
  type StartAttempt,
} from './attempt.ts';
import { auditOf } from './audit.ts';
import { judgeAttempt, type Wrong } from './check.ts';
import { judgeTogether } from './all-or-none.ts';
import { readRecords, type Records } from './database-state.ts';
import type { CaseDatabase } from './workbench.ts';

/** A tool that carries the migrations into the database. */
export interface Tool {
  readonly name: string;
  /** The cheapest way to start it: for faults that end no process. */
  readonly start: StartAttempt;
  /** In a process of its own. */
  readonly startProcess: StartAttempt;
  /** How many undisturbed attempts it may take to recover. */
  readonly recoveries: number;
  records(database: CaseDatabase): Promise<Records>;
  /** What its exit code says that is not so. */
  readonly judge: typeof judgeAttempt;
  /** What may at no moment be seen in the database, whatever was done to an attempt. */
  readonly seen?: (database: CaseDatabase) => Promise<readonly Wrong[]>;
  /** What else its own bookkeeping says. */
  audit(database: CaseDatabase): Promise<readonly Wrong[]>;
}

/** Ours. One attempt must do. */
export const godwit: Tool = {
  name: 'godwit',
  start: startHere,
  startProcess,
  recoveries: 1,
  records: readRecords,
  judge: judgeAttempt,
  audit: auditOf,
};

/** All migrations in one transaction: all of them are there, or none. */
export const godwitTogether: Tool = {
  ...godwit,
  name: 'godwit up --tx all',
  start: startTogetherHere,
  startProcess: startTogetherProcess,
  seen: judgeTogether,
};

/** The same by its command: with the analysis, the ledger and the screen around the runner. */
export const godwitCommand: Tool = { ...godwit, name: 'godwit up', start: startCommand, startProcess: startCommand };
