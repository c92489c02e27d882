import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../src/adapters/embedded/postmaster.ts';
import type { Namespace } from '../../src/adapters/private-network/namespace.ts';
import { until } from './child.ts';
import { programPath } from './tools.ts';

/** Debian's `docker-registry`: the reference for other registries. */
export interface DockerRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
}

/** The only user of a guarded registry; the password's hash is bcrypt with few rounds. */
export const registryUser = { name: 'ada', password: 'sesame' };
const users = `${registryUser.name}:$2b$04$bVxxMVjwNyasIkjTpiwBmuRQsBzKuAPXuhqJJ7zpTKGB/npAc9RYW`;

/** How to start a registry. */
export interface DockerRegistryOptions {
  readonly guarded?: boolean;
  /** A folder for its data, which is kept. */
  readonly data?: string;
  /** A namespace in which it listens on loopback. */
  readonly inside?: Namespace;
}

/** Starts one on loopback, with its data in a folder that is removed with it, unless a folder is given. */
export async function startDockerRegistry(options: DockerRegistryOptions = {}): Promise<DockerRegistry> {
  const folder = mkdtempSync(join(tmpdir(), `godwit-test-${process.pid}-registry-`));
  const port = await freePort(undefined);
  const host = `127.0.0.1:${port}`;
  const passwords = join(folder, 'htpasswd');
  writeFileSync(passwords, `${users}\n`);
  const configuration = {
    version: 0.1,
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: options.data ?? join(folder, 'data') }, delete: { enabled: true } },
    http: { addr: host },
    ...(options.guarded === true ? { auth: { htpasswd: { realm: 'registry', path: passwords } } } : {}),
  };
  const file = join(folder, 'config.yml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(configuration));
  const program = programPath('docker-registry') ?? 'docker-registry';
  const [enter, ...args] = options.inside?.enter(program, 'serve', file) ?? [program, 'serve', file];
  const child = spawn(enter, args, { stdio: 'ignore' });
  const ended = once(child, 'exit');
  await until('the registry listens', async () => {
    if (child.exitCode !== null) throw new Error(`docker-registry ended with ${child.exitCode}`);
    return options.inside === undefined ? await answers(host) : answersInside(options.inside, port);
  });
  return {
    host,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(host: string): Promise<boolean> {
  return await fetch(`http://${host}/v2/`).then(
    () => true,
    () => false,
  );
}

/** True when its port is listening, according to the kernel inside the namespace. */
function answersInside(namespace: Namespace, port: number): boolean {
  const listening = `:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 0A`;
  return namespace.run('cat', '/proc/net/tcp').includes(listening);
}
