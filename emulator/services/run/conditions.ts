import type { JsonObject } from '../../core/json.ts';
import type { ExecutionRecord, TaskRecord } from './records.ts';

type State = 'PENDING' | 'RECONCILING' | 'FAILED' | 'SUCCEEDED';

/** One condition. */
export function condition(type: string, state: State, at: string, more: JsonObject = {}): JsonObject {
  return { type, state: `CONDITION_${state}`, lastTransitionTime: at, ...more };
}

/** Reasons of `Condition.ExecutionReason`; the others are common reasons (proto). */
const executionReasons = new Set([
  'NON_ZERO_EXIT_CODE',
  'CANCELLED',
  'CANCELLING',
  'DELETED',
  'JOB_STATUS_SERVICE_POLLING_ERROR',
]);

/** The reason, in the member of the oneof that it belongs to. */
function reason(name: string): JsonObject {
  return executionReasons.has(name) ? { executionReason: name } : { reason: name };
}

/** Conditions of an execution: Completed is the verdict (documentation); the other conditions are assumed. */
export function executionConditions(execution: ExecutionRecord): readonly JsonObject[] {
  const { end, startTime, completionTime } = execution;
  const at = completionTime ?? startTime ?? execution.createTime;
  const unstarted = end?.kind === 'failed' && startTime === undefined;
  return [
    completed(execution, at),
    condition(
      'ResourcesAvailable',
      unstarted ? 'FAILED' : startTime === undefined ? 'RECONCILING' : 'SUCCEEDED',
      startTime ?? at,
    ),
    condition('Started', unstarted ? 'FAILED' : startTime === undefined ? 'RECONCILING' : 'SUCCEEDED', startTime ?? at),
  ];
}

function completed({ end, cancelling }: ExecutionRecord, at: string): JsonObject {
  if (end === undefined) return condition('Completed', 'RECONCILING', at, cancelling ? reason('CANCELLING') : {});
  if (end.kind === 'succeeded')
    return condition('Completed', 'SUCCEEDED', at, { message: 'Execution completed successfully.' });
  if (end.kind === 'cancelled')
    return condition('Completed', 'FAILED', at, {
      message: 'Execution cancelled.',
      severity: 'ERROR',
      ...reason('CANCELLED'),
    });
  return condition('Completed', 'FAILED', at, { message: end.message, severity: 'ERROR', ...reason(end.reason) });
}

export function taskConditions(task: TaskRecord): readonly JsonObject[] {
  const at = task.completionTime ?? task.startTime ?? task.createTime;
  const started = condition(
    'Started',
    task.startTime === undefined ? 'RECONCILING' : 'SUCCEEDED',
    task.startTime ?? at,
  );
  const states = {
    pending: 'RECONCILING',
    running: 'RECONCILING',
    succeeded: 'SUCCEEDED',
    failed: 'FAILED',
    cancelled: 'FAILED',
  } as const;
  const why =
    task.outcome === 'failed' ? reason('NON_ZERO_EXIT_CODE') : task.outcome === 'cancelled' ? reason('CANCELLED') : {};
  return [condition('Completed', states[task.outcome], at, why), started];
}
