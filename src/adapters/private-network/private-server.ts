import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import { makeFolder, serverAccount, spawnSettings, type ServerAccount } from '../embedded/account.ts';
import { ensureBinaries, type FetchOptions } from '../embedded/fetch.ts';
import { stopPostmaster } from '../embedded/postmaster.ts';
import { processStart, type ProcessIdentity } from '../embedded/process-identity.ts';
import { copyTemplate, ensureDataTemplate } from '../embedded/template.ts';
import { defaultMajor } from '../embedded/versions.ts';
import type { ProgramWithArguments } from './namespace.ts';
import type { PrivateNetwork } from './private-network.ts';

/** The server to start inside. */
export interface PrivateServerOptions extends FetchOptions {
  /** Its own folder; the keeper of the namespace removes it if this process dies. */
  readonly folder: string;
  readonly major?: number | undefined;
  /** The role and database to create, with this password. */
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

/** A real PostgreSQL that listens only on its private address. */
export interface PrivateServer {
  readonly port: number;
  /** The URL of the requested database, with the password. */
  readonly url: string;
  readonly log: string;
  stop(): Promise<void>;
}

const port = 5432;
const readyWithinMs = 60_000;

/** Starts PostgreSQL in the database's namespace. @returns the server, or faults `embedded-*`. */
export async function startPrivateServer(
  network: PrivateNetwork,
  options: PrivateServerOptions,
): Promise<Outcome<PrivateServer>> {
  network.database.guard({ folder: options.folder });
  const account = serverAccount();
  const binaries = await ensureBinaries(options.major ?? defaultMajor, options);
  if (!binaries.ok) return binaries;
  const template = await ensureDataTemplate(binaries.value, account, options);
  if (!template.ok) return template;
  makeFolder(options.folder, 0o700);
  // The server's account must pass through to its data.
  if (account.dropped) chmodSync(options.folder, 0o711);
  const data = join(options.folder, 'data');
  copyTemplate(template.value, account, data);
  appendFileSync(join(data, 'pg_hba.conf'), 'host all all 192.0.2.0/24 scram-sha-256\n');
  const program = binaries.value.postgres;
  const prepared = prepare(program, data, account, options);
  if (prepared !== '') return err(fault('embedded-start-failed', { why: prepared }));
  const log = join(options.folder, 'server.log');
  const settings = { ...options.settings, listen_addresses: network.address, unix_socket_directories: '', port };
  const started = await launch(network, { program, data, log, settings, account });
  if ('failed' in started)
    return err(fault('embedded-start-failed', { why: `The last lines of its log:\n${started.failed}` }));
  const login = `${encodeURIComponent(options.user)}:${encodeURIComponent(options.password)}`;
  return ok({
    port,
    url: `postgresql://${login}@${network.address}:${port}/${encodeURIComponent(options.database)}?sslmode=disable`,
    log,
    stop: () => stopPostmaster(started),
  });
}

/** Creates role and database before anybody can connect: the server reads these commands from a pipe. */
function prepare(program: string, data: string, account: ServerAccount, request: PrivateServerOptions): string {
  const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  const name = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const commands = [
    `CREATE ROLE ${name(request.user)} LOGIN PASSWORD ${literal(request.password)}`,
    `CREATE DATABASE ${name(request.database)} OWNER ${name(request.user)}`,
  ];
  const args = ['--single', '-j', '-D', data, 'postgres'];
  const input = commands.map((command) => `${command};\n\n`).join('');
  const ran = spawnSync(program, args, { ...spawnSettings(account), input, encoding: 'utf8' });
  if (ran.error !== undefined) return ran.error.message;
  const said = `${ran.stdout}${ran.stderr}`.split('\n').filter((line) => /\b(ERROR|FATAL|PANIC)\b/.test(line));
  return ran.status === 0 ? said.join('\n') : said.join('\n') || `postgres --single ended with ${ran.status}`;
}

interface PrivateServerLaunch {
  readonly program: string;
  readonly data: string;
  readonly log: string;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly account: ServerAccount;
}

async function launch(
  network: PrivateNetwork,
  request: PrivateServerLaunch,
): Promise<ProcessIdentity | { readonly failed: string }> {
  const pairs = Object.entries(request.settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [enter, ...args] = network.database.enter(
    ...asServer(network, request.account),
    request.program,
    '-D',
    request.data,
    ...pairs,
  );
  const output = openSync(request.log, 'w', 0o600);
  const { cwd, env } = spawnSettings(request.account);
  const child = spawn(enter, args, {
    cwd,
    env: { ...env, PATH: `${env['PATH']}:/usr/sbin:/sbin` },
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  if (child.pid !== undefined) network.database.guard({ pid: child.pid });
  const failure: string[] = [];
  child.once('error', (error) => failure.push(error.message));
  child.unref();
  const deadline = Date.now() + readyWithinMs;
  while (failure.length === 0 && child.exitCode === null && child.signalCode === null) {
    const lines = pidFile(request.data);
    if (child.pid !== undefined && lines[0]?.trim() === String(child.pid) && lines[7]?.trim() === 'ready')
      return { pid: child.pid, start: processStart(child.pid) ?? '' };
    if (Date.now() > deadline) child.kill('SIGQUIT');
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  return { failed: failure[0] ?? readFileSync(request.log, 'utf8').trimEnd().split('\n').slice(-12).join('\n') };
}

/** The namespace is entered as root, and PostgreSQL refuses root, so it runs under an ordinary account inside. */
function asServer(network: PrivateNetwork, account: ServerAccount): ProgramWithArguments {
  if (network.rootless) return ['unshare', '--user', '--map-user=65532', '--'];
  return ['setpriv', `--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', '--'];
}

function pidFile(data: string): readonly string[] {
  try {
    return readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return [];
  }
}
