import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startEmulator, type Emulator } from '../../emulator/start.ts';
import { layPrivateNetwork, type PrivateNetwork } from '../../src/adapters/private-network/private-network.ts';
import { pushImage, realNodeImage } from '../support/base-image.ts';
import { startProgram } from '../support/running.ts';
import { missing } from '../support/tools.ts';

const parent = 'v2/projects/acme-dev/locations/us-central1';

/** Answers everything with itself; stands for a database. */
const echo = `require('node:net').createServer((socket) => socket.on('error', () => 0).pipe(socket)).listen(7000, '0.0.0.0', () => console.log('up'))`;

/** Connects until it works, then asks each 50 ms until answers are missing for a second. Prints what it meets. */
const task = `
const net = require('node:net');
process.on('SIGTSTP', () => console.log('SIGTSTP'));
process.on('SIGCONT', () => console.log('SIGCONT'));
function connect() {
  const socket = net.connect({ host: process.env.TARGET, port: 7000 });
  socket.on('error', (error) => { console.log(error.code); setTimeout(connect, 100); });
  socket.on('connect', () => { console.log('connected'); talk(socket); });
}
function talk(socket) {
  if (process.env.ONCE) process.exit(0);
  let heard = Date.now();
  socket.on('data', () => { heard = Date.now(); });
  setInterval(() => {
    socket.write('?');
    if (Date.now() - heard > 1000) { console.log('silence'); process.exit(0); }
  }, 50);
}
connect();
setTimeout(() => { console.log('nothing happened'); process.exit(1); }, 25000);`;

/** A private network with something to talk to. */
async function lay(): Promise<PrivateNetwork> {
  const laid = await layPrivateNetwork();
  if (!laid.ok) throw new Error(laid.findings[0]?.why);
  const network = laid.value;
  const peer = startProgram(network.database.enter(process.execPath, '-e', echo));
  await expect.poll(() => peer.said(), { timeout: 120_000 }).toBe('up\n');
  const end = (): void => {
    peer.process.kill();
    network[Symbol.dispose]();
  };
  return { ...network, [Symbol.dispose]: end };
}

async function run(
  cloud: Emulator,
  network: PrivateNetwork,
  image: string,
  env: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const target = { TARGET: network.address, ...env };
  const variables = Object.entries(target).map(([name, value]) => ({ name, value }));
  const container = { image, command: ['node', '-e', task], env: variables };
  const job = { startExecutionToken: 'one', template: { template: { containers: [container], maxRetries: 0 } } };
  const made = await fetch(`${cloud.url}/${parent}/jobs?jobId=ask`, { method: 'POST', body: JSON.stringify(job) });
  expect(made.status).toBe(200);
  await expect
    .poll(() => cloud.state.executions[0]?.['completionTime'], { timeout: 240_000, interval: 50 })
    .toBeDefined();
  return cloud.state.logs.map((entry) => (entry['textPayload'] as string | undefined) ?? JSON.stringify(entry));
}

describe.skipIf(missing('namespaces', 'root', 'ip', 'nft', 'ss'))('tasks in a network namespace', () => {
  test('see no network until it is up, and then the database', async () => {
    using network = await lay();
    await using cloud = await startEmulator({ execution: { kind: 'namespace', path: network.vpc.path } });
    cloud.faults.onExecution({ networkDelayMs: 800 });
    const lines = await run(cloud, network, 'docker.io/library/node', { ONCE: '1' });
    expect(lines[0]).toBe('ENETUNREACH');
    expect(lines.at(-1)).toBe('connected');
  });

  test('lose their flows in a maintenance, with a signal before and one after', async () => {
    using network = await lay();
    await using cloud = await startEmulator({ execution: { kind: 'namespace', path: network.vpc.path } });
    cloud.faults.onExecution({ maintenance: { afterMs: 1_500, pauseMs: 500 } });
    const lines = await run(cloud, network, 'docker.io/library/node', {});
    expect(lines).toEqual(['connected', 'SIGTSTP', 'SIGCONT', 'silence']);
    expect(network.vpc.run('nft', 'list', 'tables')).toBe('');
  });
});

describe.skipIf(missing('root', 'podman', 'runc', 'ip', 'nft', 'ss'))('tasks as containers', () => {
  test('run the image that the job names, inside the network, through a late start and a maintenance', async () => {
    using network = await lay();
    const storage = mkdtempSync(join(tmpdir(), 'godwit-test-podman-'));
    try {
      await using cloud = await startEmulator({
        execution: { kind: 'podman', network: network.vpc.path, storage },
      });
      const image = `${cloud.registry}/library/node:22-slim`;
      await pushImage(image, realNodeImage());
      cloud.faults.onExecution({ networkDelayMs: 2_500, maintenance: { afterMs: 5_000, pauseMs: 500 } });
      const lines = await run(cloud, network, image, {});
      expect(new Set(lines)).toEqual(new Set(['ENETUNREACH', 'connected', 'SIGTSTP', 'SIGCONT', 'silence']));
    } finally {
      rmSync(storage, { recursive: true, force: true });
    }
  }, 600_000);
});
