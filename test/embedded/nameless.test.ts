import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startChild } from '../support/child.ts';
import { majors } from '../support/database.ts';
import { dataFolder } from '../support/folder.ts';
import { cacheFolder } from '../../src/adapters/embedded/account.ts';

const isRoot = process.getuid?.() === 0;

test('a user whom the system does not know by name is told what initdb asks for', async () => {
  const parent = dataFolder('nameless');
  const folder = join(parent, 'postgres');
  chmodSync(parent, 0o777);
  const cache = join(parent, 'cache');
  mkdirSync(cache);
  chmodSync(cache, 0o777);
  symlinkSync(join(cacheFolder(), 'postgres'), join(cache, 'postgres'));
  const program = `
    import { startEmbedded } from './src/adapters/embedded/server.ts';
    void startEmbedded({ dataDir: ${JSON.stringify(folder)}, major: ${majors.at(-1)} }).then(async (started) => {
      console.log(JSON.stringify(started.ok ? 'started' : started.findings[0].fix));
      if (started.ok) await started.value.stop();
    });`;
  // Only root can be somebody else: everybody else is known, and starts.
  const nameless = isRoot ? { uid: 54_321, gid: 54_321 } : {};
  const child = await startChild(program, { ...nameless, env: { ...process.env, GODWIT_CACHE: cache } });
  expect(await child.next()).toMatch(isRoot ? /\/etc\/passwd/ : /^started$/);
  await child.ended();
  rmSync(parent, { recursive: true, force: true });
});
