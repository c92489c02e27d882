import type { ObjectName } from './catalogue-object.ts';
import type { Pruning } from './pruning.ts';

/** One row of godwit.migration: what became part of the history, in order. None is ever deleted. */
export interface HistoryRow {
  readonly seq: number;
  readonly id: string;
  readonly name: string;
  readonly file: string;
  readonly checksum: string;
  readonly kind: 'applied' | 'reverted' | 'adopted' | 'baseline' | 'squashed';
  readonly run: string;
  /** Server's time, ISO 8601 UTC. */
  readonly at: string;
  readonly ms: number;
  readonly by: string;
  /** The schema that its unqualified names stood for. */
  readonly schema: string;
}

/** One row of godwit.run: one attempt, whatever became of it. */
export interface RunRow {
  readonly run: string;
  readonly command: string;
  readonly outcome: string;
  readonly exitCode: number | null;
  readonly by: string;
  readonly from: string;
  readonly commit: string;
  readonly tool: string;
  readonly planHash: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly ms: number;
  readonly applied: number;
  readonly failure: string;
  /** The checkpoint taken for it, or who waived it and why; empty when none was asked for. */
  readonly checkpoint: string;
  /** Of a command: what was executed; of `verify --accept`: what was taken; of `adopt --identity`: what was settled. */
  readonly about?: RunAbout;
}

/**
 * What a run of `exec` has executed, one of `verify --accept` has taken into the baseline, one of `adopt --identity` has
 * settled, or `runs prune` has removed.
 */
export interface RunAbout {
  /** The program and its arguments, masked; or the objects, as typed. */
  readonly words: readonly string[];
  /** The hook that it is, and the run that it follows. */
  readonly hook?: string;
  readonly follows?: string;
  /** Number of the last row of the history when it began: what it has seen. */
  readonly seq: number;
  /** How it ended; absent before. */
  readonly exitCode?: number | null;
  readonly signal?: string;
  /** Why differences were taken. */
  readonly reason?: string;
  /** What was taken, at most the first so many; `total` counts all. */
  readonly accepted?: readonly AcceptedObject[];
  readonly total?: number;
  /** Of `adopt --identity`: which database it was, what the lock file had, and which it is since. */
  readonly identity?: SettledIdentity;
  /** What was pruned. */
  readonly pruned?: Pruning;
}

/** What a database was before its identity was settled, what it was pinned to, and what it is since. */
export interface SettledIdentity {
  readonly before: RecordedIdentity;
  /** Absent: the environment was not pinned. */
  readonly pinned?: Omit<RecordedIdentity, 'environment'>;
  /** Without an id where it is not known yet: it gets one of its own. */
  readonly after: RecordedIdentity;
}

/** What tells a database from all others. Empty: not known. */
export interface RecordedIdentity {
  readonly environment: string;
  readonly id: string;
  readonly systemId: string;
  readonly databaseOid: string;
}

/** An object whose difference was taken into the baseline. */
export interface AcceptedObject extends ObjectName {
  readonly change: 'changed' | 'missing' | 'added';
}

/** Where a run that is at work stands now. */
export interface LiveRunRow {
  readonly run: string;
  /** The migration that was started last. */
  readonly migration: string;
  readonly sessions: readonly {
    readonly pid: number;
    /** `active`, `idle`, …, as the server calls it. */
    readonly state: string;
    /** What it waits for, as `Lock: relation`; empty: it works. */
    readonly waits: string;
    /** For how long, in seconds. */
    readonly seconds: number;
    /** Pids of the sessions that it waits for. */
    readonly blockedBy: readonly number[];
    /** Phase and percentage of an index that is being built. */
    readonly progress: string;
  }[];
}

/** One row of godwit.statement: a statement that was executed, or begun. */
export interface StatementRow {
  readonly run: string;
  readonly migration: string;
  readonly direction: string;
  /** From 1. */
  readonly ordinal: number;
  readonly tag: string;
  readonly line: number;
  readonly count: number;
  readonly ms: number;
  readonly state: string;
}

/** One link of a run's audit chain. */
export interface AuditRow {
  readonly run: string;
  readonly n: number;
  readonly kind: string;
  /** JSON as it was hashed; empty for `described`, whose list of digests is for `verify-chain` only. */
  readonly body: string;
  readonly hash: string;
}

/** The text of a down file that the history has kept. */
export interface DownText {
  readonly id: string;
  readonly name: string;
  readonly up: { readonly file: string; readonly checksum: string };
  readonly down: { readonly file: string; readonly checksum: string };
  /** Its bytes, in base64. */
  readonly body: string;
}
