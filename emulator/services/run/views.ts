import type { JsonObject } from '../../core/json.ts';
import { executionConditions, taskConditions } from './conditions.ts';
import { runName, type ExecutionRecord, type TaskRecord } from './records.ts';

/** An execution as the API shows it. */
export function executionView(execution: ExecutionRecord): JsonObject {
  const counted = (outcome: TaskRecord['outcome']): number =>
    execution.tasks.filter((each) => each.outcome === outcome).length;
  const { completionTime, startTime } = execution;
  return {
    name: execution.name,
    uid: execution.uid,
    creator: execution.creator,
    generation: '1',
    observedGeneration: '1',
    labels: execution.labels,
    annotations: execution.annotations,
    createTime: execution.createTime,
    updateTime: execution.updateTime,
    ...(startTime === undefined ? {} : { startTime }),
    ...(completionTime === undefined ? {} : { completionTime }),
    launchStage: 'GA',
    job: runName(execution.name).job,
    parallelism: execution.parallelism,
    taskCount: execution.tasks.length,
    template: execution.template,
    reconciling: execution.end === undefined,
    conditions: executionConditions(execution),
    runningCount: counted('running'),
    succeededCount: counted('succeeded'),
    failedCount: counted('failed'),
    cancelledCount: counted('cancelled'),
    retriedCount: execution.tasks.reduce((sum, each) => sum + each.retried, 0),
    logUri: logUri(execution.name),
    etag: `"${execution.etag}"`,
  };
}

/** A task as the API shows it. */
export function taskView(execution: ExecutionRecord, task: TaskRecord): JsonObject {
  const { template } = execution;
  const { completionTime, startTime, last } = task;
  return {
    name: task.name,
    uid: `${execution.uid}-${task.index}`,
    generation: '1',
    observedGeneration: '1',
    labels: execution.labels,
    annotations: execution.annotations,
    createTime: task.createTime,
    scheduledTime: task.createTime,
    updateTime: completionTime ?? startTime ?? task.createTime,
    ...(startTime === undefined ? {} : { startTime }),
    ...(completionTime === undefined ? {} : { completionTime }),
    job: runName(execution.name).job,
    execution: runName(execution.name).execution,
    containers: template['containers'],
    volumes: template['volumes'],
    maxRetries: template['maxRetries'],
    timeout: template['timeout'],
    serviceAccount: template['serviceAccount'],
    executionEnvironment: template['executionEnvironment'],
    vpcAccess: template['vpcAccess'],
    reconciling: completionTime === undefined,
    conditions: taskConditions(task),
    index: task.index,
    retried: task.retried,
    ...(last === undefined ? {} : { lastAttemptResult: last }),
    logUri: logUri(execution.name),
    etag: `"${execution.etag}"`,
  };
}

/** Documentation: a link into the Logs Explorer with a filter on the execution. */
function logUri(name: string): string {
  const { project, location, job, execution } = runName(name);
  const filter = [
    'resource.type="cloud_run_job"',
    `resource.labels.job_name="${job}"`,
    `resource.labels.location="${location}"`,
    `labels."run.googleapis.com/execution_name"="${execution}"`,
  ].join('\n');
  return `https://console.cloud.google.com/logs/viewer?project=${project}&advancedFilter=${encodeURIComponent(filter)}`;
}
