import { listOf, numberOf, objectOf, stringsOf, textOf, type JsonObject } from '../../core/json.ts';
import { runName } from './records.ts';

/** Jobs and executions in the form of the older API, which `gcloud run jobs` speaks (documentation: API v1). */
const version = { apiVersion: 'run.googleapis.com/v1' };

const connector = 'run.googleapis.com/vpc-access-connector';
const egress = 'run.googleapis.com/vpc-access-egress';

/** Converts a job of API v1 to the form of API v2. */
export function jobFromKnative(given: JsonObject, place: string): JsonObject {
  const execution = objectOf(objectOf(given['spec'])['template']);
  const spec = objectOf(execution['spec']);
  const task = objectOf(objectOf(spec['template'])['spec']);
  const annotations = stringsOf(objectOf(execution['metadata'])['annotations']);
  const seconds = task['timeoutSeconds'];
  return {
    labels: stringsOf(objectOf(given['metadata'])['labels']),
    template: {
      labels: stringsOf(objectOf(execution['metadata'])['labels']),
      taskCount: numberOf(spec['taskCount']) || 1,
      parallelism: numberOf(spec['parallelism']),
      template: {
        containers: listOf(task['containers']).map((each) => containerFromKnative(objectOf(each))),
        serviceAccount: textOf(task['serviceAccountName']),
        ...(task['maxRetries'] === undefined ? {} : { maxRetries: numberOf(task['maxRetries']) }),
        ...(seconds === undefined ? {} : { timeout: `${numberOf(seconds)}s` }),
        ...(annotations[connector] === undefined ? {} : { vpcAccess: accessFrom(annotations, place) }),
      },
    },
  };
}

function accessFrom(annotations: Readonly<Record<string, string>>, place: string): JsonObject {
  const name = annotations[connector] ?? '';
  const full = name.includes('/') ? name : `${place}/connectors/${name}`;
  return { connector: full, egress: annotations[egress] === 'all-traffic' ? 'ALL_TRAFFIC' : 'PRIVATE_RANGES_ONLY' };
}

export function containerFromKnative(given: JsonObject): JsonObject {
  const { image, command, args, resources } = given;
  const env = listOf(given['env'])
    .map(objectOf)
    .map((each): JsonObject => {
      const reader = objectOf(objectOf(each['valueFrom'])['secretKeyRef']);
      if (textOf(reader['name']) === '') return { name: each['name'], value: textOf(each['value']) };
      return { name: each['name'], valueSource: { secretKeyRef: { secret: reader['name'], version: reader['key'] } } };
    });
  return {
    image,
    command: listOf(command),
    args: listOf(args),
    env,
    ...(resources === undefined ? {} : { resources }),
  };
}

function containerToKnative(container: JsonObject): JsonObject {
  const env = listOf(container['env'])
    .map(objectOf)
    .map((each): JsonObject => {
      const reader = objectOf(objectOf(each['valueSource'])['secretKeyRef']);
      if (each['valueSource'] === undefined) return { name: each['name'], value: textOf(each['value']) };
      return { name: each['name'], valueFrom: { secretKeyRef: { name: reader['secret'], key: reader['version'] } } };
    });
  return { ...container, env };
}

function taskSpec(task: JsonObject): JsonObject {
  return {
    containers: listOf(task['containers']).map((each) => containerToKnative(objectOf(each))),
    maxRetries: numberOf(task['maxRetries']),
    timeoutSeconds: textOf(task['timeout']).replace(/s$/, ''),
    serviceAccountName: task['serviceAccount'],
  };
}

function metadata(resource: JsonObject): JsonObject {
  const name = textOf(resource['name']);
  const { project, location, job, execution } = runName(name);
  return {
    name: execution || job,
    namespace: project,
    uid: resource['uid'],
    resourceVersion: textOf(resource['etag']),
    generation: numberOf(resource['generation']),
    creationTimestamp: resource['createTime'],
    labels: {
      ...stringsOf(resource['labels']),
      'cloud.googleapis.com/location': location,
      ...(execution === '' ? {} : { 'run.googleapis.com/job': job }),
    },
    annotations: {
      'serving.knative.dev/creator': textOf(resource['creator']),
      'serving.knative.dev/lastModifier': textOf(resource['lastModifier']) || textOf(resource['creator']),
      'run.googleapis.com/lastUpdatedTime': textOf(resource['updateTime']),
    },
  };
}

const statuses: Readonly<Record<string, string>> = { CONDITION_SUCCEEDED: 'True', CONDITION_FAILED: 'False' };

function conditions(resource: JsonObject): readonly JsonObject[] {
  return listOf(resource['conditions'])
    .map(objectOf)
    .map((each) => ({
      type: each['type'],
      status: statuses[textOf(each['state'])] ?? 'Unknown',
      message: textOf(each['message']),
      reason: textOf(each['reason']) || textOf(each['executionReason']),
      lastTransitionTime: each['lastTransitionTime'],
    }));
}

export function jobToKnative(job: JsonObject): JsonObject {
  const template = objectOf(job['template']);
  const latest = objectOf(job['latestCreatedExecution']);
  const spec = { taskCount: template['taskCount'], template: { spec: taskSpec(objectOf(template['template'])) } };
  return {
    ...version,
    kind: 'Job',
    metadata: metadata(job),
    spec: { template: { metadata: { labels: stringsOf(template['labels']) }, spec } },
    status: {
      observedGeneration: numberOf(job['observedGeneration']),
      conditions: conditions(job),
      executionCount: numberOf(job['executionCount']),
      ...(latest['name'] === undefined
        ? {}
        : {
            latestCreatedExecution: {
              name: latest['name'],
              creationTimestamp: latest['createTime'],
              completionTimestamp: latest['completionTime'],
              completionStatus: latest['completionStatus'],
            },
          }),
    },
  };
}

export function executionToKnative(execution: JsonObject): JsonObject {
  return {
    ...version,
    kind: 'Execution',
    metadata: metadata(execution),
    spec: {
      taskCount: execution['taskCount'],
      parallelism: execution['parallelism'],
      template: { spec: taskSpec(objectOf(execution['template'])) },
    },
    status: {
      observedGeneration: 1,
      startTime: execution['startTime'],
      completionTime: execution['completionTime'],
      conditions: conditions(execution),
      runningCount: execution['runningCount'],
      succeededCount: execution['succeededCount'],
      failedCount: execution['failedCount'],
      cancelledCount: execution['cancelledCount'],
      retriedCount: execution['retriedCount'],
      logUri: execution['logUri'],
    },
  };
}
