import { expect, test } from 'vitest';
import type { ExecutionFault } from './core/faults.ts';
import { startEmulator, type Emulator } from './start.ts';

const place = 'v2/projects/acme-dev/locations/us-central1';
const connector = 'projects/acme-dev/locations/us-central1/connectors/dev';

interface Wanted {
  readonly script?: string;
  readonly image?: string;
  readonly env?: readonly object[];
  readonly task?: object;
}

const jobOf = ({ script = '', image = 'docker.io/library/node', env = [], task = {} }: Wanted): object => {
  const containers = [{ image, command: ['node', '-e', script], env }];
  return { startExecutionToken: 'one', template: { template: { containers, maxRetries: 0, ...task } } };
};

async function send(
  cloud: Emulator,
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(`${cloud.url}/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

const create = (cloud: Emulator, job: object): ReturnType<typeof send> =>
  send(cloud, 'POST', `${place}/jobs?jobId=migrate`, job);

const text = (cloud: Emulator): readonly unknown[] => cloud.state.logs.map((entry) => entry['textPayload']);

/** Runs a job and returns its execution as reported, with the last attempt of its first task. */
async function perform(cloud: Emulator, wanted: Wanted): Promise<Record<string, unknown>> {
  expect(await create(cloud, jobOf(wanted))).toMatchObject({ status: 200 });
  await expect
    .poll(() => cloud.state.executions[0]?.['completionTime'], { timeout: 120_000, interval: 20 })
    .toBeDefined();
  const name = `${place}/jobs/migrate/executions/migrate-one`;
  const { body: tasks } = await send(cloud, 'GET', `${name}/tasks`);
  const [first] = tasks['tasks'] as Record<string, unknown>[];
  return { ...(await send(cloud, 'GET', name)).body, last: first?.['lastAttemptResult'] };
}

const failed = (reason: string): object => ({
  conditions: [{ type: 'Completed', state: 'CONDITION_FAILED', reason }, {}, {}],
});

test.each<[string, ExecutionFault, string, string]>([
  ['an image that is missing', { image: 'missing' }, 'CONTAINER_MISSING', 'not found'],
  [
    'an image that may not be pulled',
    { image: 'denied' },
    'CONTAINER_PERMISSION_DENIED',
    'must have permission to read the image',
  ],
  ['a secret that may not be read', { secret: 'denied' }, 'SECRETS_ACCESS_CHECK_FAILED', 'Permission denied on secret'],
  ['a secret that is disabled', { secret: 'disabled' }, 'SECRETS_ACCESS_CHECK_FAILED', 'DISABLED'],
  ['a connector that is gone', { connector: 'missing' }, 'VPC_NETWORK_NOT_FOUND', 'does not exist'],
  ['a connector in error', { connector: 'error' }, 'VPC_NETWORK_NOT_FOUND', 'ERROR'],
])('%s ends the execution before any task starts', async (_, fault, reason, words) => {
  await using cloud = await startEmulator();
  cloud.seed.secret('acme-dev', 'url', 'value');
  cloud.faults.onExecution(fault);
  const env = [{ name: 'URL', valueSource: { secretKeyRef: { secret: 'url', version: 'latest' } } }];
  const execution = await perform(cloud, { env, task: { vpcAccess: { connector } } });
  expect(execution).toMatchObject(failed(reason));
  expect(JSON.stringify(execution['conditions'])).toContain(words);
  expect([execution['startTime'], execution['last']]).toEqual([undefined, undefined]);
});

test('an image or a secret that is not there is missed when the job is made or changed: the job stays, and executes nothing', async () => {
  await using cloud = await startEmulator();
  const image = `${cloud.registry}/acme-dev/none:1`;
  const ended = async (answer: { body: Record<string, unknown> }): Promise<unknown> =>
    (await send(cloud, 'POST', `v2/${String(answer.body['name'])}:wait`, {})).body['error'];
  const made = await create(cloud, jobOf({ image }));
  expect(await ended(made)).toMatchObject({ code: 13, message: `Image '${image}' not found.` });
  const env = [{ name: 'URL', valueSource: { secretKeyRef: { secret: 'none', version: '1' } } }];
  const changed = await send(cloud, 'PATCH', `${place}/jobs/migrate`, jobOf({ env }));
  expect(await ended(changed)).toMatchObject({ code: 13, message: expect.stringContaining('was not found') as string });
  expect(cloud.state.jobs[0]).toMatchObject({ terminalCondition: { reason: 'SECRETS_ACCESS_CHECK_FAILED' } });
  expect(cloud.state.executions).toEqual([]);
  expect((await send(cloud, 'PATCH', `${place}/jobs/migrate`, jobOf({}))).status).toBe(200);
  expect(cloud.state.executions).toHaveLength(1);
});

test('F7: images of other registries are refused with the words of Cloud Run', async () => {
  await using cloud = await startEmulator();
  const foreign = await create(cloud, jobOf({ image: 'ghcr.io/acme/app' }));
  expect(foreign.status).toBe(400);
  expect(JSON.stringify(foreign.body)).toContain('docker.io but obtained ghcr.io/acme/app');
  for (const image of ['node', 'docker.io/library/node', 'eu.gcr.io/acme/app', 'acme/app'])
    expect((await create(cloud, jobOf({ image }))).status).not.toBe(400);
});

test('F4, F5: a quota project that the caller may not use, and an account, are refused with the words of Google', async () => {
  await using cloud = await startEmulator({ iam: { 'user:ann@example.com': ['run.jobs.create'] } });
  const authorization = `Bearer ${cloud.env('user:ann@example.com')['GOOGLE_OAUTH_ACCESS_TOKEN'] ?? ''}`;
  const made = async (headers: Record<string, string>): Promise<string> => {
    const body = JSON.stringify(jobOf({}));
    const sent = { method: 'POST', headers: { authorization, ...headers }, body };
    return await (await fetch(`${cloud.url}/${place}/jobs?jobId=a`, sent)).text();
  };
  const charged = await made({ 'x-goog-user-project': 'billing' });
  expect(charged).toContain('USER_PROJECT_DENIED');
  expect(charged).toMatch(/"consumer": *"projects\/billing"/);
  expect(await made({})).toContain("Permission 'iam.serviceaccounts.actAs' denied on service account ");
});

test('in a project that was made, the connector has to be there and ready, and the account has to exist', async () => {
  await using cloud = await startEmulator();
  cloud.seed.project('acme-dev');
  const withConnector = jobOf({ task: { vpcAccess: { connector } } });
  expect(JSON.stringify(await create(cloud, withConnector))).toContain(
    'does not exist, or Cloud Run does not have permission',
  );
  cloud.seed.connector(connector, 'ERROR');
  expect(JSON.stringify(await create(cloud, withConnector))).toContain('its state is ERROR');
  const account = jobOf({ task: { serviceAccount: 'none@acme-dev.iam.gserviceaccount.com' } });
  expect(JSON.stringify(await create(cloud, account))).toContain('Service account none@acme-dev');
  cloud.seed.connector(connector);
  expect((await create(cloud, withConnector)).status).toBe(200);
});

test('a task that is out of memory is told by its signal', async () => {
  await using cloud = await startEmulator();
  cloud.faults.onExecution({ killAfterMs: 300 });
  const execution = await perform(cloud, { script: 'setInterval(() => 0, 1000)' });
  expect(execution['last']).toMatchObject({
    termSignal: 9,
    status: { message: expect.stringContaining('memory limit') as string },
  });
  expect(execution).toMatchObject({ failedCount: 1 });
});

test('a task that takes too long gets SIGTERM, and SIGKILL when it does not go', async () => {
  await using cloud = await startEmulator({ execution: { kind: 'process', graceMs: 300 } });
  const script = 'process.on("SIGTERM", () => console.log("SIGTERM")); setInterval(() => 0, 1000)';
  const execution = await perform(cloud, { script, task: { timeout: '1s' } });
  expect(execution['last']).toEqual({ status: { code: 4, message: 'The task has timed out.' }, termSignal: 9 });
  expect(text(cloud)).toContain('SIGTERM');
});

test('a network that comes up late refuses connections until then', async () => {
  await using cloud = await startEmulator();
  cloud.faults.onExecution({ networkDelayMs: 700 });
  const { port } = new URL(cloud.url);
  const script = `const connect = () => require('node:net').connect(${port}, '127.0.0.1')
    .on('error', (error) => { console.log(error.code); setTimeout(connect, 100); })
    .on('connect', () => { console.log('connected'); process.exit(0); });
    connect();`;
  await perform(cloud, { script });
  expect(text(cloud)[0]).toBe('ENETUNREACH');
  expect(text(cloud).at(-1)).toBe('connected');
});

test('a maintenance sends SIGTSTP, and SIGCONT afterwards', async () => {
  await using cloud = await startEmulator();
  cloud.faults.onExecution({ maintenance: { afterMs: 2_000, pauseMs: 200 } });
  const script = `process.on('SIGTSTP', () => console.log('SIGTSTP'));
    process.on('SIGCONT', () => { console.log('SIGCONT'); process.exit(0); }); setInterval(() => 0, 1000);`;
  await perform(cloud, { script });
  expect(text(cloud)).toEqual(['SIGTSTP', 'SIGCONT']);
});

test('a deleted job takes its running task with it', async () => {
  await using cloud = await startEmulator();
  expect((await create(cloud, jobOf({ script: 'console.log(process.pid); setInterval(() => 0, 1000)' }))).status).toBe(
    200,
  );
  await expect.poll(() => text(cloud).length, { timeout: 120_000 }).toBe(1);
  const pid = Number(text(cloud)[0]);
  const { body } = await send(cloud, 'DELETE', `${place}/jobs/migrate`);
  expect((await send(cloud, 'POST', `v2/${String(body['name'])}:wait`, {})).body).toMatchObject({ done: true });
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  expect([cloud.state.jobs, cloud.state.executions]).toEqual([[], []]);
});

test('calls are refused, lost before or after they took effect, delivered twice, or slow, as planned', async () => {
  await using cloud = await startEmulator();
  cloud.faults.onCall({ method: 'GetJob', kind: 'status', status: 'UNAVAILABLE', times: 2 });
  const get = async (): Promise<number> => (await send(cloud, 'GET', `${place}/jobs/migrate`)).status;
  expect([await get(), await get(), await get()]).toEqual([503, 503, 404]);
  cloud.faults.onCall({ method: 'CreateJob', kind: 'lost-request' });
  await expect(create(cloud, jobOf({}))).rejects.toThrow('fetch failed');
  expect(await get()).toBe(404);
  cloud.faults.onCall({ method: 'CreateJob', kind: 'lost-response' });
  await expect(create(cloud, jobOf({}))).rejects.toThrow('fetch failed');
  expect([await get(), (await create(cloud, jobOf({}))).status]).toEqual([200, 409]);
  cloud.faults.onCall({ method: 'RunJob', kind: 'twice' });
  expect((await send(cloud, 'POST', `${place}/jobs/migrate:run`, {})).status).toBe(200);
  expect(cloud.state.executions).toHaveLength(3);
  expect(cloud.calls.filter((call) => call.method.endsWith('CreateJob')).map((call) => call.status)).toEqual([
    'OK',
    'ALREADY_EXISTS',
  ]);
});

test('a token that the platform ignores starts nothing, a renamed one an execution under another name', async () => {
  await using cloud = await startEmulator();
  cloud.faults.onToken('ignored');
  await create(cloud, jobOf({}));
  expect(cloud.state.executions).toEqual([]);
  await send(cloud, 'DELETE', `${place}/jobs/migrate`);
  cloud.faults.onToken('renamed');
  await create(cloud, jobOf({}));
  expect(cloud.state.jobs[0]?.['latestCreatedExecution']).toMatchObject({
    name: expect.stringMatching(/^migrate-\w{5}$/) as string,
  });
});

test('a job that does not become ready tells why in its condition and its operation', async () => {
  await using cloud = await startEmulator();
  cloud.faults.onJob({ reason: 'CONTAINER_MISSING', message: 'Image not found.' });
  const { body } = await create(cloud, jobOf({}));
  const ended = await send(cloud, 'POST', `v2/${String(body['name'])}:wait`, {});
  expect(ended.body).toMatchObject({ done: true, error: { code: 13, message: 'Image not found.' } });
  expect(cloud.state.jobs[0]).toMatchObject({
    terminalCondition: { state: 'CONDITION_FAILED', reason: 'CONTAINER_MISSING' },
  });
});

test.each([
  ['without a time to wait', undefined, /^$/],
  ['with seconds', 'seconds', /^\d+$/],
  ['with a date', 'date', / GMT$/],
] as const)('F13: the read quota of the log answers 429 %s', async (_, retryAfter, header) => {
  await using cloud = await startEmulator({ registry: false });
  cloud.faults.onLogs({ quota: { reads: 2, ...(retryAfter === undefined ? {} : { retryAfter }) } });
  const read = (): Promise<Response> =>
    fetch(`${cloud.url}/v2/entries:list`, {
      method: 'POST',
      body: JSON.stringify({ resourceNames: ['projects/acme-dev'] }),
    });
  const answers = [await read(), await read(), await read()];
  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 429]);
  expect(answers[2]?.headers.get('retry-after') ?? '').toMatch(header);
});

test('a token that was used before is refused, unless the job stays the same; another execution takes it away', async () => {
  await using cloud = await startEmulator({ registry: false });
  await create(cloud, jobOf({}));
  const path = `${place}/jobs/migrate`;
  const patch = (job: object) => send(cloud, 'PATCH', path, { name: path, ...job });
  expect((await patch(jobOf({}))).status).toBe(200);
  expect(cloud.state.executions).toHaveLength(1);
  const edited = jobOf({ task: { timeout: '60s' } });
  const refusal = { code: 409, status: 'ALREADY_EXISTS', message: "Resource 'migrate-one' already exists." };
  expect((await patch(edited)).body).toEqual({ error: refusal });
  expect((await patch({ ...edited, startExecutionToken: 'two' })).status).toBe(200);
  expect(cloud.state.executions).toHaveLength(2);
  await send(cloud, 'POST', `${path}:run`, {});
  expect(cloud.state.jobs[0]).not.toHaveProperty('startExecutionToken');
  expect((await patch({ ...edited, startExecutionToken: 'two' })).status).toBe(409);
});

test('executions become visible late, each after a time of its own, although their job names them at once', async () => {
  await using cloud = await startEmulator({ registry: false });
  cloud.faults.onVisibility({ upToMs: 600_000, seed: 'one' });
  await create(cloud, jobOf({}));
  const path = `${place}/jobs/migrate`;
  expect((await send(cloud, 'GET', path)).body).toMatchObject({ latestCreatedExecution: { name: 'migrate-one' } });
  expect((await send(cloud, 'GET', `${path}/executions/migrate-one`)).status).toBe(404);
  expect((await send(cloud, 'GET', `${path}/executions`)).body).toEqual({});
  const times = ['a', 'b', 'a'].map((name) => cloud.faults.hiddenMs(name));
  expect([times[2] === times[0], times[1] === times[0]]).toEqual([true, false]);
  cloud.faults.clear();
  expect(cloud.faults.hiddenMs('a')).toBe(0);
});

test('an end without a time is told by the condition', async () => {
  await using cloud = await startEmulator({ registry: false });
  cloud.faults.onExecution({ untimedEnd: true });
  await create(cloud, jobOf({}));
  const conditions = (): unknown => cloud.state.executions[0]?.['conditions'];
  await expect
    .poll(conditions, { timeout: 20_000, interval: 20 })
    .toMatchObject([{ type: 'Completed', state: 'CONDITION_SUCCEEDED' }, {}, {}]);
  expect(cloud.state.executions[0]).not.toHaveProperty('completionTime');
  const latest = cloud.state.jobs[0]?.['latestCreatedExecution'];
  expect(latest).toMatchObject({ completionStatus: 'EXECUTION_SUCCEEDED' });
  expect(latest).not.toHaveProperty('completionTime');
});
