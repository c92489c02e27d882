import { expect, test } from 'vitest';
import { startEmulator, type Emulator } from '../../emulator/start.ts';
import { createCloudSqlCheckpointer } from '../../src/adapters/checkpoint/cloud-sql.ts';
import { createGoogle } from '../../src/adapters/google/google.ts';
import type { GoogleService } from '../../src/adapters/google/services.ts';
import { createRedactor } from '../../src/kit/redact.ts';
import type { CheckpointRequest } from '../../src/migrate/contract/checkpoint.ts';

const instance = 'acme-dev:us-central1:dev-db';
const run = '01M872GSP8CTWBBNEM7QDKQTMH';

function checkpointerFor(cloud: Emulator, principal?: string) {
  const env = cloud.env(principal);
  const endpoints: Partial<Record<GoogleService, string>> = { sqladmin: cloud.url };
  const google = createGoogle({ endpoints, env, redactor: createRedactor(), budgetMs: 2_000 });
  return createCloudSqlCheckpointer({ google, instance, pollMs: 10, budgetMs: 20_000 });
}

function request(more: Partial<CheckpointRequest> = {}) {
  const told: string[] = [];
  const before = new Date().toISOString();
  return { told, run, before, server: 'PostgreSQL 18.1', onProgress: (text: string) => void told.push(text), ...more };
}

test('with point-in-time recovery the checkpoint is the moment when the refused execution ended', async () => {
  await using cloud = await startEmulator();
  cloud.seed.sqlInstance(instance, { databases: ['postgres', 'app', 'reports'] });
  const checkpointer = checkpointerFor(cloud);
  expect(await checkpointer.foresee()).toMatchObject({ means: 'point-in-time' });
  const before = '2026-01-02T03:04:05.678Z';
  const late = await checkpointer.take(request({ before }));
  // Long before what the log reaches back to: a backup is made instead.
  expect(late.ok && late.value.means).toBe('backup');
  const now = request();
  const taken = await checkpointer.take(now);
  expect(taken).toMatchObject({
    ok: true,
    value: {
      means: 'point-in-time',
      takenAt: now.before,
      kept: '7 days',
      restore: `gcloud sql instances clone dev-db dev-db-before-7qdkqtmh --point-in-time=${now.before} --project=acme-dev`,
      undoes: expect.stringContaining('postgres, app, reports') as string,
    },
  });
});

test('without it a backup is made that expires, waited for, and read back', async () => {
  await using cloud = await startEmulator();
  const control = cloud.seed.sqlInstance(instance, { pointInTimeRecovery: false });
  const checkpointer = checkpointerFor(cloud);
  expect(await checkpointer.foresee()).toMatchObject({ means: 'backup' });
  const asked = request();
  const taken = await checkpointer.take(asked);
  if (!taken.ok) throw new Error(taken.findings.map(({ why }) => why).join());
  const [backup] = control.backups;
  expect(backup).toMatchObject({ state: 'SUCCESSFUL', description: `godwit: before run ${run}` });
  expect(taken.value).toMatchObject({
    means: 'backup',
    id: backup?.name,
    restore: `gcloud sql backups restore ${backup?.id} --restore-instance=dev-db --project=acme-dev`,
    kept: `until ${backup?.expiryTime}`,
  });
  expect(asked.told.some((text) => text.includes('is backing up'))).toBe(true);
});

test('before the first backup after it was turned on, the log reaches nowhere: a backup is made', async () => {
  await using cloud = await startEmulator();
  cloud.seed.sqlInstance(instance, { earliestRecoveryTime: '' });
  const taken = await checkpointerFor(cloud).take(request());
  expect(taken.ok && taken.value.means).toBe('backup');
});

test('maintenance and other operations are waited for, by name', async () => {
  await using cloud = await startEmulator();
  const control = cloud.seed.sqlInstance(instance, { pointInTimeRecovery: false, state: 'MAINTENANCE', backupMs: 20 });
  const asked = request();
  const taking = checkpointerFor(cloud).take(asked);
  await expect.poll(() => asked.told.join()).toContain('MAINTENANCE');
  control.busy('UPDATE', 1_000);
  control.instance.state = 'RUNNABLE';
  const taken = await taking;
  expect(taken.ok && taken.value.means).toBe('backup');
  expect(asked.told.join()).toContain('UPDATE by somebody@example.com');
  expect(control.backups).toHaveLength(1);
});

test('a lost answer makes no second backup', async () => {
  await using cloud = await startEmulator();
  const control = cloud.seed.sqlInstance(instance, { pointInTimeRecovery: false, backupMs: 300 });
  cloud.faults.onCall({ method: 'sql.Backups.CreateBackup', kind: 'lost-response' });
  cloud.faults.onCall({ method: 'sql.operations.get', kind: 'status', status: 'UNAVAILABLE' });
  const taken = await checkpointerFor(cloud).take(request());
  expect(taken.ok && taken.value.id).toBe(control.backups[0]?.name);
  expect(control.backups).toHaveLength(1);
});

test.each([
  ['fails', 'internal error'],
  ['vanishes', 'reads back'],
] as const)('a backup that %s is no checkpoint', async (backupFault, why) => {
  await using cloud = await startEmulator();
  cloud.seed.sqlInstance(instance, { pointInTimeRecovery: false, backupMs: 5, backupFault });
  const taken = await checkpointerFor(cloud).take(request());
  expect(taken).toMatchObject({
    ok: false,
    findings: [{ code: 'checkpoint-failed', why: expect.stringContaining(why) as string }],
  });
});

test('what is missing is named: the instance, a permission, its being started', async () => {
  await using cloud = await startEmulator({ iam: { 'user:reader@example.com': ['cloudsql.instances.get'] } });
  cloud.iam.grant('user:editor@example.com', ['cloudsql.*']);
  const none = await checkpointerFor(cloud, 'user:editor@example.com').take(request());
  expect(none).toMatchObject({ ok: false, findings: [{ code: 'google-not-found' }] });
  const control = cloud.seed.sqlInstance(instance, { pointInTimeRecovery: false });
  const denied = await checkpointerFor(cloud, 'user:reader@example.com').take(request());
  expect(denied).toMatchObject({
    ok: false,
    findings: [
      {
        code: 'google-permission-denied',
        why: expect.stringContaining('boss::NOT_AUTHORIZED') as string,
        fix: expect.stringContaining('roles/cloudsql.editor') as string,
      },
    ],
  });
  control.instance.state = 'STOPPED';
  const stopped = await checkpointerFor(cloud, 'user:editor@example.com').take(request());
  expect(stopped).toMatchObject({
    ok: false,
    findings: [{ code: 'checkpoint-failed', fix: expect.stringContaining('--activation-policy ALWAYS') as string }],
  });
});

test('Ctrl-C while a backup is made ends the wait', async () => {
  await using cloud = await startEmulator();
  cloud.seed.sqlInstance(instance, { pointInTimeRecovery: false, backupMs: 60_000 });
  const controller = new AbortController();
  const asked = request({ signal: controller.signal });
  const taking = checkpointerFor(cloud).take(asked);
  await expect.poll(() => asked.told.join()).toContain('is backing up');
  controller.abort();
  expect(await taking).toMatchObject({ ok: false, findings: [{ code: 'interrupted' }] });
});

test('no checkpoint is taken of another instance than the run is connected to (`checkpoint-failed`)', async () => {
  await using cloud = await startEmulator();
  const { backups } = cloud.seed.sqlInstance(instance, { pointInTimeRecovery: false });
  const checkpointer = checkpointerFor(cloud);
  const elsewhere = await checkpointer.take(request({ host: '10.77.4.11' }));
  expect(elsewhere).toMatchObject({ ok: false, findings: [{ code: 'checkpoint-failed' }] });
  expect(JSON.stringify(elsewhere)).toContain('10.77.4.11');
  expect(backups).toEqual([]);
  // A name or a proxy may lead there.
  for (const host of ['10.77.4.10', 'db.internal', '127.0.0.1'])
    expect((await checkpointer.take(request({ host }))).ok, host).toBe(true);
});

test.each([
  ['with-expiry', 'sql.Backups.CreateBackup', 2],
  ['all-but-runs', 'sql.backupRuns.insert', 3],
] as const)('U1: where backups are refused (%s), the next form is tried, and nothing is promised', async (...scene) => {
  const [refusesBackups, method, requests] = scene;
  await using cloud = await startEmulator({ registry: false });
  const control = cloud.seed.sqlInstance(instance, { pointInTimeRecovery: false, backupMs: 5, refusesBackups });
  const checkpointer = checkpointerFor(cloud);
  expect((await checkpointer.foresee()).text).not.toMatch(/day|expire/);
  expect(await checkpointer.take(request())).toMatchObject({ ok: true, value: { kept: 'until it is deleted' } });
  const asked = cloud.calls.filter(({ method: name }) => /CreateBackup|backupRuns\.insert/.test(name));
  expect([asked.length, asked.at(-1)?.method, asked.at(-1)?.status]).toEqual([requests, method, 'OK']);
  expect(control.backups).toHaveLength(1);
});

test('U3: without permission to read the recovery time the configured one counts, and that is said', async () => {
  await using cloud = await startEmulator({ registry: false });
  const control = cloud.seed.sqlInstance(instance, { transactionLogRetentionDays: 5 });
  const method = 'sql.instances.getLatestRecoveryTime';
  cloud.faults.onCall({ method, kind: 'status', status: 'PERMISSION_DENIED', times: 9 });
  const checkpointer = checkpointerFor(cloud);
  const asked = request();
  expect(await checkpointer.take(asked)).toMatchObject({
    ok: true,
    value: {
      means: 'point-in-time',
      takenAt: asked.before,
      kept: expect.stringMatching(/^5 days as configured \(not checked: Reading the recovery time of/) as string,
    },
  });
  expect(asked.told.join()).toContain('was not checked');
  // Without the runner's time, the moment is now: nothing has been changed yet.
  const timeless = await checkpointer.take(request({ before: '' }));
  expect(timeless).toMatchObject({ ok: true, value: { means: 'point-in-time' } });
  expect(Date.parse(timeless.ok ? timeless.value.takenAt : '')).toBeGreaterThanOrEqual(Date.parse(asked.before));
  // What lies before the configured time is out of reach all the same.
  const late = await checkpointer.take(request({ before: '2026-01-02T03:04:05.678Z' }));
  expect(late.ok && late.value.means).toBe('backup');
  expect(control.backups).toHaveLength(1);
});

test.each(['expiring backup', 'backup run'])(
  'F10: a request for an %s that was answered with 503 after it was accepted is not repeated',
  async (form) => {
    await using cloud = await startEmulator({ registry: false });
    const run = form === 'backup run';
    const control = cloud.seed.sqlInstance(instance, {
      pointInTimeRecovery: false,
      backupMs: 5,
      ...(run ? { refusesBackups: 'all-but-runs' } : {}),
    });
    const method = run ? 'sql.backupRuns.insert' : 'sql.Backups.CreateBackup';
    cloud.faults.onCall({ method, kind: 'late-status', status: 'UNAVAILABLE' });
    expect(await checkpointerFor(cloud).take(request())).toMatchObject({ ok: true, value: { means: 'backup' } });
    expect(control.backups).toHaveLength(1);
  },
);

test('F10: a request that was not accepted is repeated, once its operation was looked for', async () => {
  await using cloud = await startEmulator({ registry: false });
  const control = cloud.seed.sqlInstance(instance, { pointInTimeRecovery: false, backupMs: 5 });
  const method = 'sql.Backups.CreateBackup';
  cloud.faults.onCall({ method, kind: 'status', status: 'RESOURCE_EXHAUSTED' });
  expect(await checkpointerFor(cloud).take(request())).toMatchObject({ ok: true, value: { means: 'backup' } });
  expect(control.backups).toHaveLength(1);
  const made = cloud.calls.map(({ method: name }) => name).filter((name) => /Backup|operations\.list/.test(name));
  expect(made.slice(0, 5)).toEqual([method, ...Array<string>(3).fill('sql.operations.list'), method]);
});
