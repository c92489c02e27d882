import type { Finding } from '../kit/finding.ts';
import type { Execution } from '../migrate/controller/execute-task.ts';

/** How an operation that may change the database ended. */
export type OperationResult =
  /** Refused before its run started; the findings have not been shown yet. */
  | { readonly kind: 'refused'; readonly findings: readonly Finding[] }
  /** There is nothing to do, and no run was started. */
  | { readonly kind: 'nothing' }
  /** The run continues without this process. */
  | { readonly kind: 'detached'; readonly run: string }
  /** The run has ended; the caller has received its events. */
  | { readonly kind: 'ended'; readonly execution: Execution };

export function refused(findings: readonly Finding[]): OperationResult {
  return { kind: 'refused', findings };
}
