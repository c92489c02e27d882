import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, chownSync, closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { serverAccount, spawnSettings } from '../../src/adapters/embedded/account.ts';
import { ensureBinaries } from '../../src/adapters/embedded/fetch.ts';
import { freePort } from '../../src/adapters/embedded/postmaster.ts';
import { until } from './child.ts';
import { dataFolder } from './folder.ts';
import { programPath } from './tools.ts';

/** How to make a server whose disk, network, clock or files a test takes away. */
export interface RawServerOptions {
  readonly major?: number;
  readonly settings?: Readonly<Record<string, string>>;
  /** Run in this network namespace, and listen there. */
  readonly namespace?: { readonly name: string; readonly address: string };
  readonly env?: Readonly<Record<string, string>>;
  /** Called with the empty folder before initdb, for example to mount a disk over it. */
  readonly prepare?: (data: string) => void;
  /** Fills the folder in place of initdb. */
  readonly fill?: (data: string) => void;
}

/**
 * A server without passwords, reached over a socket folder that only this test has, in addition to wherever it listens.
 */
export interface RawServer extends AsyncDisposable {
  readonly data: string;
  /** Address over the socket folder. */
  url(database: string): string;
  /** Address over the network of its namespace, or loopback. */
  networkUrl(database: string): string;
  query<Row extends Record<string, unknown>>(sql: string, database?: string): Promise<Row[]>;
  start(): Promise<void>;
  /** Ends it: fast (SIGINT) or at once (SIGQUIT). */
  stop(signal?: 'SIGINT' | 'SIGQUIT'): Promise<void>;
  isRunning(): boolean;
  log(): string;
}

export async function startRawServer(options: RawServerOptions = {}): Promise<RawServer> {
  const binaries = await ensureBinaries(options.major ?? 15);
  if (!binaries.ok) throw new Error(binaries.findings.map(({ code }) => code).join());
  const account = serverAccount();
  const folder = dataFolder('raw');
  const [data, socket, logFile] = [join(folder, 'data'), join(folder, 'socket'), join(folder, 'log')];
  for (const path of [data, socket]) {
    mkdirSync(path, { mode: 0o700 });
    chownSync(path, account.uid, account.gid);
    chmodSync(path, path === data ? 0o700 : 0o755);
  }
  const port = options.namespace === undefined ? await freePort(undefined) : 5432;
  const address = options.namespace?.address ?? '127.0.0.1';
  options.prepare?.(data);
  if (options.fill !== undefined) options.fill(data);
  else {
    const args = ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'];
    const made = spawnSync(binaries.value.initdb, args, { ...spawnSettings(account), encoding: 'utf8' });
    if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
    appendFileSync(join(data, 'pg_hba.conf'), 'host all all 192.0.2.0/24 trust\n');
  }
  const settings = { fsync: 'off', autovacuum: 'off', ...options.settings };
  const pairs = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const listening = ['-D', data, '-k', socket, '-p', String(port), '-c', `listen_addresses=${address}`];
  const program = [binaries.value.postgres, ...listening, ...pairs];
  const dropped = ['setpriv', `--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', ...program];
  const inside =
    options.namespace === undefined
      ? program
      : [programPath('ip') ?? 'ip', 'netns', 'exec', options.namespace.name, ...dropped];
  let child: ChildProcess | undefined;
  const url = (database: string): string => `postgresql:///${database}?host=${socket}&port=${port}&user=postgres`;

  const server: RawServer = {
    data,
    url,
    networkUrl: (database) => `postgresql://postgres@${address}:${port}/${database}?sslmode=disable`,
    async query<Row extends Record<string, unknown>>(sql: string, database = 'postgres'): Promise<Row[]> {
      const client = new Client({ host: socket, port, user: 'postgres', database });
      client.on('error', () => undefined);
      await client.connect();
      try {
        const result = (await client.query(sql)) as unknown as { rows: Row[] } | { rows: Row[] }[];
        return Array.isArray(result) ? (result.at(-1)?.rows ?? []) : result.rows;
      } finally {
        await client.end();
      }
    },
    async start() {
      const output = openSync(logFile, 'a');
      const { uid, gid, ...spawning } = spawnSettings(account);
      // In a namespace the account changes inside, because only root may enter.
      const identity = options.namespace === undefined && uid !== undefined ? { uid, gid } : {};
      child = spawn(inside[0] ?? '', inside.slice(1), {
        ...spawning,
        ...identity,
        env: { ...spawning.env, ...options.env },
        stdio: ['ignore', output, output],
        detached: true,
      });
      closeSync(output);
      const started = child;
      await until(
        'the server is ready',
        () => {
          if (started.exitCode !== null) throw new Error(readFileSync(logFile, 'utf8').slice(-2_000));
          return readyLine(data) === 'ready' || readyLine(data) === 'standby';
        },
        60_000,
      );
    },
    async stop(signal = 'SIGINT') {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
    isRunning: () => child !== undefined && child.exitCode === null && child.signalCode === null,
    log: () => readFileSync(logFile, 'utf8'),
    async [Symbol.asyncDispose]() {
      await server.stop('SIGQUIT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

function readyLine(data: string): string {
  try {
    return readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[7]?.trim() ?? '';
  } catch {
    return '';
  }
}
