import { randomBytes, randomUUID } from 'node:crypto';
import { page } from '../../core/dispatch.ts';
import { ApiError, notFound } from '../../core/errors.ts';
import { numberOf, objectOf, textOf, type Json, type JsonObject } from '../../core/json.ts';
import { needs, type Call, type ServiceModule } from '../../core/service.ts';
import type { JobFault } from '../../core/faults.ts';
import { condition } from './conditions.ts';
import { checkJob } from './job-check.ts';
import { completeJob } from './job-defaults.ts';
import { jobProblem } from './ready.ts';
import { policyMethods } from '../../core/policy.ts';
import { withOverrides } from './overrides.ts';
import { killExecution, startExecution } from './perform.ts';
import { placeOf, runName, runOf, type ExecutionRecord, type JobRecord } from './records.ts';
import { executionView } from './views.ts';

/** Cloud Run jobs. */
export const jobs: ServiceModule = {
  name: 'run',
  service: 'google.cloud.run.v2.Jobs',
  methods: {
    CreateJob: { mark: 'documentation', needs: needs('run.jobs.create', 'parent'), handle: createJob },
    GetJob: {
      mark: 'proto',
      needs: needs('run.jobs.get', 'name'),
      handle: (request, call) => jobNamed(call, textOf(request['name'])).job,
    },
    ListJobs: { mark: 'proto', needs: needs('run.jobs.list', 'parent'), handle: listJobs },
    UpdateJob: { mark: 'documentation', needs: needs('run.jobs.update', 'job.name'), handle: updateJob },
    DeleteJob: { mark: 'assumed', needs: needs('run.jobs.delete', 'name'), handle: deleteJob },
    RunJob: {
      mark: 'documentation',
      needs: (request) => {
        const resource = textOf(request['name']);
        const run = { permission: 'run.jobs.run', resource };
        return request['overrides'] === undefined
          ? [run]
          : [run, { permission: 'run.jobs.runWithOverrides', resource }];
      },
      handle: runJob,
    },
    ...policyMethods('run.jobs'),
  },
};

function jobNamed(call: Call, name: string): JobRecord {
  const record = runOf(call.world).jobs.get(name);
  if (record === undefined)
    throw notFound(
      `Resource '${runName(name).job}' of kind 'JOB' in region '${runName(name).location}' in project '${runName(name).project}' does not exist.`,
    );
  return record;
}

async function createJob(request: JsonObject, call: Call): Promise<Json> {
  const parent = textOf(request['parent']);
  const id = textOf(request['jobId']);
  const name = `${parent}/jobs/${id}`;
  const wanted = objectOf(request['job']);
  checkJob(call, name, wanted);
  const { jobs: all } = runOf(call.world);
  if (all.has(name)) throw new ApiError('ALREADY_EXISTS', `Resource '${id}' already exists.`);
  const job = completeJob(call, { ...wanted, name }, undefined);
  checkToken(call, job);
  if (request['validateOnly'] === true) return settledOperation(call, parent, job);
  requireRun(call, job);
  const record: JobRecord = { job };
  all.set(name, record);
  return settledJob(call, record);
}

/** A job with a token executes at once, which needs a permission of its own. */
function requireRun(call: Call, job: JsonObject): void {
  if (tokenOf(job) !== '' && call.world.faults.token !== 'ignored')
    call.require({ permission: 'run.jobs.run', resource: textOf(job['name']) });
}

/** The operation of a job that was made or changed: it fails if image or secrets are not there. */
async function settledJob(call: Call, record: JobRecord): Promise<Json> {
  const problem = call.world.faults.takeJob() ?? (await jobProblem(call.world, record.job));
  if (problem !== undefined) return unreadyOperation(call, record, problem);
  return jobOperation(call, record, executionByToken(call, record));
}

/** The operation ends with code 13 and words alone; the job stays (hashicorp/terraform-provider-google#15088). */
function unreadyOperation(call: Call, record: JobRecord, { reason, message }: JobFault): Json {
  const failed = condition('Ready', 'FAILED', call.world.now(), { reason, message, severity: 'ERROR' });
  record.job = { ...record.job, terminalCondition: failed, conditions: [failed] };
  return call.operation({
    parent: placeOf(textOf(record.job['name'])),
    metadata: () => record.job,
    work: () => Promise.reject(new ApiError('INTERNAL', message)),
  });
}

/** The operation of a new job: with `runExecutionToken` it ends with the execution, otherwise at once. */
function jobOperation(call: Call, record: JobRecord, execution: ExecutionRecord | undefined): Json {
  const wait = textOf(record.job['runExecutionToken']) === '' ? undefined : execution?.settled;
  return call.operation({
    parent: placeOf(textOf(record.job['name'])),
    metadata: () => record.job,
    work: async () => {
      await wait;
      return record.job;
    },
  });
}

function settledOperation(call: Call, parent: string, resource: JsonObject): Json {
  return call.operation({ parent: placeOf(parent), metadata: () => resource, work: () => Promise.resolve(resource) });
}

/** Proto: a job with a token executes at once, under a name that ends with the token. */
function executionByToken(call: Call, record: JobRecord): ExecutionRecord | undefined {
  const token = tokenOf(record.job);
  const fault = call.world.faults.token;
  if (token === '' || fault === 'ignored') return undefined;
  return execute(call, record, {
    template: objectOf(record.job['template']),
    suffix: fault === 'renamed' ? randomSuffix() : token,
  });
}

const tokenOf = (job: JsonObject): string => textOf(job['startExecutionToken']) || textOf(job['runExecutionToken']);

function execute(
  call: Call,
  record: JobRecord,
  how: { readonly template: JsonObject; readonly suffix: string },
): ExecutionRecord {
  const creator = call.principal.replace(/^\w+:/, '');
  const execution = startExecution(call.world, { ...how, job: record.job, creator });
  record.job = {
    ...record.job,
    executionCount: numberOf(record.job['executionCount']) + 1,
    latestCreatedExecution: {
      name: runName(execution.name).execution,
      createTime: execution.createTime,
      completionStatus: 'EXECUTION_RUNNING',
    },
  };
  return execution;
}

function listJobs(request: JsonObject, call: Call): Json {
  const parent = `${textOf(request['parent'])}/jobs/`;
  const all = [...runOf(call.world).jobs.entries()]
    .filter(([name]) => name.startsWith(parent))
    .map(([, record]) => record.job);
  const { items, next } = page(all, request);
  return { jobs: items, ...(next === undefined ? {} : { nextPageToken: next }) };
}

async function updateJob(request: JsonObject, call: Call): Promise<Json> {
  const wanted = objectOf(request['job']);
  const name = textOf(wanted['name']);
  const { jobs: all } = runOf(call.world);
  const before = all.get(name);
  if (before === undefined && request['allowMissing'] !== true) jobNamed(call, name);
  if (before === undefined) call.require({ permission: 'run.jobs.create', resource: placeOf(name) });
  checkEtag(wanted, before?.job);
  checkJob(call, name, wanted);
  const job = completeJob(call, wanted, before?.job);
  const same = before !== undefined && isSameGeneration(before.job, job);
  if (!same) checkToken(call, job);
  if (request['validateOnly'] === true) return settledOperation(call, name, job);
  requireRun(call, job);
  if (same) return jobOperation(call, before, undefined);
  const record: JobRecord = before ?? { job };
  record.job = job;
  all.set(name, record);
  return settledJob(call, record);
}

/** What a generation of a job consists of. */
const specified = ['labels', 'annotations', 'client', 'template', 'startExecutionToken', 'runExecutionToken'] as const;

function isSameGeneration(before: JsonObject, job: JsonObject): boolean {
  return specified.every((name) => JSON.stringify(before[name]) === JSON.stringify(job[name]));
}

/**
 * A token that was used before is refused, unless the job stays the same (pull request 19060 of
 * GoogleCloudPlatform/magic-modules).
 */
function checkToken(call: Call, job: JsonObject): void {
  const token = tokenOf(job);
  const id = `${runName(textOf(job['name'])).job}-${token}`;
  if (token !== '' && runOf(call.world).executions.has(`${textOf(job['name'])}/executions/${id}`))
    throw new ApiError('ALREADY_EXISTS', `Resource '${id}' already exists.`);
}

function checkEtag(request: JsonObject, current: JsonObject | undefined): void {
  const etag = textOf(request['etag']);
  if (etag !== '' && current !== undefined && etag !== current['etag'])
    throw new ApiError('ABORTED', 'The etag does not match: the resource was changed meanwhile.');
}

function deleteJob(request: JsonObject, call: Call): Json {
  const name = textOf(request['name']);
  const record = jobNamed(call, name);
  checkEtag(request, record.job);
  if (request['validateOnly'] === true) return settledOperation(call, name, record.job);
  const state = runOf(call.world);
  const executions = [...state.executions.values()].filter((each) => each.job === name);
  state.jobs.delete(name);
  const deleted = { ...record.job, deleteTime: call.world.now() };
  return call.operation({
    parent: placeOf(name),
    metadata: () => deleted,
    // Assumed: what still runs is killed, and the executions are deleted with their job.
    work: async () => {
      await Promise.all(executions.filter((each) => each.end === undefined).map(killExecution));
      for (const each of executions) state.executions.delete(each.name);
      return deleted;
    },
  });
}

function runJob(request: JsonObject, call: Call): Json {
  const name = textOf(request['name']);
  const record = jobNamed(call, name);
  checkEtag(request, record.job);
  const template = withOverrides(objectOf(record.job['template']), objectOf(request['overrides']));
  if (request['validateOnly'] === true) {
    const preview = { name: `${name}/executions/${runName(name).job}-${randomUUID().slice(0, 5)}`, taskCount: 1 };
    return settledOperation(call, name, preview);
  }
  const execution = execute(call, record, { template, suffix: randomSuffix() });
  // The job loses its token as soon as an execution is made in another way (the same pull request).
  const { startExecutionToken: _, runExecutionToken: __, ...job } = record.job;
  record.job = job;
  return call.operation({
    parent: placeOf(name),
    metadata: () => executionView(execution),
    work: async () => {
      await execution.settled;
      const { end } = execution;
      // Assumed: the operation of a run fails with its execution.
      if (end?.kind === 'failed') throw new ApiError('UNKNOWN', end.message);
      if (end?.kind === 'cancelled') throw new ApiError('CANCELLED', 'Execution cancelled.');
      return executionView(execution);
    },
  });
}

/** Five letters and digits, as in Cloud Run's names. */
function randomSuffix(): string {
  return [...randomBytes(5)].map((byte) => 'bcdfghjklmnpqrstvwxz2456789'[byte % 27]).join('');
}
