import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LedgerEntry } from '../../migrate/contract/engine.ts';
import { earlierAttempts } from '../../operations/tasks.ts';
import { createFileLedger } from './file-ledger.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'godwit-ledger-'));
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

const entry = (run: string, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  run,
  command: 'up',
  environment: 'dev',
  target: 'app@10.0.0.5:5432/shop',
  engine: 'local',
  bundle: 'b',
  by: 'ann@host',
  from: 'host',
  commit: '',
  tool: '0.1.0',
  startedAt: '2026-01-02T03:04:05.000Z',
  recorded: false,
  ...more,
});

test('entries come back newest first, by environment', async () => {
  const ledger = createFileLedger(folder, (text) => text);
  for (const run of ['01A', '01C', '01B']) await ledger.write(entry(run));
  await ledger.write(entry('01D', { environment: 'prod' }));
  expect((await ledger.list('dev')).map(({ run }) => run)).toEqual(['01C', '01B', '01A']);
  expect((await ledger.list()).map(({ run }) => run)).toEqual(['01D', '01C', '01B', '01A']);
});

test('writing again replaces the entry and leaves no draft; the file is private and redacted', async () => {
  const ledger = createFileLedger(folder, (text) => text.replaceAll('canary', '***'));
  await ledger.write(entry('01A'));
  await ledger.write(entry('01A', { failure: 'password canary', exitCode: 30 }));
  expect(await readdir(folder)).toEqual(['01A.json']);
  expect(await readFile(join(folder, '01A.json'), 'utf8')).toContain('password ***');
  expect((await stat(join(folder, '01A.json'))).mode & 0o077).toBe(0);
});

test('a file that is no entry is left out', async () => {
  const ledger = createFileLedger(folder, (text) => text);
  await ledger.write(entry('01A'));
  await writeFile(join(folder, '01B.json'), '{"run":');
  await writeFile(join(folder, '01C.json'), '[]');
  expect((await ledger.list()).map(({ run }) => run)).toEqual(['01A']);
});

test('a folder that cannot be made is a fault, not a crash (`file-unwritable`)', async () => {
  await writeFile(join(folder, 'file'), '');
  const written = await createFileLedger(join(folder, 'file', 'runs'), (text) => text).write(entry('01A'));
  expect(written.ok ? '' : written.findings[0]?.code).toBe('file-unwritable');
});

test('attempts since the last recorded one are carried into the history', () => {
  const attempts = earlierAttempts([
    entry('01D', { failure: 'x' }),
    entry('01C'),
    entry('01B', { recorded: true }),
    entry('01A'),
  ]);
  expect(attempts.map(({ run, failure }) => [run, failure])).toEqual([
    ['01D', 'x'],
    ['01C', 'The run did not end.'],
  ]);
});
