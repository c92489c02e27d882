import type { Finding } from '../../kit/finding.ts';
import type { Outcome } from '../../kit/outcome.ts';
import type { RunEvent, RunFinished } from './event.ts';
import type { Bundle } from './ports.ts';
import type { Task } from './task.ts';

/** A bundle brought to where it can be executed. */
export interface Prepared {
  readonly task: Task;
  readonly bundle: Bundle;
  /** Where the engine put it; empty when it runs in this process. */
  readonly location: string;
  /** The image that it will run, by digest. */
  readonly image?: string;
  /** The version of the secret that holds the database URL. */
  readonly secretVersion?: string;
}

/** A run that was started: enough to find it again from another process. */
export interface RunRef {
  readonly run: string;
  readonly engine: string;
  readonly location: string;
}

/** How an execution ended, by its exit code. */
export interface ExecutionResult {
  /** The runner's exit code; or, when it died, the one that its platform reports. */
  readonly exitCode: number;
  /** False: the platform never started the runner, so that nothing can have changed. */
  readonly ran?: boolean;
  /** True: all event lines arrived and their digest is right. */
  readonly complete: boolean;
  /** The closing event, if it arrived although lines before it are missing. */
  readonly finished?: RunFinished;
  /** True: the platform has not answered for a long time. The run may still be at work and is left alone. */
  readonly unreachable?: boolean;
  /** True: its log must not be read, so that another execution would not be heard either. */
  readonly logForbidden?: boolean;
  /** Findings of the platform: why it did not run the task, or ended it. */
  readonly findings?: readonly Finding[];
  /** Where its log is shown, also when everything else was removed. */
  readonly log?: string;
}

/** Where work executes. Knows processes or clouds, knows no SQL. */
export interface Engine {
  readonly name: string;
  prepare(task: Task, bundle: Bundle): Promise<Outcome<Prepared>>;
  /** The place of a run, if it is known before the run begins: the ledger gets it first. */
  locate?(run: string): string;
  start(prepared: Prepared): Promise<Outcome<RunRef>>;
  /** Events in order, until `run.finished` or the end of the execution, or until `leave` is aborted. */
  watch(ref: RunRef, leave?: AbortSignal): AsyncIterable<RunEvent>;
  result(ref: RunRef): Promise<ExecutionResult>;
  /**
   * Asks the run to stop: it ends at the next safe point. False: there is no runner to ask. Findings: the platform refuses
   * to pass the request on.
   */
  cancel(ref: RunRef): Promise<Outcome<boolean>>;
  /** Finds a run again by its id. */
  attach(run: string): Promise<Outcome<RunRef>>;
  /** Removes what `prepare` and `start` made, after a terminal state; reports what it could not remove. */
  cleanup(ref: RunRef): Promise<Outcome<void>>;
  /** Removes leftovers of runs whose controller died; returns the ids of the runs. */
  sweep(): Promise<readonly string[]>;
}

/** One attempt as the controller knows it, kept outside the database before anything is created. */
export interface LedgerEntry {
  readonly run: string;
  readonly command: string;
  readonly environment: string;
  readonly target: string;
  /** The name of the database, if it is one of many that share the environment. */
  readonly member?: string;
  /** Where it executes remotely, as text; `target` becomes the database once that is known. */
  readonly place?: string;
  readonly engine: string;
  readonly bundle: string;
  readonly by: string;
  readonly from: string;
  readonly commit: string;
  readonly tool: string;
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly outcome?: string;
  readonly exitCode?: number;
  /** Codes and titles of what went wrong, in one line. */
  readonly failure?: string;
  /** The kind of task: `apply`, `inspect`, … */
  readonly kind?: string;
  /** Of a read-only task: what it asks, so that its result can answer an equal question. */
  readonly question?: string;
  /** How many migrations it has applied or undone; absent: lines of its output are missing, and nobody counted. */
  readonly applied?: number;
  /** The process that waits for its end, as `host pid start`. */
  readonly controller?: string;
  /** The execution on its platform, in the platform's own name. */
  readonly execution?: string;
  /** Where its log is shown. */
  readonly log?: string;
  /** The image that it ran, by digest. */
  readonly image?: string;
  /** The version of the secret that held the database URL. */
  readonly secretVersion?: string;
  /** The checkpoint that was taken for it, or who waived it and why. */
  readonly checkpoint?: string;
  /** `done`, or what was left behind. */
  readonly cleanup?: string;
  /** True once the database has the run in its own history. */
  readonly recorded: boolean;
  /**
   * When this was written, by the clock of the store that keeps it, so that times of several machines can be compared.
   */
  readonly noted?: string;
}

/** What was attempted: kept by the controller, outside the database. */
export interface Ledger {
  write(entry: LedgerEntry): Promise<Outcome<void>>;
  list(environment?: string): Promise<readonly LedgerEntry[]>;
  /** False: attempts of other machines may be missing from what was listed. */
  isWhole?(): boolean;
  /** What has gone wrong with the ledger so far without stopping anything. */
  warnings?(): readonly Finding[];
}
