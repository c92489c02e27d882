import type { StatusName } from './errors.ts';

/** What goes wrong with calls. The first that fits and has turns left is taken. */
export interface CallFault {
  /** Full or last part of the method: `CreateJob`, `google.logging.v2.LoggingServiceV2.ListLogEntries`. */
  readonly method: string;
  /** How many calls pass before the first that is hit; 0 when left out. */
  readonly after?: number;
  /** How many calls are hit; 1 when left out. */
  readonly times?: number;
  /**
   * `status`: refused before it is handled. `lost-request`: the connection breaks before it is handled. `lost-response`: it
   * breaks after it has been handled. `twice`: delivered two times; the caller gets the second answer. `slow`: only later.
   */
  readonly kind: 'status' | 'lost-request' | 'lost-response' | 'twice' | 'slow';
  readonly status?: StatusName;
  readonly message?: string;
  readonly delayMs?: number;
}

/** What goes wrong with an execution. */
export interface ExecutionFault {
  /** Only executions of jobs whose last name part this is; all when left out. */
  readonly job?: string;
  /** How many executions are hit; 1 when left out. */
  readonly times?: number;
  /** The image is not there, or may not be pulled. */
  readonly image?: 'missing' | 'denied';
  readonly secret?: 'denied' | 'disabled';
  readonly connector?: 'missing' | 'error';
  /** Until the instance is there. */
  readonly startDelayMs?: number;
  /** The instance runs, and only after this time the network lets it out (executor `namespace`, see the executors). */
  readonly networkDelayMs?: number;
  /** Live migration: SIGTSTP, flows dropped, and SIGCONT after `pauseMs`. */
  readonly maintenance?: { readonly afterMs: number; readonly pauseMs: number };
  /** Out of memory: SIGKILL. */
  readonly killAfterMs?: number;
  /** The operation of the run, and the execution's own state, tell of the end only so much later. */
  readonly slowMs?: number;
}

/** A job that is made and does not become ready (the shape of its operation's end is assumed). */
export interface JobFault {
  /** A `Condition.CommonReason`: `CONTAINER_MISSING`, `SECRETS_ACCESS_CHECK_FAILED`, … */
  readonly reason: string;
  readonly message: string;
  /** How many jobs are hit; 1 when left out. */
  readonly times?: number;
}

/** What goes wrong with the log of tasks. */
interface LogFault {
  /** Reads that are answered within a minute; the next ones get 429 without Retry-After. Google grants 60 (documentation). */
  readonly readsPerMinute?: number;
  /** Each list begins with a page without entries, and a token for the next one (documentation: allowed at any time). */
  readonly emptyPage?: boolean;
  /** Entries can be read only so long after they were written. */
  readonly lagMs?: number;
  /** Numbers of the lines (from 1, per execution) that are lost. */
  readonly lose?: readonly number[] | ((line: number, text: string) => boolean);
  /** Neighbours arrive in the wrong order, with times that say so. */
  readonly disorder?: boolean;
  /** Each entry is stored two times under different insert ids. */
  readonly duplicate?: boolean;
}

/** The plan of what goes wrong; nothing at first. */
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
  clear(): void;
  takeCall(method: string): CallFault | undefined;
  takeExecution(job: string): ExecutionFault | undefined;
  takeJob(): JobFault | undefined;
  readonly logs: LogFault;
  readonly token: TokenFault | undefined;
}

type TokenFault = 'ignored' | 'renamed';

export function createFaults(): Faults {
  let calls: { readonly fault: CallFault; passing: number; left: number }[] = [];
  let executions: { readonly fault: ExecutionFault; left: number }[] = [];
  let jobs: { readonly fault: JobFault; left: number }[] = [];
  let logs: LogFault = {};
  let token: TokenFault | undefined;
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
    clear() {
      calls = [];
      executions = [];
      jobs = [];
      logs = {};
      token = undefined;
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
