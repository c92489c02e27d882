import { existsSync } from 'node:fs';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { cacheFolder } from '../../src/adapters/embedded/account.ts';
import { inspectEmbedded } from '../../src/adapters/embedded/control.ts';
import { until } from '../support/child.ts';
import { startOwnServer } from '../support/own-server.ts';
import { createProject } from '../support/project.ts';
import { shippedGodwit, startProgram } from '../support/running.ts';

test('`server-starting`: a server that is going down takes no new session', async () => {
  await using server = await startOwnServer();
  const last = new Client({ connectionString: server.url('postgres') });
  last.on('error', () => undefined);
  await last.connect();
  using project = createProject({ 'migrations/1_a.sql': 'create table a (n int);' }, server.url('postgres'));
  const { pid, dataDir } = inspectEmbedded(server.embedded.dataDir);
  // It lets the sessions end by themselves that it has.
  process.kill(pid ?? 0, 'SIGTERM');
  const refuses = async (): Promise<boolean> => {
    const late = new Client({ connectionString: server.url('postgres') });
    late.on('error', () => undefined);
    return await late.connect().then(
      async () => (await late.end(), false),
      () => true,
    );
  };
  await until('it takes nobody any more', refuses);
  const ran = await project.run('status');
  expect([ran.exitCode, ran.shown]).toEqual([30, expect.stringContaining('[server-starting]')]);
  expect(existsSync(dataDir)).toBe(true);
  await last.end();
});

const isRoot = process.getuid?.() === 0;

test.runIf(isRoot)('`embedded-no-account`: root that may not become another account is told what to do', async () => {
  using project = createProject({ 'migrations/1_a.sql': 'create table a (n int);' });
  const setpriv = ['setpriv', '--bounding-set', '-setuid,-setgid', process.execPath, shippedGodwit];
  const run = startProgram([...setpriv, 'db', 'start'], {
    cwd: project.folder,
    env: { GODWIT_CACHE: cacheFolder() },
  });
  const { exitCode, err } = await run.ended;
  expect([exitCode, err]).toEqual([30, expect.stringContaining('[embedded-no-account]')]);
});
