import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../src/adapters/embedded/postmaster.ts';
import { until } from './child.ts';
import { programPath } from './tools.ts';

/** Debian's `docker-registry`: the registry that others are measured by. */
export interface DockerRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
}

/** The only user of a guarded registry; the password's hash is bcrypt, of few rounds. */
export const registryUser = { name: 'ada', password: 'sesame' };
const users = `${registryUser.name}:$2b$04$bVxxMVjwNyasIkjTpiwBmuRQsBzKuAPXuhqJJ7zpTKGB/npAc9RYW`;

/** Starts one on loopback, with its data in a folder that goes away with it. */
export async function startDockerRegistry(options: { readonly guarded?: boolean } = {}): Promise<DockerRegistry> {
  const folder = mkdtempSync(join(tmpdir(), `godwit-test-${process.pid}-registry-`));
  const port = await freePort(undefined);
  const host = `127.0.0.1:${port}`;
  const passwords = join(folder, 'htpasswd');
  writeFileSync(passwords, `${users}\n`);
  const configuration = {
    version: 0.1,
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') }, delete: { enabled: true } },
    http: { addr: host },
    ...(options.guarded === true ? { auth: { htpasswd: { realm: 'registry', path: passwords } } } : {}),
  };
  const file = join(folder, 'config.yml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(configuration));
  const child = spawn(programPath('docker-registry') ?? 'docker-registry', ['serve', file], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  await until('the registry listens', async () => {
    if (child.exitCode !== null) throw new Error(`docker-registry ended with ${child.exitCode}`);
    return await fetch(`http://${host}/v2/`).then(
      () => true,
      () => false,
    );
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
