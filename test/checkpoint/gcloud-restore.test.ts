import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { startEmulator, type Emulator } from '../../emulator/start.ts';
import { createCloudSqlCheckpointer } from '../../src/adapters/checkpoint/cloud-sql.ts';
import { createGoogle } from '../../src/adapters/google/google.ts';
import { createRedactor } from '../../src/kit/redact.ts';
import type { Checkpoint } from '../../src/migrate/contract/checkpoint.ts';

const missing = spawnSync('gcloud', ['--version']).error !== undefined;

async function checkpointOf(cloud: Emulator): Promise<Checkpoint> {
  const google = createGoogle({ endpoints: { sqladmin: cloud.url }, env: cloud.env(), redactor: createRedactor() });
  const checkpointer = createCloudSqlCheckpointer({ google, instance: 'acme-dev:us-central1:dev-db', pollMs: 10 });
  const taken = await checkpointer.take({
    run: '01M872GSP8CTWBBNEM7QDKQTMH',
    before: new Date().toISOString(),
    server: 'PostgreSQL 18.1',
    onProgress: () => {},
  });
  if (!taken.ok) throw new Error(taken.findings.map(({ why }) => why).join());
  return taken.value;
}

describe.skipIf(missing)('gcloud, an optional judge', () => {
  test('takes the restore commands as they are printed: a clone as of the moment, a backup put back', async () => {
    await using cloud = await startEmulator();
    const sql = cloud.seed.sqlInstance('acme-dev:us-central1:dev-db');
    const home = mkdtempSync(join(tmpdir(), 'godwit-test-gcloud-'));
    const env = {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      HOME: home,
      CLOUDSDK_CONFIG: home,
      CLOUDSDK_AUTH_DISABLE_CREDENTIALS: 'true',
      CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true',
      CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: 'true',
      // A person would be asked whether the data may be overwritten.
      CLOUDSDK_CORE_DISABLE_PROMPTS: 'true',
      CLOUDSDK_API_ENDPOINT_OVERRIDES_SQL: `${cloud.url}/`,
    };
    const type = async (command: string) => await promisify(execFile)('/bin/sh', ['-c', command], { env });
    try {
      const moment = await checkpointOf(cloud);
      expect(moment.means).toBe('point-in-time');
      await type(moment.restore);
      const [, copy] = /clone dev-db (\S+)/.exec(moment.restore) ?? [];
      expect(sql.instances.find(({ name }) => name === copy)?.restoredFrom).toBe(`dev-db at ${moment.takenAt}`);

      sql.instance.pointInTimeRecovery = false;
      const backup = await checkpointOf(cloud);
      expect(backup.means).toBe('backup');
      await type(backup.restore);
      expect(sql.instance.restoredFrom).toBe(`backup ${backup.id}`);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  }, 600_000);
});
