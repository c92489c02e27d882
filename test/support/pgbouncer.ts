import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverAccount, spawnSettings } from '../../src/adapters/embedded/account.ts';
import { freePort } from '../../src/adapters/embedded/postmaster.ts';
import { until } from './child.ts';
import { programPath } from './tools.ts';

/** A PgBouncer in front of a test server. */
export interface Pooler extends AsyncDisposable {
  /** The address of the same database through the pooler. */
  through(url: string): string;
  /** What it has logged. */
  log(): string;
}

/** Starts a PgBouncer on loopback in front of the server of this URL. Further settings as in pgbouncer.ini. */
export async function startPooler(
  serverUrl: string,
  settings: Readonly<Record<string, string | number>> = {},
): Promise<Pooler> {
  const server = new URL(serverUrl);
  const folder = mkdtempSync(join(tmpdir(), `godwit-test-${process.pid}-pooler-`));
  chmodSync(folder, 0o755);
  const port = await freePort(undefined);
  const all = {
    listen_addr: '127.0.0.1',
    listen_port: port,
    auth_type: 'any',
    pool_mode: 'transaction',
    default_pool_size: 5,
    max_client_conn: 400,
    unix_socket_dir: '',
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  const target = `host=${server.hostname} port=${server.port} user=${server.username} password=${server.password}`;
  const ini = join(folder, 'pgbouncer.ini');
  writeFileSync(ini, ['[databases]', `* = ${target}`, '[pgbouncer]', ...lines, ''].join('\n'), { mode: 0o644 });

  const log = join(folder, 'log');
  const { openSync, closeSync } = await import('node:fs');
  const output = openSync(log, 'w');
  // PgBouncer refuses root, as the server does.
  const child = spawn(programPath('pgbouncer') ?? 'pgbouncer', [ini], {
    ...spawnSettings(serverAccount()),
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  const ended = once(child, 'exit');
  await until('the pooler listens', async () => {
    if (child.exitCode !== null) throw new Error(`pgbouncer ended: ${readFileSync(log, 'utf8')}`);
    return await listens(port);
  });
  return {
    through(url) {
      const pooled = new URL(url);
      pooled.hostname = '127.0.0.1';
      pooled.port = String(port);
      return pooled.href;
    },
    log: () => readFileSync(log, 'utf8'),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
