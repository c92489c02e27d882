// A registry in its own process: Debian's docker-registry if installed, otherwise the emulator's.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { build } from 'esbuild';

import { root } from './workshop.mjs';

/** @returns {Promise<{ host: string, name: string, stop: () => Promise<void> }>} */
export async function startRegistry(workshop) {
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const real = spawnSync('docker-registry', ['--version']).status === 0;
  const args = real ? ['docker-registry', ['serve', configuration(workshop, host)]] : await emulated(workshop, port);
  const child = spawn(...args, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  for (let tried = 0; ; tried += 1) {
    if (tried === 100 || child.exitCode !== null) throw new Error('the registry does not start');
    if (await fetch(`http://${host}/v2/`).catch(() => undefined)) break;
    await sleep(50);
  }
  return {
    host,
    name: real ? 'docker-registry' : 'the registry beside the emulator',
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function configuration(workshop, host) {
  const folder = workshop.path('registry');
  mkdirSync(folder);
  const file = join(folder, 'config.yml');
  const storage = { filesystem: { rootdirectory: join(folder, 'data') } };
  writeFileSync(file, JSON.stringify({ version: 0.1, log: { level: 'error' }, storage, http: { addr: host } }));
  return file;
}

async function emulated(workshop, port) {
  const outfile = workshop.path('registry.mjs');
  const contents = `import { createRegistry } from './emulator/registry/registry.ts'; await createRegistry({ port: ${port} });`;
  const options = { bundle: true, platform: 'node', target: 'node20.19', format: 'esm', outfile, logLevel: 'error' };
  await build({ ...options, stdin: { contents, resolveDir: root, loader: 'ts' } });
  return [process.execPath, [outfile]];
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
