import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { startEmulator, type Emulator } from '../../emulator/start.ts';

const execute = promisify(execFile);
const missing = spawnSync('gcloud', ['--version']).error !== undefined;

describe.skipIf(missing)('gcloud, an optional judge', () => {
  test('creates a secret and reads its newest version; writes to the log and reads that', async () => {
    await using cloud = await startEmulator();
    const home = mkdtempSync(join(tmpdir(), 'godwit-test-gcloud-'));
    const gcloud = caller(cloud, home);
    try {
      await gcloud('secrets', 'create', 'database-url-dev', '--replication-policy=automatic');
      cloud.seed.secret('acme-dev', 'database-url-dev', 'postgres://example');
      expect(await gcloud('secrets', 'versions', 'access', 'latest', '--secret=database-url-dev')).toBe(
        'postgres://example',
      );
      const log = ['logging', 'write', 'ledger', '{"entry":"1"}', '--payload-type=json'];
      await gcloud(...log);
      expect(cloud.state.logs).toMatchObject([
        { logName: 'projects/acme-dev/logs/ledger', jsonPayload: { entry: '1' } },
      ]);
      const read = await gcloud(
        'logging',
        'read',
        'logName="projects/acme-dev/logs/ledger"',
        '--format=value(jsonPayload.entry)',
      );
      expect(read.trim()).toBe('1');
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  }, 600_000);

  test('creates a job, executes it with other arguments, sees it fail, lists executions, and deletes it', async () => {
    await using cloud = await startEmulator();
    const home = mkdtempSync(join(tmpdir(), 'godwit-test-gcloud-'));
    const gcloud = caller(cloud, home);
    const run = (...args: readonly string[]): Promise<string> => gcloud('run', 'jobs', ...args, '--region=us-central1');
    try {
      cloud.seed.secret('acme-dev', 'url', 'value');
      const command = ['--command=node', '--args=-e,process.exit(0)', '--max-retries=0', '--task-timeout=60'];
      await run('create', 'migrate', '--image=docker.io/library/node', ...command, '--set-secrets=URL=url:1');
      expect(cloud.state.jobs[0]).toMatchObject({ template: { template: { maxRetries: 0, timeout: '60s' } } });
      await run('execute', 'migrate', '--wait');
      await expect(run('execute', 'migrate', '--args=-e,process.exit(3)', '--wait')).rejects.toThrow(
        'The execution failed',
      );
      const listed = await run(
        'executions',
        'list',
        '--job=migrate',
        '--format=value(status.succeededCount,status.failedCount)',
      );
      expect(listed.trim().split(/\s+/).join()).toBe('0,1,1,0');
      await run('delete', 'migrate');
      expect(cloud.state.jobs).toEqual([]);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  }, 600_000);
});

function caller(cloud: Emulator, home: string): (...args: readonly string[]) => Promise<string> {
  return async (...args) => (await execute('gcloud', [...args, '--quiet'], { env: environment(cloud, home) })).stdout;
}

function environment(cloud: Emulator, home: string): Readonly<Record<string, string>> {
  const { port } = new URL(cloud.url);
  const services = ['SECRETMANAGER', 'LOGGING'];
  const overrides = services.map((name) => [`CLOUDSDK_API_ENDPOINT_OVERRIDES_${name}`, `${cloud.url}/`] as const);
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: home,
    CLOUDSDK_CONFIG: home,
    CLOUDSDK_CORE_PROJECT: 'acme-dev',
    CLOUDSDK_AUTH_DISABLE_CREDENTIALS: 'true',
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true',
    CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: 'true',
    ...Object.fromEntries(overrides),
    // Jobs are asked for at `REGION-HOST`, a name that only a proxy can make sense of: the emulator is that proxy.
    CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN: `http://localhost:${port}/`,
    CLOUDSDK_PROXY_TYPE: 'http',
    CLOUDSDK_PROXY_ADDRESS: '127.0.0.1',
    CLOUDSDK_PROXY_PORT: port,
  };
}
