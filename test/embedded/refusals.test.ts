import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { ensureBinaries } from '../../src/adapters/embedded/fetch.ts';
import { takeLock } from '../../src/adapters/embedded/file-lock.ts';
import { startEmbedded } from '../../src/adapters/embedded/server.ts';
import { dataFolder } from '../support/folder.ts';

afterEach(() => void vi.restoreAllMocks());

test('`embedded-unsupported-platform`: a system without a package is named', async () => {
  vi.spyOn(process, 'platform', 'get').mockReturnValue('sunos');
  expect(await ensureBinaries(18)).toMatchObject({
    ok: false,
    findings: [{ code: 'embedded-unsupported-platform', why: expect.stringContaining('sunos') }],
  });
});

test('`embedded-busy`: a lock that somebody keeps is not waited for without end', async () => {
  const folder = dataFolder('busy');
  mkdirSync(join(folder, 'postgres'), { mode: 0o711 });
  const release = await takeLock(join(folder, 'postgres', 'lock'), { waitMs: 0 });
  // As if the time of the wait had passed at the first look.
  const began = Date.now();
  let looks = 0;
  vi.spyOn(Date, 'now').mockImplementation(() => began + 1_000_000 * Math.min(1, (looks += 1) - 1));
  expect(await startEmbedded({ dataDir: join(folder, 'postgres') })).toMatchObject({
    ok: false,
    findings: [{ code: 'embedded-busy', why: expect.stringContaining('lock') }],
  });
  release?.();
});
