import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startEmulator, type Emulator } from '../../emulator/start.ts';
import { emulatorTimeouts } from '../../src/adapters/engines/cloud-run/context.ts';
import { createReadPace } from '../../src/adapters/engines/cloud-run/read-pace.ts';
import { createGoogle, type Google } from '../../src/adapters/google/google.ts';
import { combineLedgers } from '../../src/adapters/ledger/combined-ledger.ts';
import { createFileLedger } from '../../src/adapters/ledger/file-ledger.ts';
import { createLogLedger, newestOfEach } from '../../src/adapters/ledger/log-ledger.ts';
import { createRedactor } from '../../src/kit/redact.ts';
import type { Ledger, LedgerEntry } from '../../src/migrate/contract/engine.ts';

let cloud: Emulator;
let folder = '';
beforeEach(async () => {
  cloud = await startEmulator({ registry: false });
  folder = mkdtempSync(join(tmpdir(), 'godwit-ledgers-'));
});
afterEach(async () => {
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
});

const entry = (run: string, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  run,
  command: 'up',
  environment: 'dev',
  target: 'Cloud Run acme-dev/us-central1',
  engine: 'cloud-run',
  bundle: 'b',
  by: 'ann',
  from: 'laptop',
  commit: '',
  tool: '0.1.0',
  kind: 'apply',
  startedAt: '2026-01-02T03:04:05.000Z',
  recorded: false,
  ...more,
});

/** The ledger of one machine. */
function ledgerOf(machine: string, redact = (text: string): string => text): Ledger {
  const env = cloud.env();
  const endpoints = { logging: env['GODWIT_ENDPOINT'] ?? '' };
  const google = createGoogle({ endpoints, env, redactor: createRedactor(), budgetMs: 500 });
  const shared = createLogLedger({
    google,
    project: 'acme-dev',
    redact,
    readPace: createReadPace(emulatorTimeouts.reads),
  });
  return combineLedgers(createFileLedger(join(folder, machine), redact), () => Promise.resolve(shared));
}

test('an attempt that one machine wrote down is read by another, in the state it was written last', async () => {
  await ledgerOf('ann').write(entry('01A'));
  await ledgerOf('ann').write(entry('01A', { finishedAt: '2026-01-02T03:05:05.000Z', outcome: 'done', exitCode: 0 }));
  await ledgerOf('ann').write(entry('01B'));
  await ledgerOf('ann').write(entry('01C', { environment: 'prod' }));
  const listed = await ledgerOf('bob').list('dev');
  expect(listed.map(({ run, outcome }) => [run, outcome])).toEqual([
    ['01B', undefined],
    ['01A', 'done'],
  ]);
  expect(listed.every(({ noted }) => noted !== undefined)).toBe(true);
});

test('what a machine knows of its own run stands also when the log does not have its end yet (`ledger-not-shared`)', async () => {
  const ann = ledgerOf('ann');
  await ann.write(entry('01A'));
  cloud.faults.onCall({ method: 'WriteLogEntries', kind: 'status', status: 'PERMISSION_DENIED', times: 5 });
  await ann.write(entry('01A', { finishedAt: '2026-01-02T03:05:05.000Z', outcome: 'done', exitCode: 0 }));
  expect((await ann.list('dev')).map(({ outcome }) => outcome)).toEqual(['done']);
  expect(ann.warnings?.().map(({ code, severity }) => [code, severity])).toEqual([['ledger-not-shared', 'warning']]);
});

test('a log that cannot be read leaves the files, and a warning that says what is missing (`ledger-unreadable`)', async () => {
  const ann = ledgerOf('ann');
  await ann.write(entry('01A'));
  cloud.faults.onCall({ method: 'ListLogEntries', kind: 'status', status: 'PERMISSION_DENIED', times: 5 });
  expect((await ann.list('dev')).map(({ run }) => run)).toEqual(['01A']);
  expect(ann.warnings?.().map(({ code }) => code)).toEqual(['ledger-unreadable']);
});

test('F2: the shared ledger is read to its last token, through pages without entries', async () => {
  const ann = ledgerOf('ann');
  for (const run of ['01A', '01B', '01C']) await ann.write(entry(run));
  cloud.faults.onLogs({ emptyPages: 5 });
  const bob = ledgerOf('bob');
  expect((await bob.list('dev')).map(({ run }) => run)).toEqual(['01C', '01B', '01A']);
  expect([bob.isWhole?.(), bob.warnings?.()]).toEqual([true, []]);
});

test('F2: a ledger that was not read to its end is told as incomplete (`ledger-incomplete`)', async () => {
  const ann = ledgerOf('ann');
  await ann.write(entry('01A'));
  cloud.faults.onLogs({ emptyPages: 40 });
  expect((await ann.list('dev')).map(({ run }) => run)).toEqual(['01A']);
  expect(ann.isWhole?.()).toBe(false);
  // Every page counts towards the quota of the project.
  expect(cloud.calls.filter(({ method }) => method.endsWith('ListLogEntries'))).toHaveLength(6);
  expect(ann.warnings?.().map(({ code, severity }) => [code, severity])).toEqual([['ledger-incomplete', 'warning']]);
});

test('F1, U2: the ledger is searched within 30 days, in the places that are configured', async () => {
  const bodies: { readonly filter: string; readonly resourceNames: readonly string[] }[] = [];
  const env = cloud.env();
  const endpoints = { logging: env['GODWIT_ENDPOINT'] ?? '' };
  const google = createGoogle({ endpoints, env, redactor: createRedactor() });
  const recording: Google = {
    ...google,
    call(request) {
      bodies.push(request.body as (typeof bodies)[number]);
      return google.call(request);
    },
  };
  const logs = ['projects/acme-dev', 'projects/acme-logs/locations/global/buckets/jobs/views/_AllLogs'];
  const ledger = createLogLedger({
    google: recording,
    project: 'acme-dev',
    logs,
    redact: (text) => text,
    readPace: createReadPace(emulatorTimeouts.reads),
  });
  expect(await ledger.list('dev')).toEqual({ ok: true, value: { entries: [], whole: true } });
  const [, since = ''] = /timestamp>="([^"]+)"/.exec(bodies[0]?.filter ?? '') ?? [];
  expect(Math.round((Date.now() - Date.parse(since)) / 86_400_000)).toBe(30);
  expect(bodies[0]?.resourceNames).toEqual(logs);
});

test('nothing secret gets into the log, and what others write into it is no entry', async () => {
  await ledgerOf('ann', (text) => text.replaceAll('canary', '***')).write(
    entry('01A', {
      failure: 'password canary',
      outcome: 'failed',
      exitCode: 40,
      finishedAt: '2026-01-02T03:05:05.000Z',
    }),
  );
  expect(JSON.stringify(cloud.state.logs)).not.toContain('canary');
  const write = async (jsonPayload: unknown): Promise<void> => {
    const env = cloud.env();
    await fetch(`${cloud.url}/v2/entries:write`, {
      method: 'POST',
      headers: { authorization: `Bearer ${env['GOOGLE_OAUTH_ACCESS_TOKEN']}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        logName: 'projects/acme-dev/logs/godwit-ledger',
        resource: { type: 'global', labels: { project_id: 'acme-dev' } },
        entries: [{ labels: { 'godwit-env': 'dev' }, jsonPayload }],
      }),
    });
  };
  await write({ entry: 'nonsense' });
  await write({ entry: '[]' });
  await write({ other: 1 });
  expect((await ledgerOf('bob').list('dev')).map(({ run }) => run)).toEqual(['01A']);
});

test('of two entries of one moment the one that tells the end counts, in any order', () => {
  const begin = entry('01A', { noted: '2026-01-02T03:04:05Z' });
  const end = entry('01A', { noted: '2026-01-02T03:04:05Z', finishedAt: '2026-01-02T03:04:05Z', outcome: 'done' });
  expect(newestOfEach([begin, end])).toEqual([end]);
  expect(newestOfEach([end, begin])).toEqual([end]);
});
