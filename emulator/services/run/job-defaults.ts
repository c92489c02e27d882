import { randomUUID } from 'node:crypto';
import { listOf, numberOf, objectOf, stringsOf, textOf, type JsonObject } from '../../core/json.ts';
import type { Call } from '../../core/service.ts';
import { condition } from './conditions.ts';
import { defaultAccount } from './job-check.ts';
import { runName } from './records.ts';

/** A job with all defaults of the server. Proto: retries are 3 unless set, even to 0; the timeout is 600 s. */
export function completeJob(call: Call, wanted: JsonObject, before: JsonObject | undefined): JsonObject {
  const now = call.world.now();
  const who = call.principal.replace(/^\w+:/, '');
  const generation = String(numberOf(before?.['generation']) + 1);
  const ready = condition('Ready', 'SUCCEEDED', now);
  return {
    ...wanted,
    template: completeTemplate(call, textOf(wanted['name']), objectOf(wanted['template'])),
    uid: before?.['uid'] ?? randomUUID(),
    generation,
    observedGeneration: generation,
    createTime: before?.['createTime'] ?? now,
    updateTime: now,
    creator: before?.['creator'] ?? who,
    lastModifier: who,
    launchStage: wanted['launchStage'] ?? 'GA',
    terminalCondition: ready,
    conditions: [ready],
    executionCount: before?.['executionCount'] ?? 0,
    ...(before?.['latestCreatedExecution'] === undefined
      ? {}
      : { latestCreatedExecution: before['latestCreatedExecution'] }),
    etag: `"${randomUUID()}"`,
  };
}

function completeTemplate(call: Call, name: string, template: JsonObject): JsonObject {
  const task = objectOf(template['template']);
  return {
    ...template,
    labels: stringsOf(template['labels']),
    taskCount: numberOf(template['taskCount']) || 1,
    template: {
      ...task,
      containers: listOf(task['containers']).map((each) => completeContainer(objectOf(each))),
      maxRetries: task['maxRetries'] ?? 3,
      timeout: task['timeout'] ?? '600s',
      serviceAccount: textOf(task['serviceAccount']) || defaultAccount(call.world, runName(name).project),
      executionEnvironment: task['executionEnvironment'] ?? 'EXECUTION_ENVIRONMENT_GEN2',
      ...(task['vpcAccess'] === undefined ? {} : { vpcAccess: withEgress(objectOf(task['vpcAccess'])) }),
    },
  };
}

function completeContainer(container: JsonObject): JsonObject {
  const resources = objectOf(container['resources']);
  const limits = { cpu: '1000m', memory: '512Mi', ...stringsOf(resources['limits']) };
  return { ...container, resources: { ...resources, limits } };
}

const withEgress = (access: JsonObject): JsonObject => ({
  ...access,
  egress: access['egress'] ?? 'PRIVATE_RANGES_ONLY',
});
