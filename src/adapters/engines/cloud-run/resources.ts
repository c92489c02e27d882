/** The parts of Cloud Run's resources that godwit reads; v2 of its API. */

export interface RunCondition {
  readonly type?: string;
  readonly state?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly executionReason?: string;
}

export interface RunJob {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly createTime?: string;
  readonly deleteTime?: string;
  readonly etag?: string;
  readonly reconciling?: boolean;
  readonly template?: { readonly template?: { readonly containers?: readonly { readonly image: string }[] } };
  readonly terminalCondition?: RunCondition;
  readonly conditions?: readonly RunCondition[];
  readonly latestCreatedExecution?: ExecutionReference;
}

/** What a job says of its newest execution. */
interface ExecutionReference {
  /** Short. */
  readonly name?: string;
  readonly createTime?: string;
  readonly completionTime?: string;
  /** `EXECUTION_SUCCEEDED`, `EXECUTION_FAILED`, `EXECUTION_RUNNING`, `EXECUTION_PENDING`, `EXECUTION_CANCELLED`. */
  readonly completionStatus?: string;
}

export interface RunExecution {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly createTime?: string;
  readonly startTime?: string;
  readonly completionTime?: string;
  readonly conditions?: readonly RunCondition[];
  readonly runningCount?: number;
  readonly succeededCount?: number;
  readonly failedCount?: number;
  readonly cancelledCount?: number;
}

export interface RunTask {
  readonly startTime?: string;
  readonly conditions?: readonly RunCondition[];
  readonly lastAttemptResult?: TaskAttempt;
}

/** The result of a task's last attempt. Protocol buffers omit zeros. */
export interface TaskAttempt {
  readonly status?: { readonly code?: number; readonly message?: string };
  readonly exitCode?: number;
  readonly termSignal?: number;
}

/** True when no part of it is running any more: its time of completion and its condition both say so, either may lag. */
export function isOver({ completionTime, conditions }: RunExecution): boolean {
  return (completionTime ?? '') !== '' || (conditions ?? []).some(isEnd);
}

function isEnd({ type, state = '' }: RunCondition): boolean {
  return type === 'Completed' && (state === 'CONDITION_SUCCEEDED' || state === 'CONDITION_FAILED');
}

/** The short name of a job's newest execution; empty when it has none. */
export function newestExecution({ latestCreatedExecution }: RunJob): string {
  return latestCreatedExecution?.name?.split('/').pop() ?? '';
}

/** True when the job says that its newest execution has ended. */
export function isNewestOver({ latestCreatedExecution }: RunJob): boolean {
  const { completionTime = '', completionStatus = '' } = latestCreatedExecution ?? {};
  return completionTime !== '' || /_(SUCCEEDED|FAILED|CANCELLED)$/.test(completionStatus);
}

/** True when somebody has cancelled it. */
export function isCancelled({ cancelledCount, conditions }: RunExecution): boolean {
  return (cancelledCount ?? 0) > 0 || (conditions ?? []).some(({ executionReason }) => executionReason === 'CANCELLED');
}
