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
  readonly latestCreatedExecution?: {
    readonly name?: string;
    readonly createTime?: string;
    readonly completionTime?: string;
  };
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
  readonly lastAttemptResult?: {
    readonly status?: { readonly code?: number; readonly message?: string };
    readonly exitCode?: number;
    readonly termSignal?: number;
  };
}

/** True when no part of it is running any more. */
export function isOver(execution: RunExecution): boolean {
  return execution.completionTime !== undefined && execution.completionTime !== '';
}

/** True when somebody has cancelled it. */
export function isCancelled({ cancelledCount, conditions }: RunExecution): boolean {
  return (cancelledCount ?? 0) > 0 || (conditions ?? []).some(({ executionReason }) => executionReason === 'CANCELLED');
}
