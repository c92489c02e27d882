import { expect, test } from 'vitest';
import { startEmulator, type Emulator } from './start.ts';

const parent = 'v2/projects/acme-dev/locations/us-central1';
const container = { image: 'docker.io/library/node' };
const jobOf = (task: object, more: object = {}): object => ({
  template: { template: { containers: [container], ...task } },
  ...more,
});

interface Reply {
  readonly status: number;
  readonly body: {
    readonly error?: { readonly message: string; readonly status: string; readonly details?: readonly object[] };
  };
}

async function send(cloud: Emulator, method: string, path: string, body?: unknown): Promise<Reply> {
  const text = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  const answer = await fetch(`${cloud.url}/${path}`, { method, ...text });
  return { status: answer.status, body: (await answer.json()) as Reply['body'] };
}

const create = (cloud: Emulator, job: object, id = 'one'): Promise<Reply> =>
  send(cloud, 'POST', `${parent}/jobs?jobId=${id}`, job);

test.each([
  ['an unknown name', jobOf({ maxRetry: 0 }), `Unknown name "maxRetry" at 'job.template.template': Cannot find field.`],
  [
    'a bad enum value',
    jobOf({ executionEnvironment: 'GEN3' }),
    `'job.template.template.execution_environment' (type.googleapis.com/google.cloud.run.v2.ExecutionEnvironment), "GEN3"`,
  ],
  ['a wrong type', jobOf({ maxRetries: 'many' }), `'job.template.template.max_retries' (TYPE_INT32), "many"`],
  ['a list where an object belongs', jobOf({ vpcAccess: [] }), `'job.template.template.vpc_access'`],
  [
    'an object where a list belongs',
    { template: { template: { containers: container } } },
    `'job.template.template.containers'`,
  ],
  ['a duration without its unit', jobOf({ timeout: '60' }), `'job.template.template.timeout'`],
  [
    'two members of a oneof',
    jobOf({}, { startExecutionToken: 'a', runExecutionToken: 'b' }),
    `oneof field 'createExecution' is already set`,
  ],
  ['a missing required field', {}, 'job.template: required field is missing'],
  [
    'a container without an image',
    { template: { template: { containers: [{ command: ['true'] }] } } },
    'image: required field is missing',
  ],
  [
    'both a connector and an interface',
    jobOf({ vpcAccess: { connector: 'c', networkInterfaces: [{ network: 'n' }] } }),
    'Exactly one of connector or network_interfaces',
  ],
  [
    'neither of them',
    jobOf({ vpcAccess: { egress: 'ALL_TRAFFIC' } }),
    'Exactly one of connector or network_interfaces',
  ],
  ['more retries than ten', jobOf({ maxRetries: 11 }), 'max_retries must be between 0 and 10'],
  ['a timeout over seven days', jobOf({ timeout: '604801s' }), 'timeout must be between'],
  [
    'a variable over 32 KiB',
    jobOf({ containers: [{ ...container, env: [{ name: 'A', value: 'x'.repeat(32_769) }] }] }),
    'longer than 32768 bytes',
  ],
  ['a label of the platform', jobOf({}, { labels: { 'run.googleapis.com/x': 'y' } }), 'reserved namespace'],
  ['a label value in capitals', jobOf({}, { labels: { env: 'DEV' } }), 'Invalid label value'],
])('a job with %s is refused with 400 and its place', async (_, job, words) => {
  await using cloud = await startEmulator({ registry: false });
  const { status, body } = await create(cloud, job);
  expect(body.error?.message).toContain(words);
  expect({ status, name: body.error?.status }).toEqual({ status: 400, name: 'INVALID_ARGUMENT' });
  expect(body.error?.details?.[0]).toMatchObject({ '@type': 'type.googleapis.com/google.rpc.BadRequest' });
  expect(cloud.state.jobs).toEqual([]);
});

test.each([
  ['Capital', 'Invalid job id'],
  [`a${'b'.repeat(63)}`, 'less than 64'],
])('the job id %s is refused', async (id, words) => {
  await using cloud = await startEmulator({ registry: false });
  expect((await create(cloud, jobOf({}), id)).body.error?.message).toContain(words);
});

test('a token that makes the execution name too long is refused', async () => {
  await using cloud = await startEmulator({ registry: false });
  const { body } = await create(cloud, jobOf({}, { startExecutionToken: 'b'.repeat(33) }), 'a'.repeat(30));
  expect(body.error?.message).toContain('fewer than 63 characters');
});

test('what only the server sets is ignored, validate_only creates nothing, and zero retries are kept', async () => {
  await using cloud = await startEmulator({ registry: false });
  expect((await send(cloud, 'POST', `${parent}/jobs?jobId=one&validateOnly=true`, jobOf({}))).status).toBe(200);
  expect(cloud.state.jobs).toEqual([]);
  expect((await create(cloud, jobOf({ maxRetries: 0 }, { uid: 'mine', creator: 'me' }))).status).toBe(200);
  const { body } = await send(cloud, 'GET', `${parent}/jobs/one`);
  expect(body).toMatchObject({ template: { template: { maxRetries: 0 } }, creator: 'someone@example.com' });
  expect((body as { uid: string }).uid).not.toBe('mine');
  expect((await create(cloud, jobOf({}))).body.error?.status).toBe('ALREADY_EXISTS');
});

test('update makes a job only with allow_missing, and refuses an old etag', async () => {
  await using cloud = await startEmulator({ registry: false });
  expect((await send(cloud, 'PATCH', `${parent}/jobs/one`, jobOf({}))).body.error?.status).toBe('NOT_FOUND');
  expect((await send(cloud, 'PATCH', `${parent}/jobs/one?allowMissing=true`, jobOf({}))).status).toBe(200);
  expect((await send(cloud, 'PATCH', `${parent}/jobs/one`, jobOf({}, { etag: 'old' }))).body.error?.status).toBe(
    'ABORTED',
  );
});

test('a field that cannot be changed is refused when an update changes it, and taken when it does not', async () => {
  await using cloud = await startEmulator({ registry: false });
  const [secrets, replication] = ['v1/projects/acme-dev/secrets', { automatic: {} }];
  expect((await send(cloud, 'POST', `${secrets}?secretId=url`, { replication })).status).toBe(200);
  const update = (wanted: object): Promise<Reply> =>
    send(cloud, 'PATCH', `${secrets}/url?updateMask=replication`, wanted);
  expect((await update({ replication })).status).toBe(200);
  const other = { userManaged: { replicas: [{ location: 'us-central1' }] } };
  expect((await update({ replication: other })).body.error?.message).toContain('immutable');
});

test('lists come in pages, and a foreign page token is refused', async () => {
  await using cloud = await startEmulator({ registry: false });
  for (const id of ['a', 'b', 'c']) await create(cloud, jobOf({}), id);
  const first = (await send(cloud, 'GET', `${parent}/jobs?pageSize=2`)).body as {
    jobs: object[];
    nextPageToken: string;
  };
  expect(first.jobs).toHaveLength(2);
  const rest = (await send(cloud, 'GET', `${parent}/jobs?pageSize=2&pageToken=${first.nextPageToken}`))
    .body as typeof first;
  expect([rest.jobs.length, rest.nextPageToken]).toEqual([1, undefined]);
  expect((await send(cloud, 'GET', `${parent}/jobs?pageToken=x`)).status).toBe(400);
});

test('a body that is no JSON, an unknown query parameter and an unknown path are refused', async () => {
  await using cloud = await startEmulator({ registry: false });
  expect((await send(cloud, 'POST', `${parent}/jobs?jobId=x`, '{')).body.error?.message).toContain(
    'Invalid JSON payload',
  );
  expect((await send(cloud, 'GET', `${parent}/jobs?colour=red`)).body.error?.message).toContain(
    'Unknown name "colour"',
  );
  expect((await send(cloud, 'GET', 'v9/nothing')).status).toBe(404);
});
