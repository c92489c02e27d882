import type { ObjectName } from './catalogue-object.ts';
import type { Finding } from '../../kit/finding.ts';
import type { Blocker } from './blocker.ts';
import type { SameWord } from './rehearsed.ts';
import type { History } from './history.ts';
import type { Checkpoint } from './checkpoint.ts';
import type {
  AuditRow,
  DownText,
  HistoryRow,
  LiveRunRow,
  RunRow,
  SettledIdentity,
  StatementRow,
} from './history-rows.ts';
import type { Change, Check, Plan } from './model.ts';
import type { Target } from './ports.ts';
import type { Pruned, Pruning } from './pruning.ts';
import type { RunOutcome } from './run-outcome.ts';

/** What a runner is asked to do. */
type TaskKind = 'probe' | 'inspect' | 'cancel' | 'plan' | 'apply' | 'verify' | 'accept' | 'identify' | 'prune' | 'exec';

/** Everything that a runner has to say, in order. Text for humans is made from these and never parsed. */
export type RunEvent =
  | {
      readonly kind: 'run.started';
      readonly run: string;
      readonly task: TaskKind;
      readonly tool: string;
      readonly at: string;
    }
  | ({ readonly kind: 'target'; readonly environment: string; readonly server: string } & Target)
  /** A connection did not come up, and is tried again: a private network may take a minute to be there. */
  | {
      readonly kind: 'connecting';
      /** The number of the try that failed, from 1. */
      readonly attempt: number;
      /** Since the first try began, in milliseconds. */
      readonly waitedMs: number;
      readonly budgetMs: number;
      /** Why this one failed, in one line. */
      readonly why: string;
    }
  /** Who the database is: for the lock file. Empty id before the first run. */
  | {
      readonly kind: 'identity';
      readonly environmentId: string;
      readonly systemId: string;
      readonly databaseOid: string;
    }
  /** The database is made the environment's own, or would be. */
  | ({
      readonly kind: 'identity.settled';
      /** False: it was only looked at. */ readonly done: boolean;
    } & SettledIdentity)
  /** What a rehearsal must know of the database, where an adoption is planned. */
  | {
      readonly kind: 'database';
      /** Major version of PostgreSQL. */
      readonly major: number;
      /** Where unqualified names are looked for, as the setting is written. */
      readonly searchPath: string;
      /** The schema that they are created in; empty: there is none. */
      readonly schema: string;
      readonly extensions: readonly { readonly name: string; readonly schema: string }[];
      /** Files to rehearse, where the folder holds more than this database goes by. */
      readonly files?: readonly string[];
    }
  /** How far the database is what the rehearsed migrations make. */
  | {
      readonly kind: 'adoption';
      /** Ids that would be recorded, as proven or without proof. */
      readonly proven: readonly string[];
      readonly baseline: readonly string[];
      /** The migration whose state the database comes nearest to; empty: there is none. */
      readonly nearest: string;
      /** Texts that may mean the same as the rehearsal's. */
      readonly doubtful: readonly SameWord[];
    }
  /** From here on the run is in the history of the database. */
  | { readonly kind: 'recorded'; readonly run: string }
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'waiting'; readonly holder: string }
  /** A checkpoint is being taken, or migrations are rehearsed; these come from the controller. */
  | { readonly kind: 'checkpoint.progress'; readonly text: string }
  | { readonly kind: 'rehearsal.progress'; readonly text: string }
  | { readonly kind: 'checkpoint.taken'; readonly checkpoint: Checkpoint }
  | { readonly kind: 'plan'; readonly plan: Plan }
  /** Of the controller, for `--dry-run`: what a run far away would make. */
  | {
      readonly kind: 'cost';
      readonly place: string;
      readonly job: 'ephemeral' | 'stable';
      readonly executions: number;
      /** True: the policy asks for a checkpoint before this plan. */
      readonly checkpoint: boolean;
      readonly bundle: { readonly travels: 'variable' | 'image layer'; readonly bytes: number };
      /** Service account that the job would run as. */
      readonly account: string;
    }
  /** Of the controller: a down file that is proposed, and what a throwaway server said of it. */
  | {
      readonly kind: 'draft';
      readonly version: string;
      /** Where it belongs. */
      readonly file: string;
      readonly sql: string;
      readonly written: boolean;
      /** Major version of the throwaway server. */
      readonly major: number;
      /** How many objects the migration created, changed or dropped. */
      readonly objects: number;
      /** Those that are not as before once the draft has run. */
      readonly unproven: readonly (ObjectName & { readonly why: string })[];
      /** What is left to its reader: rows, and what there is no way back for. */
      readonly gaps: readonly string[];
    }
  | {
      readonly kind: 'history';
      readonly rows: readonly HistoryRow[];
      /** Ids of migrations that stand in part: `up` resumes them. */
      readonly partial: readonly string[];
      /** A fingerprint of the statements of each row; empty: it has none. */
      readonly fingerprints?: readonly string[];
      /** All that a plan is made from: it can then be made far from the database. */
      readonly state?: Omit<History, 'rows'>;
    }
  /** What the history has kept of migrations that are to be undone and have no file: the controller analyses it. */
  | { readonly kind: 'recorded.downs'; readonly downs: readonly DownText[] }
  | { readonly kind: 'runs'; readonly runs: readonly RunRow[] }
  | {
      readonly kind: 'run.details';
      readonly statements: readonly StatementRow[];
      readonly events: readonly AuditRow[];
      /** Those of the runs that are at work. */
      readonly live: readonly LiveRunRow[];
    }
  | {
      readonly kind: 'chain';
      readonly run: string;
      readonly events: number;
      readonly ok: boolean;
      /** What differs, in words; empty: nothing does. */
      readonly why: string;
      /** The run that has pruned its events: what is left was compared with what that one says. */
      readonly prunedBy?: string;
    }
  /** What all runs have in common, compared with their chains. */
  | {
      readonly kind: 'chain.history';
      readonly migrations: number;
      /** Objects of the baseline. */
      readonly objects: number;
      /** What differs, in words. */
      readonly flaws: readonly string[];
      /** What cannot be found out, in words. */
      readonly notCovered: readonly string[];
      /** What was pruned, by which run, when. */
      readonly pruned: readonly Pruned[];
    }
  | {
      readonly kind: 'migration.started';
      readonly id: string;
      readonly name: string;
      readonly direction: 'up' | 'down';
      readonly index: number;
      readonly of: number;
    }
  | {
      readonly kind: 'migration.applied';
      readonly id: string;
      readonly name: string;
      readonly direction: 'up' | 'down';
      readonly how: 'executed' | 'adopted' | 'baseline' | 'squashed';
      /** Server time in milliseconds. */
      readonly ms: number;
      readonly statements: number;
    }
  | { readonly kind: 'migration.failed'; readonly id: string; readonly name: string; readonly finding: Finding }
  | {
      readonly kind: 'progress';
      readonly id: string;
      readonly statement: number;
      readonly of: number;
      readonly tag: string;
    }
  /** A statement has been waiting for a lock for a while. */
  | {
      readonly kind: 'lock.blocked';
      /** The migration; empty: the history is read. */
      readonly id: string;
      /** What is locked, where the history is read and it is known. */
      readonly on?: string;
      readonly waitedMs: number;
      readonly blockers: readonly Blocker[];
      /** Application sessions that wait behind ours. */
      readonly waiters: number;
    }
  /** A lock was not to be had: the migration was rolled back and is tried again. */
  | {
      readonly kind: 'lock.retry';
      readonly id: string;
      /**
       * `timeout`: the wait was over; `deadlock`: the server ended it; `crowd`: too many waited behind it; `conflict`: in
       * the isolation level that the file asks for it would have overwritten, or read, what others have changed.
       */
      readonly cause: 'timeout' | 'deadlock' | 'crowd' | 'conflict';
      /** The number of the try to come. */
      readonly attempt: number;
      readonly pauseMs: number;
      /** Of the budget. */
      readonly spentMs: number;
      readonly budgetMs: number;
      /** As far as they have been seen. */
      readonly blockers: readonly Blocker[];
    }
  /** How far a long build is. */
  | {
      readonly kind: 'build.progress';
      readonly id: string;
      /** `CREATE INDEX CONCURRENTLY`, `VACUUM`, … */
      readonly command: string;
      readonly object: string;
      readonly phase: string;
      readonly percent: number | null;
      /** Estimated work that is left, in milliseconds; waits are not counted. */
      readonly leftMs: number | null;
    }
  /** What was committed waits for a synchronous standby to confirm it. */
  | {
      readonly kind: 'standby.wait';
      readonly waitedMs: number;
      /** The server's synchronous_standby_names. */
      readonly standbys: string;
      /** Names of the standbys that are connected; empty: there is none. */
      readonly connected: string;
    }
  | { readonly kind: 'notice'; readonly severity: string; readonly text: string }
  /** What the run did, as the server tells it. */
  | { readonly kind: 'changes'; readonly changes: readonly Change[] }
  | { readonly kind: 'checks'; readonly checks: readonly Check[] }
  /** Differences that the baseline has taken, as they were before. */
  | { readonly kind: 'accepted'; readonly checks: readonly Check[] }
  /** What `runs prune` has removed, or would remove. */
  | { readonly kind: 'pruning'; readonly pruning: Pruning }
  /** A command of the user's own begins. */
  | {
      readonly kind: 'exec.started';
      readonly words: readonly string[];
      /** The hook that it is, and the run that it follows. */
      readonly hook?: string;
      readonly follows?: string;
    }
  /** A piece of what the command writes, as it comes: not by lines. */
  | {
      readonly kind: 'output';
      readonly stream: 'stdout' | 'stderr';
      readonly text: string;
      /** Present: it was no UTF-8, and `text` stands for the bytes. */
      readonly encoding?: 'base64';
    }
  /** So much of the output, behind what was shown of this stream and in front of what follows, is not shown. */
  | {
      readonly kind: 'output.dropped';
      readonly stream: 'stdout' | 'stderr';
      readonly bytes: number;
      readonly lines: number;
    }
  | {
      readonly kind: 'exec.finished';
      /** Null: a signal ended it. */
      readonly exitCode: number | null;
      /** Empty: it ended by itself. */
      readonly signal: string;
      readonly ms: number;
      /** What it wrote, in bytes. */
      readonly bytes: number;
    }
  | {
      readonly kind: 'run.finished';
      readonly run: string;
      readonly outcome: RunOutcome;
      readonly exitCode: number;
      /** Number of events of this execution, this one included. */
      readonly events: number;
      readonly ms: number;
    };

/** The event that closes every execution. */
export type RunFinished = Extract<RunEvent, { readonly kind: 'run.finished' }>;

/** The event of one kind. */
export type EventOfKind<Kind extends RunEvent['kind']> = Extract<RunEvent, { readonly kind: Kind }>;
