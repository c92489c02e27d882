import type { Pruning } from './pruning.ts';
import type { Tool } from './tool.ts';

/** One row of godwit.migration: what became part of the history, in order. Rows are never deleted. */
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
  /** The schema to which its unqualified names resolved. */
  readonly schema: string;
  /** The tool that had applied it, if it was recorded on that tool's word. */
  readonly from?: string;
}

/** One row of godwit.run: one attempt, however it ended. */
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
  /** Null: lines of its output were missing, and nobody counted. */
  readonly applied: number | null;
  readonly failure: string;
  /** The checkpoint taken for it, or who waived it and why; empty when none was requested. */
  readonly checkpoint: string;
  /** The first migrations that it applied, undid or recorded, as `3 add_users`. */
  readonly migrations?: readonly string[];
  /** The migration that failed, and the place of the statement, if it is known. */
  readonly failedAt?: { readonly migration: string; readonly file?: string; readonly line?: number };
  /**
   * Of a command: what was executed; of `verify --accept`: what was accepted; of `adopt --identity`: the identity that
   * was set; of `up --tx all`: that.
   */
  readonly about?: RunAbout;
  /** Of an attempt that only the ledger knows: the entry of its database in a list. */
  readonly entry?: string;
}

/**
 * What a run of `exec` executed, a run of `verify --accept` accepted into the baseline, a run of `adopt --identity`
 * set, `runs prune` removed, or `adopt --from` has taken over; how a run of `up --tx all` committed.
 */
export interface RunAbout {
  /** The program and its arguments, masked; or the objects, as typed. */
  readonly words: readonly string[];
  /** The name of the hook, and the run that it follows. */
  readonly hook?: string;
  readonly follows?: string;
  /** Number of the last row of the history when it began: the history that it saw. */
  readonly seq: number;
  /** Of a command: the process that executed it, because no other one may. */
  readonly attempt?: string;
  /** How it ended; absent until then. */
  readonly exitCode?: number | null;
  readonly signal?: string;
  /** Why differences were accepted. */
  readonly reason?: string;
  /** What was accepted, cut to a limit; `total` counts all. */
  readonly accepted?: readonly AcceptedObject[];
  readonly total?: number;
  /** Of `adopt --identity`: the identity before, the one in the lock file, and the identity since. */
  readonly identity?: SettledIdentity;
  /** What was pruned. */
  readonly pruned?: Pruning;
  /** Of `up --tx all`: its migrations shared one transaction. */
  readonly tx?: 'all';
  /** Of `adopt --from`: the tool whose history said what is applied, and how much it held. */
  readonly claim?: { readonly tool: Tool; readonly table: string; readonly entries: number };
}

/** The identity of a database before it was set, the one it was pinned to, and the identity since. */
export interface SettledIdentity {
  readonly before: RecordedIdentity;
  /** Absent: the environment was not pinned. */
  readonly pinned?: Omit<RecordedIdentity, 'environment'>;
  /** Without an id if it is not known yet: the database gets a new one. */
  readonly after: RecordedIdentity;
}

/** What distinguishes a database from all others. Empty: not known. */
export interface RecordedIdentity {
  readonly environment: string;
  readonly id: string;
  readonly systemId: string;
  readonly databaseOid: string;
}

/** An object whose difference was accepted into the baseline. */
export interface AcceptedObject {
  readonly change: 'changed' | 'missing' | 'added';
  readonly kind: string;
  readonly name: string;
}

/** The current state of a run that is at work. */
export interface LiveRunRow {
  readonly run: string;
  /** The migration that was started last. */
  readonly migration: string;
  /** The standalone statement that is running; statements in a transaction are not distinguished. */
  readonly statement?: { readonly tag: string; readonly line: number };
  readonly sessions: readonly {
    readonly pid: number;
    /** The server's state of the session: `active`, `idle`, … */
    readonly state: string;
    /** What it waits for, as `Lock: relation`; empty: it is working. */
    readonly waits: string;
    /** For how long, in seconds. */
    readonly seconds: number;
    /** Pids of the sessions that it waits for. */
    readonly blockedBy: readonly number[];
    /** Phase and percentage of an index that is being built. */
    readonly progress: string;
  }[];
}

/** A run that is at work on the database, with what it does. */
export interface WorkingRun extends LiveRunRow, Pick<RunRow, 'command' | 'by' | 'from' | 'startedAt' | 'ms'> {}

/** The statements of an applied migration whose file has different bytes now. */
interface EditedRow {
  readonly seq: number;
  readonly statements: readonly { readonly tag: string; readonly count: number; readonly hash: string }[];
}

/** What an answer about the history adds about this moment. */
export interface CurrentState {
  /** The runs that are at work. */
  readonly working?: readonly WorkingRun[];
  /** What was executed of the migrations whose files have been edited since. */
  readonly edited?: readonly EditedRow[];
}

/** One row of godwit.statement: a statement that was executed or started. */
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

/** The text of a down file that the history has stored. */
export interface DownText {
  readonly id: string;
  readonly name: string;
  readonly up: { readonly file: string; readonly checksum: string };
  readonly down: { readonly file: string; readonly checksum: string };
  /** Its bytes, in base64. */
  readonly body: string;
}
