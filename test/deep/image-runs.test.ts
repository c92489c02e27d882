import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createRegistry } from '../../emulator/registry/registry.ts';
import { createImage } from '../../src/adapters/image/create-image.ts';
import { createRegistryClient } from '../../src/adapters/image/registry-client.ts';
import { bundleOf, nobody, quick } from '../image/world.ts';
import { pushImage, realNodeImage, tinyNodeImage, type MadeImage } from '../support/base-image.ts';
import { startDockerRegistry } from '../support/docker-registry.ts';
import { missing } from '../support/tools.ts';

/** Says what it finds where it runs. */
const runner = `
const { readdirSync, readFileSync } = require('node:fs');
const bundle = readdirSync('/godwit/bundle').sort();
console.log(JSON.stringify({ argv: process.argv.slice(1), bundle, body: readFileSync('/godwit/bundle/bodies/1.sql', 'utf8') }));
process.exitCode = 41;
`;

const places = [
  ['the emulator’s registry', () => createRegistry()],
  ['docker-registry', () => startDockerRegistry()],
] as const;

// Images of a hundred megabytes are packed, pulled and unpacked.
const patience = 180_000;

describe.skipIf(missing('root', 'podman', 'runc', 'docker-registry'))(
  'a container runtime',
  { timeout: patience },
  () => {
    test.each(places)('pulls what was made from %s, and runs it', async (_, start) => {
      await using server = await start();
      const base = `${server.host}/library/node:22-slim`;
      await pushImage(base, realNodeImage());
      expect(await runOf(server.host, { base })).toEqual({
        status: 41,
        said: { argv: ['/godwit/runner.js', 'job'], bundle: ['bodies', 'manifest.json'], body: 'select 1' },
      });
    });

    test('runs an own image without Node with the Node of the base image', async () => {
      await using server = await createRegistry();
      const base = `${server.host}/library/node:22-slim`;
      const own = `${server.host}/team/own:1`;
      const { layers } = realNodeImage();
      await pushImage(base, realNodeImage());
      const withoutNode: MadeImage = { layers: layers.slice(0, 1), config: { User: '1000', WorkingDir: '/tmp' } };
      await pushImage(own, withoutNode);
      expect(await runOf(server.host, { base, own })).toMatchObject({
        status: 41,
        said: { bundle: ['bodies', 'manifest.json'] },
      });
    });
  },
);

interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Beside this process, in which the registry answers. */
function run(program: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { timeout: patience }, (_, out, err) =>
      resolve({ status: child.exitCode ?? -1, out, err }),
    );
  });
}

async function runOf(
  host: string,
  images: { readonly base: string; readonly own?: string },
): Promise<{ status: number | null; said: unknown }> {
  using client = createRegistryClient({ credentials: nobody, timeouts: quick });
  const order = {
    ...images,
    repository: `${host}/acme-dev/godwit/runner`,
    runner: { bytes: Buffer.from(runner), version: '0.1.0' },
    bundle: bundleOf({ 'manifest.json': '{}', 'bodies/1.sql': 'select 1' }),
  };
  const outcome = await createImage(order, client);
  if (!outcome.ok) throw new Error(outcome.findings.map(({ why }) => why).join('\n'));
  const folder = mkdtempSync(join(tmpdir(), 'godwit-podman-'));
  const own = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'run'), '--storage-driver=vfs'];
  const ways = ['--cgroup-manager=cgroupfs', '--runtime=/usr/sbin/runc', '--events-backend=none'];
  const podman = (...args: readonly string[]): Promise<Ended> => run('podman', [...own, ...ways, ...args]);
  try {
    const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];
    const ran = await podman('run', '--rm', '--tls-verify=false', '--network=none', ...limits, outcome.value.reference);
    const isSaid = ran.out.startsWith('{');
    return { status: ran.status, said: isSaid ? (JSON.parse(ran.out) as unknown) : `${ran.out}${ran.err}` };
  } finally {
    await podman('rmi', '--all', '--force');
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.skipIf(missing('skopeo', 'docker-registry'))('skopeo', () => {
  test.each(places)('inspects and copies what was made in %s', async (_, start) => {
    await using server = await start();
    const base = `${server.host}/library/node:22-slim`;
    await pushImage(base, tinyNodeImage);
    using client = createRegistryClient({ credentials: nobody, timeouts: quick });
    const order = {
      base,
      repository: `${server.host}/acme-dev/godwit/runner`,
      runner: { bytes: Buffer.from(runner), version: '0.1.0' },
    };
    const outcome = await createImage(order, client);
    const { reference, digest } = outcome.ok ? outcome.value : { reference: '', digest: '' };
    const folder = mkdtempSync(join(tmpdir(), 'godwit-skopeo-'));
    try {
      const seen = await run('skopeo', ['inspect', '--tls-verify=false', `docker://${reference}`]);
      expect(JSON.parse(seen.out)).toMatchObject({
        Digest: digest,
        Architecture: 'amd64',
        Labels: { 'org.opencontainers.image.title': 'godwit' },
      });
      // Copying holds every layer against its digest, and the archive within against the configuration.
      const copied = await run('skopeo', [
        'copy',
        '--src-tls-verify=false',
        `docker://${reference}`,
        `oci:${folder}:copy`,
      ]);
      expect([copied.status, copied.err]).toEqual([0, '']);
      expect(readFileSync(join(folder, 'index.json'), 'utf8')).toContain(digest);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
