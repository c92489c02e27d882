import type { Finding } from '../../kit/finding.ts';
import type { Blocker } from './blocker.ts';
import type { FleetEvent } from './fleet-event.ts';
import type { SameWord } from './rehearsed.ts';
import type { ForeignSummary } from './foreign-history.ts';
import type { History } from './history.ts';
import type { Checkpoint } from './checkpoint.ts';
import type {
  AuditRow,
  CurrentState,
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

/** Everything that a runner reports, in order. Text for humans is made from these and never parsed. */
export type RunEvent =
  | {
      readonly kind: 'run.started';
      readonly run: string;
      readonly task: TaskKind;
      readonly tool: string;
      readonly at: string;
    }
  | ({ readonly kind: 'target'; readonly environment: string; readonly server: string } & Target)
  /** A connection failed and is tried again: a private network may need a minute to come up. */
  | {
      readonly kind: 'connecting';
      /** The number of the try that failed, from 1. */
      readonly attempt: number;
      /** Since the first try began, in milliseconds. */
      readonly waitedMs: number;
      readonly budgetMs: number;
      /** Why this try failed, in one line. */
      readonly why: string;
    }
  /** The identity of the database, for the lock file. Empty id before the first run. */
  | {
      readonly kind: 'identity';
      readonly environmentId: string;
      readonly systemId: string;
      readonly databaseOid: string;
    }
  /** The database becomes the environment's own, or would become so. */
  | ({
      readonly kind: 'identity.settled';
      /** False: nothing was changed. */ readonly done: boolean;
    } & SettledIdentity)
  /** What a rehearsal must know of the database when an adoption is planned. */
  | {
      readonly kind: 'database';
      /** Major version of PostgreSQL. */
      readonly major: number;
      /** The search path, as the setting is written. */
      readonly searchPath: string;
      /** The schema in which unqualified names are created; empty: none. */
      readonly schema: string;
      readonly extensions: readonly { readonly name: string; readonly schema: string }[];
      /** Files to rehearse, if the folder holds more than this database uses. */
      readonly files?: readonly string[];
    }
  /** How far the database matches what the rehearsed migrations make. */
  | {
      readonly kind: 'adoption';
      /** Ids that would be recorded, proven or without proof. */
      readonly proven: readonly string[];
      readonly baseline: readonly string[];
      /** The migration whose state is nearest to the database; empty: none. */
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
  /** Of the controller, for `--dry-run`: what a remote run would create. */
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
  /** Of the controller: a proposed down file, and the verdict of a throwaway server on it. */
  | {
      readonly kind: 'draft';
      readonly version: string;
      /** The path where it belongs. */
      readonly file: string;
      readonly sql: string;
      readonly written: boolean;
      /** Major version of the throwaway server. */
      readonly major: number;
      /** How many objects the migration created, changed or dropped. */
      readonly objects: number;
      /** Those that are not as before once the draft has run. */
      readonly unproven: readonly { readonly kind: string; readonly name: string; readonly why: string }[];
      /** What the reader must complete: rows, and whatever cannot be undone. */
      readonly gaps: readonly string[];
    }
  | {
      readonly kind: 'history';
      readonly rows: readonly HistoryRow[];
      /** Ids of partly applied migrations: `up` resumes them. */
      readonly partial: readonly string[];
      /** A fingerprint of the statements of each row; empty: the row has none. */
      readonly fingerprints?: readonly string[];
      /** What is true only at this moment, and of the files that the runner has; absent: nothing. */
      readonly now?: CurrentState;
      /** Everything that a plan is made from, so that it can be made far from the database. */
      readonly state?: Omit<History, 'rows'>;
      /** While nothing is recorded: the histories of other tools in the database. */
      readonly foreign?: readonly ForeignSummary[];
    }
  /** Down files that the history has stored, of migrations to undo that have no file: the controller analyses them. */
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
      /** What differs, as text; empty: nothing. */
      readonly why: string;
      /** The run that pruned its events: what remains was compared with that run's record. */
      readonly prunedBy?: string;
    }
  /** What all runs have in common, compared with their chains. */
  | {
      readonly kind: 'chain.history';
      readonly migrations: number;
      /** Objects of the baseline. */
      readonly objects: number;
      /** What differs, as text. */
      readonly flaws: readonly string[];
      /** What cannot be checked, as text. */
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
      /** The migration; empty: the history is being read. */
      readonly id: string;
      /** What is locked, if the history is being read and it is known. */
      readonly on?: string;
      readonly waitedMs: number;
      readonly blockers: readonly Blocker[];
      /** Application sessions that wait behind ours. */
      readonly waiters: number;
    }
  /** A lock could not be acquired: the migration was rolled back and is tried again. */
  | {
      readonly kind: 'lock.retry';
      readonly id: string;
      /** `crowd`: too many wait behind it; `conflict`: it would overwrite or read what others have just changed. */
      readonly cause: 'timeout' | 'deadlock' | 'crowd' | 'conflict';
      /** The number of the next try. */
      readonly attempt: number;
      readonly pauseMs: number;
      /** How much of the budget is spent. */
      readonly spentMs: number;
      readonly budgetMs: number;
      /** The blockers seen so far. */
      readonly blockers: readonly Blocker[];
    }
  /** The progress of a long build. */
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
      /** Names of the connected standbys; empty: none. */
      readonly connected: string;
    }
  | { readonly kind: 'notice'; readonly severity: string; readonly text: string }
  /** What the run did, as the server reports it. */
  | { readonly kind: 'changes'; readonly changes: readonly Change[] }
  | { readonly kind: 'checks'; readonly checks: readonly Check[] }
  /** Differences that were accepted into the baseline, as they were before. */
  | { readonly kind: 'accepted'; readonly checks: readonly Check[] }
  /** What `runs prune` has removed, or would remove. */
  | { readonly kind: 'pruning'; readonly pruning: Pruning }
  /** A command of the user's own begins. */
  | {
      readonly kind: 'exec.started';
      readonly words: readonly string[];
      /** The name of the hook, and the run that it follows. */
      readonly hook?: string;
      readonly follows?: string;
    }
  /** A piece of the command's output, as it arrives: not split into lines. */
  | {
      readonly kind: 'output';
      readonly stream: 'stdout' | 'stderr';
      readonly text: string;
      /** Present: the output was not UTF-8, and `text` holds the encoded bytes. */
      readonly encoding?: 'base64';
    }
  /** How much output is omitted between the part of this stream already shown and the part that follows. */
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
      /** Empty: it exited on its own. */
      readonly signal: string;
      readonly ms: number;
      /** How much it wrote, in bytes. */
      readonly bytes: number;
    }
  | FleetEvent
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
