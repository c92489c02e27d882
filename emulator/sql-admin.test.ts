import { sqladmin } from '@googleapis/sqladmin';
import { OAuth2Client } from 'google-auth-library';
import { expect, test } from 'vitest';
import { startEmulator, type Emulator } from './start.ts';

/** The official client, with the emulator in place of Google. */
function clientOf(cloud: Emulator, principal?: string) {
  const auth = new OAuth2Client();
  auth.setCredentials({ access_token: cloud.env(principal)['GOOGLE_OAUTH_ACCESS_TOKEN'] ?? '' });
  return sqladmin({ version: 'v1', auth: auth as never, rootUrl: `${cloud.url}/` });
}

const place = { project: 'acme-dev', instance: 'dev-db' };

async function untilDone(client: ReturnType<typeof clientOf>, operation: string) {
  for (;;) {
    const { data } = await client.operations.get({ project: 'acme-dev', operation });
    if (data.status === 'DONE') return data;
  }
}

test('the official client reads an instance, its databases, users and how far it can be restored', async () => {
  await using cloud = await startEmulator();
  cloud.seed.sqlInstance('acme-dev:us-central1:dev-db', { databases: ['postgres', 'app'], users: ['app'] });
  const client = clientOf(cloud);
  const { data } = await client.instances.get(place);
  expect(data).toMatchObject({
    connectionName: 'acme-dev:us-central1:dev-db',
    state: 'RUNNABLE',
    ipAddresses: [{ type: 'PRIVATE', ipAddress: '10.77.4.10' }],
    settings: { backupConfiguration: { pointInTimeRecoveryEnabled: true, transactionLogRetentionDays: 7 } },
  });
  expect((await client.instances.list({ project: 'acme-dev' })).data.items).toHaveLength(1);
  expect((await client.databases.list(place)).data.items?.map(({ name }) => name)).toEqual(['postgres', 'app']);
  expect((await client.users.list(place)).data.items?.map(({ name }) => name)).toEqual(['app']);
  const times = (await client.projects.instances.getLatestRecoveryTime(place)).data;
  expect(Date.parse(times.earliestRecoveryTime ?? '')).toBeLessThan(Date.parse(times.latestRecoveryTime ?? ''));
  await expect(client.instances.get({ ...place, instance: 'other' })).rejects.toMatchObject({ status: 404 });
});

test('the official client makes backups, one at a time, and reads them back as runs and as backups that expire', async () => {
  await using cloud = await startEmulator();
  const control = cloud.seed.sqlInstance('acme-dev:us-central1:dev-db', { backupMs: 1_000 });
  const client = clientOf(cloud);
  const started = await client.backupRuns.insert({ ...place, requestBody: { description: 'before run 1' } });
  await expect(client.backupRuns.insert({ ...place, requestBody: {} })).rejects.toMatchObject({ status: 409 });
  const done = await untilDone(client, started.data.name ?? '');
  const id = done.backupContext?.backupId ?? '';
  expect((await client.backupRuns.get({ ...place, id })).data).toMatchObject({
    status: 'SUCCESSFUL',
    description: 'before run 1',
  });

  const created = await client.Backups.CreateBackup({
    parent: 'projects/acme-dev',
    requestBody: { instance: 'dev-db', description: 'before run 2', ttlDays: '30' },
  });
  const { backupContext } = await untilDone(client, created.data.name ?? '');
  const backup = (await client.Backups.GetBackup({ name: backupContext?.name ?? '' })).data;
  expect(backup).toMatchObject({ state: 'SUCCESSFUL', description: 'before run 2', type: 'ON_DEMAND' });
  expect(Date.parse(backup.expiryTime ?? '') - Date.now()).toBeGreaterThan(29 * 24 * 3_600_000);
  expect((await client.backupRuns.list(place)).data.items).toHaveLength(2);
  expect((await client.Backups.ListBackups({ parent: 'projects/acme-dev' })).data.backups).toHaveLength(2);
  expect((await client.operations.list({ ...place })).data.items).toHaveLength(2);
  expect(control.backups).toHaveLength(2);
});

test.each([
  ['an unknown field', { instance: 'dev-db', descripton: 'x' }],
  ['two ways to expire', { instance: 'dev-db', ttlDays: '3', expiryTime: '2099-01-01T00:00:00Z' }],
  ['more than 365 days', { instance: 'dev-db', ttlDays: '366' }],
  ['a text where a number belongs', { instance: 'dev-db', ttlDays: 'soon' }],
])('a backup is refused with %s', async (_what, requestBody) => {
  await using cloud = await startEmulator();
  cloud.seed.sqlInstance('acme-dev:us-central1:dev-db');
  const create = clientOf(cloud).Backups.CreateBackup({ parent: 'projects/acme-dev', requestBody });
  await expect(create).rejects.toMatchObject({ status: 400 });
});

test('faults: an instance in maintenance takes no backup, a backup may fail, a caller may lack the permission', async () => {
  await using cloud = await startEmulator({ iam: { 'user:reader@example.com': ['cloudsql.instances.get'] } });
  const control = cloud.seed.sqlInstance('acme-dev:us-central1:dev-db', { backupFault: 'fails', backupMs: 1 });
  cloud.iam.grant('user:writer@example.com', ['cloudsql.*']);
  const client = clientOf(cloud, 'user:writer@example.com');
  const started = await client.backupRuns.insert({ ...place, requestBody: {} });
  expect((await untilDone(client, started.data.name ?? '')).error?.errors?.[0]?.code).toBe('INTERNAL_ERROR');
  control.instance.state = 'MAINTENANCE';
  await expect(client.backupRuns.insert({ ...place, requestBody: {} })).rejects.toMatchObject({ status: 400 });
  const reader = clientOf(cloud, 'user:reader@example.com');
  expect((await reader.instances.get(place)).data.state).toBe('MAINTENANCE');
  await expect(reader.backupRuns.insert({ ...place, requestBody: {} })).rejects.toMatchObject({ status: 403 });
});

test('refusals have no `status`: only a code and a reason; without permission nobody learns what exists', async () => {
  const viewer = 'user:viewer@example.com';
  await using cloud = await startEmulator({ registry: false, iam: { [viewer]: ['cloudsql.instances.get'] } });
  cloud.seed.sqlInstance('acme-dev:us-central1:dev-db');
  const asked = async (path: string): Promise<unknown> => {
    const headers = { authorization: `Bearer ${cloud.env(viewer)['GOOGLE_OAUTH_ACCESS_TOKEN']}` };
    return await (await fetch(`${cloud.url}/v1/projects/acme-dev/instances/${path}`, { headers })).json();
  };
  const message = 'The Cloud SQL instance does not exist.';
  const errors = [{ domain: 'global', message, reason: 'instanceDoesNotExist' }];
  expect(await asked('none')).toEqual({ error: { code: 404, errors, message } });
  for (const name of ['dev-db', 'none'])
    expect(await asked(`${name}/databases`)).toMatchObject({
      error: {
        code: 403,
        errors: [{ reason: 'forbidden' }],
        message: `boss::NOT_AUTHORIZED: Not authorized to access resource. Possibly missing permission cloudsql.databases.list on resource instances/${name}.`,
      },
    });
});
