import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createRedactor } from '../../kit/redact.ts';
import { googleFault, nearestName } from './fault.ts';
import { createGoogle, type Google, type GoogleCall, type GoogleOptions } from './google.ts';
import { listAll, waitForOperation } from './operations.ts';
import { backoff } from '../retry.ts';

type Answer = { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> } | 'cut';

const servers: { close(): void }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that gives these answers one after another, and repeats the last one. */
async function serving(...answers: readonly Answer[]): Promise<{ url: string; received: IncomingMessage[] }> {
  const received: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const answer = answers[Math.min(received.length, answers.length - 1)] ?? 'cut';
    received.push(request);
    if (answer === 'cut') return void request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push({
    close() {
      server.closeAllConnections();
      server.close();
    },
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

function client(url: string, more: Partial<GoogleOptions> = {}): Google {
  return createGoogle({
    endpoints: { run: url, iamcredentials: url },
    env: { GOOGLE_OAUTH_ACCESS_TOKEN: 'token-of-the-test' },
    redactor: createRedactor(),
    ...more,
  });
}

const refusal = (code: number, status: string, message: string, details: readonly unknown[] = []): Answer => ({
  status: code,
  body: { error: { code, status, message, details } },
});
const get = { service: 'run', method: 'GET', path: 'v2/projects/p/locations/r/jobs/j' } as const;
const create = { ...get, method: 'POST', body: {} } as const;

describe('a request', () => {
  test('carries the token that the environment gives, and its answer comes back as it is', async () => {
    const { url, received } = await serving({ status: 200, body: { name: 'j' } });
    const reply = await client(url).call({ ...get, query: { pageSize: '5' } });
    expect(reply).toEqual({ ok: true, value: { name: 'j' } });
    expect(received[0]?.headers.authorization).toBe('Bearer token-of-the-test');
    expect(received[0]?.url).toBe('/v2/projects/p/locations/r/jobs/j?pageSize=5');
  });

  test('F10: is sent again after 429 and 503 when repeating it does no harm', async () => {
    const calls: GoogleCall[] = [];
    const { url } = await serving(
      refusal(429, 'RESOURCE_EXHAUSTED', 'slow down'),
      { status: 503 },
      { status: 200, body: {} },
    );
    const google = client(url, { onCall: (call) => calls.push(call) });
    const reply = await google.call({ ...create, idempotent: true });
    expect(reply.ok).toBe(true);
    expect(calls.map(({ status, attempt }) => [status, attempt])).toEqual([
      [429, 1],
      [503, 2],
      [200, 3],
    ]);
  });

  test('that only reads is sent again when no answer came', async () => {
    const { url, received } = await serving('cut', { status: 500 }, { status: 200, body: {} });
    expect((await client(url).call(get)).ok).toBe(true);
    expect(received).toHaveLength(3);
  });

  test.each(['cut', { status: 429 }, { status: 500 }, { status: 503 }] as const)(
    'F10: that creates something is not sent again after %j, because it may have been accepted',
    async (first) => {
      const { url, received } = await serving(first, { status: 200, body: {} });
      const reply = await client(url).call(create);
      expect(reply).toMatchObject({ ok: false, error: first === 'cut' ? { lost: true, reason: 'LOST' } : first });
      expect(received).toHaveLength(1);
    },
  );

  test('that may be repeated by design is', async () => {
    const { url } = await serving('cut', { status: 200, body: {} });
    expect((await client(url).call({ ...create, idempotent: true })).ok).toBe(true);
  });

  test('gives up when its time is over', async () => {
    const { url } = await serving({ status: 503 });
    const reply = await client(url, { budgetMs: 300 }).call(get);
    expect(reply).toMatchObject({ ok: false, error: { status: 503, reason: 'UNAVAILABLE' } });
  });

  test('of many does not wait long where nobody has ever answered', async () => {
    const { url, received } = await serving('cut');
    const google = client(url, { firstAnswerMs: 400 });
    expect(await google.call(get)).toMatchObject({ ok: false, error: { lost: true } });
    const first = received.length;
    expect(first).toBeGreaterThan(1);
    expect(await google.call(get)).toMatchObject({ ok: false, error: { lost: true } });
    expect(received).toHaveLength(first + 1);
  });

  test('is patient as ever with those who have answered before', async () => {
    const { url, received } = await serving({ status: 200, body: {} }, 'cut', 'cut', 'cut', {
      status: 200,
      body: {},
    });
    const google = client(url, { firstAnswerMs: 100 });
    expect([(await google.call(get)).ok, (await google.call(get)).ok]).toEqual([true, true]);
    expect(received).toHaveLength(5);
  });

  test('that is not answered in time counts as lost', async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    servers.push({
      close() {
        server.closeAllConnections();
        server.close();
      },
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const reply = await client(url, { tryMs: 80, budgetMs: 1 }).call(get);
    expect(reply).toMatchObject({ ok: false, error: { lost: true } });
  });
});

describe('an error', () => {
  test('is Google’s own, with the permission that is missing (`google-permission-denied`)', async () => {
    const { url } = await serving(
      refusal(403, 'PERMISSION_DENIED', "Permission 'run.jobs.create' denied on resource", [
        { reason: 'IAM_PERMISSION_DENIED', metadata: { permission: 'run.jobs.create' } },
      ]),
    );
    const reply = await client(url).call(create);
    if (reply.ok) throw new Error('it was refused');
    expect(reply.error).toMatchObject({ permission: 'run.jobs.create', detail: 'IAM_PERMISSION_DENIED' });
    const finding = googleFault(reply.error, { doing: 'creating job', resource: 'projects/p/locations/r/jobs/j' });
    expect(finding.code).toBe('google-permission-denied');
    expect(finding.fix).toContain('roles/run.developer');
    expect(finding.fix).toContain('gcloud projects add-iam-policy-binding p ');
  });

  test('that a proxy sends in HTML keeps its words', async () => {
    const { url } = await serving({ status: 413, headers: { 'content-type': 'text/html' } });
    const reply = await client(url).call(get);
    expect(reply).toMatchObject({ ok: false, error: { reason: 'HTTP_413', message: 'HTTP status 413' } });
  });

  test.each([
    ['google-quota', 429, 'RESOURCE_EXHAUSTED'],
    ['google-refused', 400, 'INVALID_ARGUMENT'],
  ])('`%s`: Google answers %i %s', async (code, status, reason) => {
    const { url } = await serving(refusal(status, reason, 'not this one'));
    const reply = await client(url, { budgetMs: 1 }).call(get);
    const found = reply.ok ? undefined : googleFault(reply.error, { doing: 'reading job', resource: get.path });
    expect(found).toMatchObject({ code, why: expect.stringContaining('not this one') });
  });

  test('says which API to switch on (`google-api-disabled`)', () => {
    const message =
      'Serverless VPC Access API has not been used in project 12 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/vpcaccess.googleapis.com/overview then retry.';
    const error = {
      status: 403,
      reason: 'PERMISSION_DENIED',
      message,
      detail: 'SERVICE_DISABLED',
      lost: false,
    };
    const finding = googleFault(error, { doing: 'reading connector', resource: 'projects/acme/locations/r/x' });
    expect(finding.code).toBe('google-api-disabled');
    expect(finding.fix).toContain('gcloud services enable vpcaccess.googleapis.com --project acme');
  });

  test('about something that does not exist proposes the nearest name (`google-not-found`)', () => {
    const error = { status: 404, reason: 'NOT_FOUND', message: 'Secret [DATABASE_URL] not found', lost: false };
    const existing = ['projects/p/secrets/database-url', 'projects/p/secrets/jwt-secret-dev'];
    const finding = googleFault(error, { doing: 'reading secret', resource: 'DATABASE_URL', existing });
    expect(finding).toMatchObject({ code: 'google-not-found', fix: 'Did you mean `database-url`?' });
    expect(nearestName('database-url-dve', ['database-url-dev', 'other'])).toBe('database-url-dev');
  });
});

describe('credentials', () => {
  test('of a service account are asked for once, and masked in every text', async () => {
    const redactor = createRedactor();
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const { url, received } = await serving(
      { status: 200, body: { accessToken: 'token-of-the-account', expireTime: until } },
      { status: 200, body: {} },
    );
    const google = client(url, { impersonate: 'ci@p.iam.gserviceaccount.com', redactor });
    await google.call(get);
    await google.call(get);
    expect(received.map((request) => request.headers.authorization)).toEqual([
      'Bearer token-of-the-test',
      'Bearer token-of-the-account',
      'Bearer token-of-the-account',
    ]);
    expect(redactor.redact('token-of-the-test token-of-the-account')).toBe('*** ***');
  });

  test('of a service account that may not be acted as name the role', async () => {
    const { url } = await serving(
      refusal(403, 'PERMISSION_DENIED', "Permission 'iam.serviceAccounts.getAccessToken' denied on resource"),
    );
    const reply = await client(url, { impersonate: 'ci@p.iam.gserviceaccount.com' }).call(get);
    if (reply.ok) throw new Error('it was refused');
    const finding = googleFault(reply.error, { doing: 'reading', resource: 'j' });
    expect(finding.fix).toContain('roles/iam.serviceAccountTokenCreator');
    expect(finding.fix).toContain('service-accounts add-iam-policy-binding ci@p.iam.gserviceaccount.com');
  });

  test('in a file that is none are refused by a finding without a stack trace (`google-credentials-invalid`)', async () => {
    const { url } = await serving({ status: 200, body: {} });
    const env = { GOOGLE_APPLICATION_CREDENTIALS: '/nowhere/credentials.json' };
    const reply = await client(url, { env }).call(get);
    if (reply.ok) throw new Error('it was refused');
    const finding = googleFault(reply.error, { doing: 'reading', resource: 'j' });
    expect(finding.code).toBe('google-credentials-invalid');
    expect(finding.why).toContain('/nowhere/credentials.json');
    expect(finding.why).not.toContain('\n');
  });
});

test('an operation is asked for until it is done, and its error is one like any other', async () => {
  const operation = { name: 'projects/p/locations/r/operations/o' };
  const { url, received } = await serving(
    { status: 200, body: operation },
    { status: 200, body: { ...operation, done: true, error: { code: 9, message: 'the network is gone' } } },
  );
  const wait = { service: 'run', version: 'v2', budgetMs: 20_000 } as const;
  const reply = await waitForOperation(client(url), operation, wait);
  expect(reply).toMatchObject({
    ok: false,
    error: { reason: 'FAILED_PRECONDITION', message: 'the network is gone', lost: false },
  });
  expect(received).toHaveLength(2);
});

test('a list is read over all its pages', async () => {
  const { url, received } = await serving(
    { status: 200, body: { jobs: [1, 2], nextPageToken: 'n' } },
    { status: 200, body: { jobs: [3] } },
  );
  const reply = await listAll(client(url), { service: 'run', path: 'v2/jobs', field: 'jobs', most: 100 });
  expect(reply).toEqual({ ok: true, value: [1, 2, 3] });
  expect(received[1]?.url).toBe('/v2/jobs?pageToken=n');
});

test('pauses grow, stay under their limit, and are never the same for all', () => {
  expect(backoff(1, 0)).toBe(125);
  expect(backoff(1, 1)).toBe(250);
  expect(backoff(20, 1)).toBe(8_000);
  expect(backoff(20, 0, 2_000)).toBe(1_000);
});

test.each([
  'http://registry.internal:8080',
  'http://10.0.0.9',
  'http://127.0.0.1.example.com',
  'http://localhost.evil',
])('no token is sent to %s, where everybody on the way could read it', async (url) => {
  const received: unknown[] = [];
  const google = createGoogle({
    endpoints: { run: url, iamcredentials: url },
    env: { GOOGLE_OAUTH_ACCESS_TOKEN: 'test' },
    redactor: createRedactor(),
    onCall: (call) => void received.push(call),
  });
  const reply = await google.call({ service: 'run', method: 'GET', path: 'v2/jobs' });
  expect(reply).toMatchObject({ ok: false, error: { finding: { code: 'config-invalid' } } });
  expect(received).toEqual([]);
});
