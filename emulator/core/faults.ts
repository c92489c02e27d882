import { createHash } from 'node:crypto';
import type { StatusName } from './errors.ts';

/** A fault of calls. The first matching fault with remaining uses is taken. */
export interface CallFault {
  /**
   * The full name of the method, or its last part: `CreateJob`, `google.logging.v2.LoggingServiceV2.ListLogEntries`.
   */
  readonly method: string;
  /** How many calls pass before the first that is hit; by default 0. */
  readonly after?: number;
  /** How many calls are hit; by default 1. */
  readonly times?: number;
  /**
   * `status`: refused before it is handled. `lost-request`: the connection breaks before it is handled.
   * `late-status`: refused after it was handled. `lost-response`: the connection breaks after it has been handled. `twice`: delivered two times; the caller gets the second
   * answer. `slow`: answered late.
   */
  readonly kind: 'status' | 'late-status' | 'lost-request' | 'lost-response' | 'twice' | 'slow';
  readonly status?: StatusName;
  readonly message?: string;
  readonly delayMs?: number;
}

/** A fault of executions. */
export interface ExecutionFault {
  /** Only executions of jobs whose name ends in this part; by default all. */
  readonly job?: string;
  /** How many executions are hit; by default 1. */
  readonly times?: number;
  /** The image does not exist, or may not be pulled. */
  readonly image?: 'missing' | 'denied';
  readonly secret?: 'denied' | 'disabled';
  readonly connector?: 'missing' | 'error';
  /** The time until the instance exists. */
  readonly startDelayMs?: number;
  /** The instance runs, but the network lets it out only after this time (executor `namespace`, see the executors). */
  readonly networkDelayMs?: number;
  /** Live migration: SIGTSTP, flows dropped, and SIGCONT after `pauseMs`. */
  readonly maintenance?: { readonly afterMs: number; readonly pauseMs: number };
  /** Out of memory: SIGKILL. */
  readonly killAfterMs?: number;
  /** The operation of the run, and the execution's own state, show the end this much later. */
  readonly slowMs?: number;
  /** A task that is over its time shows its own exit code, if it has one, in addition to the timeout (not known of Google). */
  readonly timeoutKeepsExitCode?: true;
  /** The end has no time: only the condition `Completed` shows it (reported of executions cancelled before they start). */
  readonly untimedEnd?: true;
}

/** How late executions become visible. The job names them from the first moment. */
interface VisibilityFault {
  /** The longest time, in milliseconds. Each execution gets its own, between 0 and this. */
  readonly upToMs: number;
  /** Decides which execution gets which time; absent: each gets the longest. */
  readonly seed?: string;
}

/** A fault of a job that is made but does not become ready (the form of its operation's end is assumed). */
export interface JobFault {
  /** A `Condition.CommonReason`: `CONTAINER_MISSING`, `SECRETS_ACCESS_CHECK_FAILED`, … */
  readonly reason: string;
  readonly message: string;
  /** How many jobs are hit; by default 1. */
  readonly times?: number;
}

/** How the log disturbs its readers, chosen by a seed, so that a test meets the same each time. */
export interface Disturbance {
  readonly seed: number;
  /** `mild` costs milliseconds; `strong` is for tests of the disturbance. */
  readonly strength: 'mild' | 'strong';
}

/** A fault of the log of tasks. */
interface LogFault {
  /** How many pages are answered within a time, for all readers of a project together; further ones get 429. */
  readonly quota?: LogQuota;
  /** How many pages without entries each list starts with, perhaps by its filter; by default none or one. */
  readonly emptyPages?: number | ((filter: string) => number);
  /** A sink routes the lines of tasks to this log view, and to no other place. */
  readonly routedTo?: string;
  /** How long after they were written entries become readable. */
  readonly lagMs?: number;
  /** Numbers of the lines (from 1, per execution) that are lost. */
  readonly lose?: readonly number[] | ((line: number, text: string) => boolean);
  /** Neighbouring lines arrive in the wrong order, with times in that order. */
  readonly disorder?: boolean;
  /** Each entry is stored two times under different insert ids. */
  readonly duplicate?: boolean;
}

interface LogQuota {
  /** Google grants 60. */
  readonly reads: number;
  /** By default a minute, as Google counts. */
  readonly perMs?: number;
  /** The form of `Retry-After`; by default absent. */
  readonly retryAfter?: 'seconds' | 'date';
}

/** All planned faults; none at first. */
export interface Faults {
  onCall(fault: CallFault): void;
  onExecution(fault: ExecutionFault): void;
  onJob(fault: JobFault): void;
  /**
   * Jobs with an execution token start no execution (`ignored`), or one with a name of the platform's own (`renamed`), until
   * all are cleared.
   */
  onToken(fault: TokenFault): void;
  /** Holds until the next one is set or all are cleared. */
  onLogs(fault: LogFault): void;
  /** Executions cannot be read or listed at first, until the next one is set or all are cleared. */
  onVisibility(fault: VisibilityFault): void;
  clear(): void;
  takeCall(method: string): CallFault | undefined;
  takeExecution(job: string): ExecutionFault | undefined;
  takeJob(): JobFault | undefined;
  readonly logs: LogFault;
  readonly token: TokenFault | undefined;
  /** How long after its creation an execution becomes visible, in milliseconds. */
  hiddenMs(execution: string): number;
}

type TokenFault = 'ignored' | 'renamed';

export function createFaults(): Faults {
  let calls: { readonly fault: CallFault; passing: number; left: number }[] = [];
  let executions: { readonly fault: ExecutionFault; left: number }[] = [];
  let jobs: { readonly fault: JobFault; left: number }[] = [];
  let logs: LogFault = {};
  let token: TokenFault | undefined;
  let visibility: VisibilityFault = { upToMs: 0 };
  return {
    onCall: (fault) => void calls.push({ fault, passing: fault.after ?? 0, left: fault.times ?? 1 }),
    onExecution: (fault) => void executions.push({ fault, left: fault.times ?? 1 }),
    onJob: (fault) => void jobs.push({ fault, left: fault.times ?? 1 }),
    onToken(fault) {
      token = fault;
    },
    onLogs(fault) {
      logs = fault;
    },
    onVisibility(fault) {
      visibility = fault;
    },
    hiddenMs(execution) {
      const { upToMs, seed } = visibility;
      if (seed === undefined || upToMs === 0) return upToMs;
      return createHash('sha256').update(`${seed} ${execution}`).digest().readUInt32BE(0) % upToMs;
    },
    clear() {
      calls = [];
      executions = [];
      jobs = [];
      logs = {};
      token = undefined;
      visibility = { upToMs: 0 };
    },
    takeCall(method) {
      for (const each of calls) {
        if (each.left === 0 || !(method === each.fault.method || method.endsWith(`.${each.fault.method}`))) continue;
        if (each.passing > 0) {
          each.passing -= 1;
          continue;
        }
        each.left -= 1;
        return each.fault;
      }
      return undefined;
    },
    takeExecution(job) {
      const found = executions.find((each) => each.left > 0 && (each.fault.job ?? job) === job);
      if (found !== undefined) found.left -= 1;
      return found?.fault;
    },
    takeJob() {
      const found = jobs.find((each) => each.left > 0);
      if (found !== undefined) found.left -= 1;
      return found?.fault;
    },
    get token() {
      return token;
    },
    get logs() {
      return logs;
    },
  };
}
