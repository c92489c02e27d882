import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { layPrivateNetwork, type PrivateNetwork } from '../../adapters/private-network/private-network.ts';
import { startPrivateServer, type PrivateServer } from '../../adapters/private-network/private-server.ts';
import { fault } from '../../kit/fault.ts';
import type { Outcome } from '../../kit/outcome.ts';
import type { Context, Result } from '../command.ts';
import { progressOn } from '../progress.ts';
import { failed, outcomeOf } from '../result.ts';
import { programFile } from './emulator-door.ts';
import { laptopVariable, type DemoSite } from './laptop.ts';

/**
 * The part of `demo --private-network` outside the network: creates the network, starts PostgreSQL in it, and runs this
 * program again in the namespace of the laptop. Everything ends with this process.
 */
export async function demoPrivateNetwork(context: Context): Promise<Result> {
  const program = programFile('godwit.cjs');
  if (program === undefined) return failed([fault('bug', { why: 'The program is missing from the installation.' })]);
  context.screen.live('creating a private network');
  const laid = await layPrivateNetwork();
  if (!laid.ok) return failed(laid.findings);
  using network = laid.value;
  const folder = await mkdtemp(join(tmpdir(), 'godwit-demo-network-'));
  try {
    const server = await startServer(context, network, folder);
    if (!server.ok) return failed(server.findings);
    context.screen.settle();
    try {
      if (context.signal.aborted) return failed([fault('interrupted', { why: 'The demo had not begun.' })]);
      const site = { url: server.value.url, vpc: network.vpc.path, rootless: network.rootless };
      const exitCode = await runOnLaptop(context, network, program, site);
      return { exitCode, outcome: outcomeOf(exitCode), findings: [] };
    } finally {
      await server.value.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function startServer(context: Context, network: PrivateNetwork, folder: string): Promise<Outcome<PrivateServer>> {
  const password = randomBytes(18).toString('base64url');
  context.redactor.register(password);
  const onProgress = progressOn(context);
  return await startPrivateServer(network, {
    folder,
    user: 'vividly',
    password,
    database: 'vividly',
    env: { ...context.io.env },
    onProgress: ({ step, message }) => onProgress(`PostgreSQL: ${step} ${message}`, step),
  });
}

/** The terminal sends Ctrl-C to the laptop too; this process passes on any other signal to end. */
async function runOnLaptop(
  { io, signal, screen, globals }: Context,
  network: PrivateNetwork,
  program: string,
  site: DemoSite,
): Promise<number> {
  const options = [...(screen.json ? ['--json'] : []), ...(globals.noColor ? ['--no-color'] : [])];
  const [enter, ...args] = network.laptop.enter(process.execPath, program, 'demo', '--private-network', ...options);
  const env = { ...io.env, PATH: `${io.env['PATH'] ?? '/usr/bin:/bin'}:/usr/sbin:/sbin`, [laptopVariable]: '3' };
  const child = spawn(enter, args, { cwd: io.cwd, env, stdio: ['inherit', 'inherit', 'inherit', 'pipe'] });
  // The pipe stays open: when it closes, the laptop knows that this process is gone. The laptop may also end first.
  const pipe = child.stdio[3] as Writable;
  pipe.on('error', () => undefined);
  pipe.write(`${JSON.stringify(site)}\n`);
  const pass = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', pass);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code ?? 130;
  } finally {
    signal.removeEventListener('abort', pass);
  }
}
