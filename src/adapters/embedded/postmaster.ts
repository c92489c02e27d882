import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { spawnSettings } from './account.ts';
import { readPidFile, type ServerHome } from './home.ts';
import { isAlive, processStart, type ProcessIdentity } from './process-identity.ts';

/** How one postmaster is started. */
export interface PostmasterOptions {
  readonly program: string;
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
}

/** The outcome of a start: running, or why not. */
export type Started =
  | { readonly postmaster: ProcessIdentity }
  | { readonly failed: 'port' | 'account' | 'other'; readonly log: string };

const readyWithinMs = 60_000;

/**
 * Starts a postmaster in its own session, so that a Ctrl-C meant for us does not reach it, and waits until it accepts
 * connections. `onSpawn` runs at once, before the server is ready.
 */
export async function startPostmaster(
  home: ServerHome,
  options: PostmasterOptions,
  onSpawn: (pid: number) => void,
): Promise<Started> {
  const log = openSync(home.log, 'w', 0o600);
  let child: ChildProcess;
  try {
    child = spawn(options.program, serverArguments(home, options), {
      ...spawnSettings(home.account),
      detached: true,
      stdio: ['ignore', log, log],
    });
  } catch (error) {
    return spawnFailure(error);
  } finally {
    closeSync(log);
  }
  const failure = new Promise<Started>((resolve) => child.once('error', (error) => resolve(spawnFailure(error))));
  if (child.pid === undefined) return failure;
  onSpawn(child.pid);
  child.unref();
  return await becomeReady(home, child, child.pid);
}

function spawnFailure(error: unknown): Started {
  const { code, message } = error as NodeJS.ErrnoException;
  return { failed: code === 'EPERM' ? 'account' : 'other', log: message };
}

function serverArguments(home: ServerHome, { port, settings }: PostmasterOptions): readonly string[] {
  const fixed = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    logging_collector: 'off',
    log_destination: 'stderr',
  };
  const pairs = Object.entries({ ...settings, ...fixed });
  return ['-D', home.data, ...pairs.flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

async function becomeReady(home: ServerHome, child: ChildProcess, pid: number): Promise<Started> {
  const deadline = Date.now() + readyWithinMs;
  const start = processStart(pid) ?? '';
  while (child.exitCode === null && child.signalCode === null) {
    const lines = readPidFile(home);
    if (lines[0]?.trim() === String(pid) && lines[7]?.trim() === 'ready') return { postmaster: { pid, start } };
    if (Date.now() > deadline) {
      await stopPostmaster({ pid, start });
      break;
    }
    await sleep(4);
  }
  const log = lastLines(home);
  return { failed: /could not bind|could not create any TCP/i.test(log) ? 'port' : 'other', log };
}

/** The end of the server's log, for people. */
function lastLines(home: ServerHome, count = 12): string {
  try {
    return readFileSync(home.log, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '';
  }
}

const fastWithinMs = 20_000;

/** Stops a server by fast shutdown (open transactions are rolled back, data flushed) and waits until it is gone. */
export async function stopPostmaster(postmaster: ProcessIdentity): Promise<void> {
  const began = Date.now();
  let signal: NodeJS.Signals = 'SIGINT';
  send(postmaster, signal);
  while (isAlive(postmaster)) {
    if (Date.now() - began > fastWithinMs && signal === 'SIGINT') {
      signal = 'SIGQUIT';
      send(postmaster, signal);
    }
    await sleep(4);
  }
}

function send(target: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isAlive(target)) return;
  try {
    process.kill(target.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** A loopback port that is free now: the wanted one if possible, so that a project keeps its address. */
export async function freePort(wanted: number | undefined): Promise<number> {
  return (wanted === undefined ? undefined : await tryPort(wanted)) ?? (await tryPort(0)) ?? 0;
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : undefined));
    });
  });
}
