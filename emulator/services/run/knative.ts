import { checkRequired } from '../../proto/required.ts';
import { readMessage } from '../../proto/walk.ts';
import { notFound } from '../../core/errors.ts';
import { listOf, numberOf, objectOf, textOf, type Json, type JsonObject } from '../../core/json.ts';
import type { Call, PlainModule, PlainRequest, PlainRoute, ServiceModule } from '../../core/service.ts';
import { executions } from './executions.ts';
import { jobs } from './jobs.ts';
import { containerFromKnative, executionToKnative, jobFromKnative, jobToKnative } from './knative-forms.ts';
import { runName, runOf } from './records.ts';
import { executionView } from './views.ts';

const base = '/apis/run.googleapis.com/v1/namespaces/{namespace}';

/** The region is part of the host name: `us-central1-run.googleapis.com` (documentation). */
function placeOf({ params, host }: PlainRequest): string {
  const region = /^([a-z]+-[a-z]+\d+)-/.exec(host)?.[1] ?? 'us-central1';
  return `projects/${params['namespace'] ?? ''}/locations/${region}`;
}

/** Calls a method of API v2 with the request of a v1 route; an operation is replaced by its resource. */
async function through(
  call: Call,
  [module, name]: readonly [ServiceModule, string],
  request: JsonObject,
): Promise<JsonObject> {
  const type = call.world.descriptors.services[module.service]?.methods[name]?.request ?? '';
  const method = module.methods[name];
  if (method === undefined) throw notFound(`${name} is not offered.`);
  const read = readMessage(call.world.descriptors, type, request);
  for (const need of method.needs(read, call)) call.require(need);
  checkRequired(call.world.descriptors, type, read);
  const operation: Call['operation'] = ({ metadata, work }) => {
    // Callers that wait poll the resource, which shows how the work ends.
    work().catch(() => undefined);
    return metadata();
  };
  return objectOf(await method.handle(read, { ...call, operation }));
}

/** This API names executions without their job. */
function executionName(request: PlainRequest, { world }: Call): string {
  const id = request.params['name'] ?? '';
  const found = [...runOf(world).executions.keys()].find((each) => runName(each).execution === id);
  return found ?? `${placeOf(request)}/jobs/-/executions/${id}`;
}

const jobName = (request: PlainRequest): string => `${placeOf(request)}/jobs/${request.params['name'] ?? ''}`;

function route(
  verb: PlainRoute['verb'],
  path: string,
  handle: (request: PlainRequest, call: Call) => Promise<Json>,
): PlainRoute {
  const method = `google.cloud.run.v1.${verb}${path.replace(/\/\{name\}/, '')}`;
  return { verb, path: `${base}${path}`, method, mark: 'documentation', needs: () => [], handle };
}

/** The part of the older API that `gcloud run jobs` uses, for the same jobs. */
export const knative: PlainModule = {
  name: 'run',
  routes: [
    route('post', '/jobs', async (request, call) => {
      const job = jobFromKnative(request.body, placeOf(request));
      const jobId = textOf(objectOf(request.body['metadata'])['name']);
      return jobToKnative(await through(call, [jobs, 'CreateJob'], { parent: placeOf(request), jobId, job }));
    }),
    route('get', '/jobs', async (request, call) => {
      const { jobs: all } = await through(call, [jobs, 'ListJobs'], { parent: placeOf(request) });
      return { kind: 'JobList', metadata: {}, items: listOf(all).map((each) => jobToKnative(objectOf(each))) };
    }),
    route('get', '/jobs/{name}', async (request, call) =>
      jobToKnative(await through(call, [jobs, 'GetJob'], { name: jobName(request) })),
    ),
    route('put', '/jobs/{name}', async (request, call) => {
      const job = { ...jobFromKnative(request.body, placeOf(request)), name: jobName(request) };
      return jobToKnative(await through(call, [jobs, 'UpdateJob'], { job }));
    }),
    route('delete', '/jobs/{name}', async (request, call) => {
      await through(call, [jobs, 'DeleteJob'], { name: jobName(request) });
      return { kind: 'Status', status: 'Success' };
    }),
    route('post', '/jobs/{name}:run', async (request, call) => {
      const { containerOverrides, taskCount, timeoutSeconds } = objectOf(request.body['overrides']);
      const overrides = {
        containerOverrides: listOf(containerOverrides).map((each) => {
          const { args, env } = containerFromKnative(objectOf(each));
          return { args, env, clearArgs: objectOf(each)['clearArgs'] ?? false };
        }),
        ...(taskCount === undefined ? {} : { taskCount }),
        ...(timeoutSeconds === undefined ? {} : { timeout: `${numberOf(timeoutSeconds)}s` }),
      };
      const given = request.body['overrides'] === undefined ? {} : { overrides };
      return executionToKnative(await through(call, [jobs, 'RunJob'], { name: jobName(request), ...given }));
    }),
    route('get', '/executions', async (request, call) => {
      const job = /run\.googleapis\.com\/job ?= ?([a-z0-9-]+)/.exec(request.query['labelSelector'] ?? '')?.[1] ?? '-';
      const parent = `${placeOf(request)}/jobs/${job}`;
      const { executions: all } = await through(call, [executions, 'ListExecutions'], { parent });
      return {
        kind: 'ExecutionList',
        metadata: {},
        items: listOf(all).map((each) => executionToKnative(objectOf(each))),
      };
    }),
    route('get', '/executions/{name}', async (request, call) =>
      executionToKnative(await through(call, [executions, 'GetExecution'], { name: executionName(request, call) })),
    ),
    route('post', '/executions/{name}:cancel', async (request, call) => {
      const name = executionName(request, call);
      await through(call, [executions, 'CancelExecution'], { name });
      const record = runOf(call.world).executions.get(name);
      return record === undefined ? {} : executionToKnative(executionView(record));
    }),
  ],
};
