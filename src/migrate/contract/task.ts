import type { Checkpoint, CheckpointPolicy, CheckpointWaiver } from './checkpoint.ts';
import type { LockPolicy } from './lock-policy.ts';
import type { RecordedIdentity } from './history-rows.ts';

/** Who acts, and from where, for history and audit. Contains no secrets. */
export interface Actor {
  /** `name@host`, or what CI calls it. */
  readonly by: string;
  /** Where the command ran: host name, or the CI system and job. */
  readonly from: string;
  /** Commit of the working tree, with `+changes` behind it when it is dirty; empty outside git. */
  readonly commit: string;
  /** Version of godwit. */
  readonly tool: string;
}

/** The environment as the runner needs it. */
export interface TaskEnvironment {
  readonly name: string;
  readonly protected: boolean;
  /** What `up` does when the database is ahead of the folder. Default: `warn`. */
  readonly ahead?: 'warn' | 'refuse';
  /** Identity from godwit.lock.json; absent before the first run. */
  readonly pinned?: PinnedIdentity;
  /** The other environments of the project. */
  readonly others?: readonly OtherEnvironment[];
  /** The environment whose copies replace this environment's database: this one is not pinned. */
  readonly copiedFrom?: OtherEnvironment;
  /** The schema in which unqualified names must be created; absent: any. */
  readonly schema?: string;
}

/** The database of an environment, according to the lock file. */
export interface PinnedIdentity {
  readonly id: string;
  readonly systemId: string;
  readonly databaseOid?: string;
}

/** Another environment of the project, whose database must not be mistaken for this one's. */
export interface OtherEnvironment {
  readonly name: string;
  readonly pinned?: PinnedIdentity;
}

/** Which migrations, in which direction. */
export interface Selection {
  readonly direction: 'up' | 'down';
  /** Up: the last one to apply. Down: undo everything after it. A version as typed. */
  readonly to?: string;
  /** Only these ids (standalone scripts). */
  readonly only?: readonly string[];
  /** Apply pending migrations that are older than the newest applied one. */
  readonly outOfOrder: boolean;
  /** Up: only does again what a half-way `down` has undone. */
  readonly resumeUp?: true;
  /** Up: each migration has its own transaction (default), or all share one. */
  readonly tx?: 'each' | 'all';
}

/** What a run needs before it may change the database. */
export interface Consent {
  /** Hash of the plan that was reviewed or confirmed: nothing else may run. */
  readonly planHash?: string;
  /** A person typed the environment's name, or the environment is not protected. */
  readonly approved: boolean;
  /** True: rows may be destroyed, because a person confirmed it, reviewed the plan, or allowed it by option. */
  readonly destroyRows?: boolean;
  /** Which runs need a checkpoint. */
  readonly checkpointPolicy: CheckpointPolicy;
  /** The checkpoint taken for this run, or who waived it and why. */
  readonly checkpoint?: Checkpoint | CheckpointWaiver;
}

/** An earlier attempt that never reached the database: the next successful run carries it into the history. */
export interface EarlierAttempt {
  readonly run: string;
  readonly command: string;
  readonly startedAt: string;
  readonly by: string;
  readonly outcome: string;
  readonly failure: string;
  /** How its command ended, and when; absent if not known. */
  readonly exitCode?: number;
  readonly finishedAt?: string;
}

/**
 * What the server does with a running statement when the runner has gone: `cancel` it, so that its locks are free
 * within seconds, or let it `finish`, which spares a long concurrent build; the next run finds out how it ended.
 */
export type OnDisconnect = 'cancel' | 'finish';

interface TaskBase {
  /** Id of the run: 26 characters, sortable by time. */
  readonly run: string;
  readonly environment: TaskEnvironment;
  readonly actor: Actor;
}

interface ProbeTask extends TaskBase {
  readonly kind: 'probe';
}

/** A task that only reads. */
interface ReadingOptions extends TaskBase {
  /**
   * True: a database that is not the pinned one only causes a warning, unless it belongs to another environment.
   * Otherwise it is refused, as by tasks that change the database.
   */
  readonly anyDatabase?: boolean;
}

/** Reads the history: what is applied, the runs, one run, its audit chain. */
export interface InspectTask extends ReadingOptions {
  readonly kind: 'inspect';
  /**
   * `overview`: the history and the runs, at the price of one execution; `identity`: what `adopt --identity` would set.
   */
  readonly what: 'history' | 'runs' | 'run' | 'chain' | 'overview' | 'identity' | 'prunable';
  /** For `run` and `chain`: the run's id or its unambiguous beginning; for `chain` empty means all. */
  readonly subject?: string;
  /** For `prunable`: the cut-off, ISO 8601 in UTC. */
  readonly before?: string;
  readonly limit?: number;
}

/** Stops a run that is at work, wherever its runner is. */
export interface CancelTask extends TaskBase {
  readonly kind: 'cancel';
  /** The run's id or its unambiguous beginning. */
  readonly subject: string;
}

export interface PlanTask extends ReadingOptions {
  readonly kind: 'plan';
  readonly selection: Selection;
  /**
   * Present for an adoption: reports what a rehearsal must know of the database, and how far it matches what was
   * rehearsed.
   */
  readonly adopts?: 'adopt' | 'baseline';
  /** Of an adoption: the tool, or its table, that says what is applied; `auto`: whichever knows these migrations. */
  readonly from?: string;
}

/** Applies (or undoes, or adopts) what the selection names, then verifies and records. */
export interface ApplyTask extends TaskBase {
  readonly kind: 'apply';
  readonly command: string;
  readonly selection: Selection;
  /**
   * `execute` runs the statements; `adopt` records what exists exactly as the rehearsal made it; `baseline` records
   * without proof everything up to `selection.to`.
   */
  readonly how: 'execute' | 'adopt' | 'baseline';
  /** Of an adoption: the tool, or its table, that says what is applied; `auto`: whichever knows these migrations. */
  readonly from?: string;
  /** The tool whose history belongs to other migrations than these. */
  readonly ignoreForeign?: string;
  /** True: each migration is described before the next one begins, so that its own changes can be distinguished. */
  readonly describesEach?: boolean;
  readonly consent: Consent;
  /** How many rows a rollback may destroy in addition to those that the migration created itself. */
  readonly lose: number;
  readonly verification: VerificationOptions;
  /** How long to wait for another run to finish, in milliseconds. */
  readonly waitMs: number;
  /** True: ends a live run that holds the database, by name and on record. */
  readonly takeOver?: boolean;
  readonly onDisconnect: OnDisconnect;
  /** How considerate it is while it waits for locks; absent: `defaultLockPolicy`. */
  readonly locks?: LockPolicy;
  readonly earlier: readonly EarlierAttempt[];
  /** True: at its end it reports the history and the runs, so that no further task has to ask for them. */
  readonly tells?: boolean;
}

/** How verification judges. */
export interface VerificationOptions {
  /** False: apply without verifying (`--no-verify`). */
  readonly enabled: boolean;
  /** Warnings about added objects and unchecked statements fail the run. */
  readonly strict: boolean;
  /** Fire triggers in a rolled-back transaction, or only inspect them. */
  readonly triggers: 'fire' | 'inspect';
  /** Patterns of objects whose differences only inform `verify`. */
  readonly ignore?: readonly string[];
}

export interface VerifyTask extends ReadingOptions {
  readonly kind: 'verify';
  readonly verification: VerificationOptions;
  /** Only these ids; absent: everything applied. */
  readonly only?: readonly string[];
}

/** Accepts differences between database and baseline into the baseline. */
export interface AcceptTask extends TaskBase {
  readonly kind: 'accept';
  readonly command: 'accept';
  /** What is accepted: qualified names or patterns, as typed. */
  readonly objects: readonly string[];
  readonly reason: string;
  /** A person typed the environment's name, or the environment is not protected. */
  readonly approved: boolean;
  /** How long to wait for another run to finish, in milliseconds. */
  readonly waitMs: number;
  readonly earlier: readonly EarlierAttempt[];
  /** True: at its end it reports the history and the runs, so that no further task has to ask for them. */
  readonly tells?: boolean;
}

/** Makes the database the environment's own: its name, its id, its place. Changes nothing else. */
export interface IdentifyTask extends TaskBase {
  readonly kind: 'identify';
  readonly command: 'adopt';
  readonly reason: string;
  /** A person typed the environment's name, or the environment is not protected. */
  readonly approved: boolean;
  /** True: recorded even if only the place differs from the one to which the baseline was bound. */
  readonly moved?: boolean;
  /** The database that was shown in the prompt: the identity of any other one is not set. */
  readonly shown?: RecordedIdentity;
  /** How long to wait for another run to finish, in milliseconds. */
  readonly waitMs: number;
  readonly earlier: readonly EarlierAttempt[];
  /** True: at its end it reports the history and the runs, so that no further task has to ask for them. */
  readonly tells?: boolean;
}

/** Removes the audit of old runs. */
export interface PruneTask extends TaskBase {
  readonly kind: 'prune';
  readonly command: 'prune';
  /** Runs that ended before this time may go; ISO 8601 in UTC. */
  readonly before: string;
  /** A person typed the environment's name, or the environment is not protected. */
  readonly approved: boolean;
  /** How long to wait for another run to finish, in milliseconds. */
  readonly waitMs: number;
  readonly earlier: readonly EarlierAttempt[];
  /** True: at its end it reports the history and the runs, so that no further task has to ask for them. */
  readonly tells?: boolean;
}

/**
 * Executes a command of the user next to the database: another migrator, a test suite. Recorded as a run, and exclusive
 * unless requested otherwise.
 */
export interface ExecTask extends TaskBase {
  readonly kind: 'exec';
  readonly command: 'exec';
  /** The program and its arguments. */
  readonly words: readonly string[];
  /** True: it holds the database meanwhile, so that no run changes it during the command. */
  readonly alone: boolean;
  /** How long to wait for another run to finish, in milliseconds. */
  readonly waitMs: number;
  /** True: ends a live run that holds the database. */
  readonly takeOver?: boolean;
  /** Longest time of the command, in milliseconds; absent: unlimited. */
  readonly timeoutMs?: number;
  /** How long a command that was asked to end may take before it is killed, in milliseconds. */
  readonly graceMs: number;
  /** A person typed the environment's name, or the environment is not protected, or its configuration names the command. */
  readonly approved: boolean;
  /** Present: the command is a hook. */
  readonly hook?: HookOptions;
  readonly earlier: readonly EarlierAttempt[];
  /** True: at its end it reports the history and the runs, so that no further task has to ask for them. */
  readonly tells?: boolean;
}

/** A command that follows a run and judges its result. */
interface HookOptions {
  readonly name: string;
  /** The run that it follows. */
  readonly follows: string;
  /** True: not executed again if it has passed with this history. */
  readonly unlessPassed: boolean;
}

/** What a runner is asked to do. */
export type Task =
  | ProbeTask
  | InspectTask
  | CancelTask
  | PlanTask
  | ApplyTask
  | VerifyTask
  | AcceptTask
  | IdentifyTask
  | PruneTask
  | ExecTask;

/** Tasks that may change the database: each of their attempts is recorded, and none is simply repeated. */
export function isChange(kind: string): boolean {
  return kind === 'apply' || kind === 'exec' || kind === 'accept' || kind === 'identify' || kind === 'prune';
}
