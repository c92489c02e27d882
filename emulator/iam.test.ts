import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JobsClient } from '@google-cloud/run';
import { GoogleAuth } from 'google-auth-library';
import { expect, test } from 'vitest';
import { startEmulator, type Emulator } from './start.ts';
import { clientOptions, grpcOptions } from './test-clients.ts';

const dev = 'user:dev@example.com';
const parent = 'projects/acme-dev/locations/us-central1';
const account = 'runner@acme-dev.iam.gserviceaccount.com';
const containers = [{ image: 'docker.io/library/node', command: ['node', '-e', 'process.exit(0)'] }];
const template = { template: { containers, serviceAccount: account, maxRetries: 0 } };

async function migrate(cloud: Emulator): Promise<void> {
  const jobs = new JobsClient(clientOptions(cloud, dev));
  const [create] = await jobs.createJob({ parent, jobId: 'migrate', job: { template } });
  await create.promise();
  const [run] = await jobs.runJob({ name: `${parent}/jobs/migrate` });
  await run.promise();
  const [removal] = await jobs.deleteJob({ name: `${parent}/jobs/migrate` });
  await removal.promise();
}

test('the role that is derived from what was called is enough, and without any of its permissions the call is refused', async () => {
  await using open = await startEmulator();
  await migrate(open);
  const role = open.role(dev).map(({ permission }) => permission);
  expect(role).toEqual([
    'iam.serviceAccounts.actAs',
    'run.jobs.create',
    'run.jobs.delete',
    'run.jobs.run',
    'run.operations.get',
  ]);
  await using exact = await startEmulator({ iam: { [dev]: role } });
  await migrate(exact);
  for (const missing of role) {
    await using lesser = await startEmulator({ iam: { [dev]: role.filter((each) => each !== missing) } });
    await expect(migrate(lesser)).rejects.toThrow(
      new RegExp(`Permission '${missing}' denied on (resource 'projects/acme-dev/|service account )`, 'i'),
    );
  }
});

test('a permission on one resource does not hold on another', async () => {
  const run = { permission: 'run.jobs.get', on: `${parent}/jobs/mine` };
  await using cloud = await startEmulator({ iam: { [dev]: [run] } });
  const jobs = new JobsClient(clientOptions(cloud, dev));
  await expect(jobs.getJob({ name: `${parent}/jobs/mine` })).rejects.toThrow('does not exist');
  await expect(jobs.getJob({ name: `${parent}/jobs/other` })).rejects.toThrow("Permission 'run.jobs.get' denied");
  const asked = { resource: run.on, permissions: ['run.jobs.get', 'run.jobs.run'] };
  expect((await jobs.testIamPermissions(asked))[0].permissions).toEqual(['run.jobs.get']);
  expect(cloud.calls.map((call) => call.status)).toEqual(['NOT_FOUND', 'PERMISSION_DENIED', 'OK']);
  expect(cloud.role(dev)).toEqual([{ permission: 'run.jobs.get', resources: [`${parent}/jobs/mine`] }]);
});

test('a policy grants its role on the resource and below it, until it is replaced; only accounts that exist are taken', async () => {
  const owner = 'user:owner@example.com';
  await using cloud = await startEmulator({ iam: { [owner]: ['*'] } });
  cloud.seed.project('acme-dev');
  cloud.seed.secret('acme-dev', 'url', 'value');
  const as = async (who: string, method: string, path: string, body?: object) => {
    const response = await fetch(`${cloud.url}/v1/${path}`, {
      method,
      headers: { authorization: `Bearer ${cloud.iam.token(who)}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response.status;
  };
  const bind = async (...bindings: readonly object[]) =>
    await as(owner, 'POST', 'projects/acme-dev/secrets/url:setIamPolicy', { policy: { bindings } });
  const reads = async () => await as(dev, 'GET', 'projects/acme-dev/secrets/url/versions/1:access');
  const reader = { role: 'roles/secretmanager.secretAccessor', members: [dev] };
  expect(await reads()).toBe(403);
  expect(await bind(reader)).toBe(200);
  expect(await reads()).toBe(200);
  expect(await as(dev, 'GET', 'projects/acme-dev/secrets/url')).toBe(403);
  expect(await bind({ ...reader, members: [`serviceAccount:${account}`] })).toBe(400);
  expect(await as(owner, 'POST', 'projects/acme-dev/serviceAccounts', { accountId: 'runner' })).toBe(200);
  expect(await bind({ ...reader, members: [`serviceAccount:${account}`] })).toBe(200);
  expect(await reads()).toBe(403);
});

test('in an empty project no API is on, and a job is told of a subnet that nobody made', async () => {
  await using cloud = await startEmulator();
  cloud.seed.emptyProject('acme-dev');
  const post = async (path: string, body: object) => {
    const response = await fetch(`${cloud.url}/${path}`, { method: 'POST', body: JSON.stringify(body) });
    return await response.text();
  };
  const subnet = { name: 'jobs', network: 'projects/acme-dev/global/networks/default', ipCidrRange: '10.9.0.0/26' };
  const subnetworks = 'compute/v1/projects/acme-dev/regions/us-central1/subnetworks';
  expect(await post(subnetworks, subnet)).toContain('SERVICE_DISABLED');
  const services = 'v1/projects/acme-dev/services:batchEnable';
  await post(services, { serviceIds: ['run.googleapis.com', 'compute.googleapis.com'] });
  expect(await post(subnetworks, { ...subnet, network: 'default' })).toContain('The URL is malformed');
  expect(await post(subnetworks, subnet)).toContain('"status": "DONE"');
  const vpcAccess = { networkInterfaces: [{ network: 'default', subnetwork: 'others' }] };
  const job = { template: { template: { containers, vpcAccess } } };
  expect(await post(`v2/${parent}/jobs?jobId=migrate`, job)).toContain('subnetworks/others does not exist');
});

test('over gRPC a refusal carries permission and resource where the official client looks for them', async () => {
  await using cloud = await startEmulator({ iam: { [dev]: ['run.jobs.list'] } });
  const jobs = new JobsClient(await grpcOptions(cloud));
  const headers = { authorization: `Bearer ${cloud.iam.token(dev)}` };
  const refused = jobs.getJob({ name: `${parent}/jobs/mine` }, { otherArgs: { headers } });
  await expect(refused).rejects.toMatchObject({
    reason: 'IAM_PERMISSION_DENIED',
    domain: 'iam.googleapis.com',
    errorInfoMetadata: { permission: 'run.jobs.get', resource: `${parent}/jobs/mine` },
  });
});

test('without a token, with a foreign one, and with one that has expired the call is refused with 401', async () => {
  await using cloud = await startEmulator({ iam: { [dev]: ['run.*'] } });
  const get = async (authorization?: string): Promise<number> => {
    const headers = authorization === undefined ? {} : { headers: { authorization } };
    return (await fetch(`${cloud.url}/v2/${parent}/jobs`, headers)).status;
  };
  const token = `Bearer ${cloud.iam.token(dev)}`;
  expect([await get(), await get('Bearer foreign'), await get(token)]).toEqual([401, 401, 200]);
  cloud.iam.expire(dev);
  expect([await get(token), await get(`Bearer ${cloud.iam.token(dev)}`)]).toEqual([401, 200]);
});

test('a secret that the account of the tasks may not read stops the job, and later the execution', async () => {
  const controller = ['run.*', 'iam.serviceAccounts.actAs'];
  await using cloud = await startEmulator({ iam: { [dev]: controller } });
  cloud.seed.secret('acme-dev', 'url', 'value');
  const env = [{ name: 'URL', valueSource: { secretKeyRef: { secret: 'url', version: '1' } } }];
  const [container] = containers;
  const job = { template: { template: { ...template.template, containers: [{ ...container, env }] } } };
  const jobs = new JobsClient(clientOptions(cloud, dev));
  const create = async (jobId: string): Promise<unknown> => (await jobs.createJob({ parent, jobId, job }))[0].promise();
  await expect(create('early')).rejects.toThrow(
    `Permission denied on secret: projects/acme-dev/secrets/url/versions/1`,
  );
  const grant = { permission: 'secretmanager.versions.access', on: 'projects/acme-dev/secrets/url' };
  cloud.iam.grant(`serviceAccount:${account}`, [grant]);
  await create('migrate');
  const run = async (): Promise<unknown> => (await jobs.runJob({ name: `${parent}/jobs/migrate` }))[0].promise();
  await run();
  cloud.iam.revoke(`serviceAccount:${account}`, grant.permission);
  await expect(run()).rejects.toThrow(`Permission denied on secret: projects/acme-dev/secrets/url/versions/1`);
  expect(cloud.state.executions[1]?.['conditions']).toMatchObject([{ reason: 'SECRETS_ACCESS_CHECK_FAILED' }, {}, {}]);
});

test('workload identity federation and impersonation work from a credentials file of the usual kind', async () => {
  const pool = 'projects/123456789012/locations/global/workloadIdentityPools/ci';
  const robot = `principal://iam.googleapis.com/${pool}/subject/repo:acme/shop`;
  const model = { [robot]: ['iam.serviceAccounts.getAccessToken'], [`serviceAccount:${account}`]: ['run.jobs.list'] };
  await using cloud = await startEmulator({ iam: model });
  const folder = mkdtempSync(join(tmpdir(), 'godwit-test-wif-'));
  try {
    const claims = Buffer.from(JSON.stringify({ sub: 'repo:acme/shop' })).toString('base64url');
    writeFileSync(join(folder, 'token'), `e30.${claims}.signature`);
    const credentials = {
      type: 'external_account',
      audience: `//iam.googleapis.com/${pool}/providers/github`,
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: `${cloud.url}/v1/token`,
      credential_source: { file: join(folder, 'token') },
      service_account_impersonation_url: `${cloud.url}/v1/projects/-/serviceAccounts/${account}:generateAccessToken`,
    };
    writeFileSync(join(folder, 'credentials.json'), JSON.stringify(credentials));
    const auth = new GoogleAuth({
      keyFile: join(folder, 'credentials.json'),
      scopes: ['https://www.googleapis.com/auth/cloud-platform'],
    });
    const answer = await auth.request({ url: `${cloud.url}/v2/${parent}/jobs` });
    expect(answer.status).toBe(200);
    expect(cloud.calls.map((call) => call.principal)).toEqual(['anonymous', robot, `serviceAccount:${account}`]);
    const foreign = { ...credentials, audience: '//iam.googleapis.com/elsewhere' };
    writeFileSync(join(folder, 'credentials.json'), JSON.stringify(foreign));
    const other = new GoogleAuth({ keyFile: join(folder, 'credentials.json') });
    await expect(other.request({ url: `${cloud.url}/v2/${parent}/jobs` })).rejects.toThrow('audience');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
