import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { startEmulator, type Emulator } from './start.ts';

const execute = promisify(execFile);
const missing = spawnSync('gcloud', ['--version']).error !== undefined;

describe.skipIf(missing)('gcloud, an optional judge', () => {
  test('creates a secret and reads its newest version; writes to the log and reads that', async () => {
    await using cloud = await startEmulator();
    const home = mkdtempSync(join(tmpdir(), 'godwit-test-gcloud-'));
    const gcloud = async (...args: readonly string[]): Promise<string> =>
      (await execute('gcloud', [...args, '--quiet'], { env: environment(cloud, home) })).stdout;
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
  }, 120_000);
});

function environment(cloud: Emulator, home: string): Readonly<Record<string, string>> {
  const services = ['SECRETMANAGER', 'LOGGING', 'RUN', 'VPCACCESS', 'ARTIFACTREGISTRY'];
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
  };
}
