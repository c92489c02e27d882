import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { memorySource } from '../../src/adapters/files/byte-source.ts';
import { makeLayer, type Layer } from '../../src/adapters/image/layer.ts';
import { digestOf, mediaTypes, type ImageConfig } from '../../src/adapters/image/manifest.ts';
import { parseReference, type ImageReference } from '../../src/adapters/image/reference.ts';
import { createRegistryClient, type RegistryClient } from '../../src/adapters/image/registry-client.ts';
import type { TarFile } from '../../src/adapters/tar/write-tar.ts';
import { ok } from '../../src/kit/outcome.ts';

/** An image made in code: no public registry is needed. */
export interface MadeImage {
  /** Files of each layer by their path without the leading slash, lowest layer first. */
  readonly layers: readonly Readonly<Record<string, string | Buffer>>[];
  readonly config?: ImageConfig['config'];
  readonly family?: 'oci' | 'docker';
  readonly platform?: { readonly os: string; readonly architecture: string };
}

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const officialNode = { Env: [path, 'NODE_VERSION=22.11.0', 'YARN_VERSION=1.22.22'], Cmd: ['node'] };

/** Looks like an official Node image, but cannot run: for code that only reads images. */
export const tinyNodeImage: MadeImage = {
  layers: [
    { 'lib64/ld-linux-x86-64.so.2': 'loader', 'usr/lib/libstdc++.so.6': 'library', 'etc/passwd': 'root:x:0:0::/:\n' },
    { 'usr/local/bin/node': '#!node' },
  ],
  config: officialNode,
};

/** The Node of this process with the libraries that it needs: an image that a container runtime can run (Linux). */
export function realNodeImage(): MadeImage {
  const needs = execFileSync('ldd', [process.execPath], { encoding: 'utf8' });
  const libraries = [...needs.matchAll(/(\/\S+) \(0x/g)].map(([, file = '']) => file);
  const passwd = 'root:x:0:0:root:/root:/sbin/nologin\nnode:x:1000:1000::/home/node:/sbin/nologin\n';
  return {
    layers: [
      {
        ...Object.fromEntries(libraries.map((file) => [file.slice(1), readFileSync(file)])),
        'etc/passwd': passwd,
        'etc/group': 'root:x:0:\nnode:x:1000:\n',
        'tmp/.keep': '',
      },
      { 'usr/local/bin/node': readFileSync(process.execPath) },
    ],
    config: { ...officialNode, Env: [path, `NODE_VERSION=${process.versions.node}`, 'YARN_VERSION=0'] },
  };
}

/** Pushes an image to a registry that requires no credentials; returns its digest. */
export async function pushImage(reference: string, image: MadeImage): Promise<string> {
  using registry = createRegistryClient({ credentials: () => Promise.resolve(ok(undefined)) });
  const parsed = parseReference(reference);
  if (!parsed.ok) throw new Error(`${reference} is no image`);
  return await pushTo(registry, parsed.value, image);
}

/** The same with a given client. */
export async function pushTo(registry: RegistryClient, target: ImageReference, image: MadeImage): Promise<string> {
  const family = mediaTypes[image.family ?? 'oci'];
  const layers = await Promise.all(image.layers.map((files) => makeLayer(filesOf(files))));
  for (const layer of layers) await put(registry, target, layer);
  const config = Buffer.from(
    JSON.stringify({
      ...(image.platform ?? { os: 'linux', architecture: 'amd64' }),
      created: '2024-01-01T00:00:00Z',
      config: image.config ?? {},
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map(() => ({ created: '2024-01-01T00:00:00Z', created_by: 'test' })),
    }),
  );
  const digest = digestOf(config);
  await put(registry, target, { digest, size: config.length, diffId: digest, bytes: () => Promise.resolve(config) });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: family.manifest,
      config: { mediaType: family.config, digest, size: config.length },
      layers: layers.map((layer) => ({ mediaType: family.layer, digest: layer.digest, size: layer.size })),
    }),
  );
  const document = { mediaType: family.manifest, digest: digestOf(manifest), bytes: manifest };
  await registry.writeManifest(target, document);
  return document.digest;
}

async function put(registry: RegistryClient, target: ImageReference, layer: Layer): Promise<void> {
  const { digest, size } = layer;
  if (await registry.hasBlob(target, digest)) return;
  const bytes = await layer.bytes();
  await registry.writeBlob(target, {
    digest,
    size,
    async *open() {
      yield await Promise.resolve(bytes);
    },
  });
}

function filesOf(files: Readonly<Record<string, string | Buffer>>): readonly TarFile[] {
  return Object.entries(files).map(([name, content]) => ({
    path: name,
    // Both programs and libraries, because a loader must be executable.
    mode: 0o755,
    source: memorySource(Buffer.from(content)),
  }));
}
