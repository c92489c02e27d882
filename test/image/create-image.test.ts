import { expect, test } from 'vitest';
import { createImage, type CreatedImage, type ImageOrder } from '../../src/adapters/image/create-image.ts';
import { noCache, type ImageCache } from '../../src/adapters/image/image-cache.ts';
import type { ImageConfig, ImageManifest } from '../../src/adapters/image/manifest.ts';
import { readTar } from '../../src/adapters/tar/read-tar.ts';
import type { Outcome } from '../../src/kit/outcome.ts';
import { pushImage, tinyNodeImage } from '../support/base-image.ts';
import { bundleOf, imageWorld, memoryCache, type ImageWorld } from './world.ts';

function must<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new Error(outcome.findings.map(({ code, why }) => `${code}: ${why}`).join('\n'));
}

/** The findings of an order, as codes with their causes. */
async function refused(order: ImageOrder, { client }: ImageWorld): Promise<readonly (readonly [string, string])[]> {
  const outcome = await createImage(order, client);
  return outcome.ok ? [] : outcome.findings.map(({ code, why }) => [code, why] as const);
}

async function filesOf({ server }: ImageWorld, image: CreatedImage): Promise<Readonly<Record<string, string>>> {
  const files: Record<string, string> = {};
  for (const { tar } of server.layersOf(image.reference) ?? [])
    for await (const entry of readTar(only(tar))) {
      if (entry.type !== 'file') continue;
      const pieces: Buffer[] = [];
      for await (const piece of entry.body()) pieces.push(piece);
      files[entry.path] = Buffer.concat(pieces).toString();
    }
  return files;
}

async function* only(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes);
}

function configOf({ server }: ImageWorld, image: CreatedImage): ImageConfig {
  const manifest = JSON.parse(
    server.manifest('acme-dev/godwit/runner', image.digest)!.bytes.toString(),
  ) as ImageManifest;
  return JSON.parse(server.store.blobs.get(manifest.config.digest)!.toString()) as ImageConfig;
}

test('runner and bundle are laid upon the base image, whose own files stay', async () => {
  await using world = await imageWorld();
  const bundle = bundleOf({ 'manifest.json': '{}', 'bodies/1.up.sql': 'select 1' });
  const image = must(await createImage({ ...world.order, bundle, environment: 'dev' }, world.client));
  expect(await filesOf(world, image)).toEqual({
    'lib64/ld-linux-x86-64.so.2': 'loader',
    'usr/lib/libstdc++.so.6': 'library',
    'etc/passwd': 'root:x:0:0::/:\n',
    'usr/local/bin/node': '#!node',
    'godwit/runner.js': 'console.log(1)',
    'godwit/package.json': '{"type":"commonjs"}\n',
    'godwit/bundle/manifest.json': '{}',
    'godwit/bundle/bodies/1.up.sql': 'select 1',
  });
  expect(image.node).toBe('/usr/local/bin/node');
  expect(image.tag).toMatch(/^bundle-dev-abababababab-[0-9a-f]{12}$/);
  const { config, rootfs, history } = configOf(world, image);
  expect(config).toMatchObject({
    Entrypoint: ['/usr/local/bin/node', '/godwit/runner.js'],
    Cmd: ['job'],
    WorkingDir: '/godwit',
    Env: tinyNodeImage.config?.Env,
    Labels: { 'dev.godwit.bundle': 'ab'.repeat(32), 'org.opencontainers.image.base.digest': image.base },
  });
  expect(rootfs.diff_ids).toHaveLength(4);
  expect(history?.map(({ comment }) => comment)).toEqual([
    undefined,
    undefined,
    'runner of godwit 0.1.0',
    'bundle of migrations',
  ]);
});

test('when nothing has changed, one request shows it, and nothing is sent', async () => {
  await using world = await imageWorld();
  const first = must(await createImage(world.order, world.client, world.cache));
  world.requests();
  const second = must(await createImage(world.order, world.client, world.cache));
  expect(second).toEqual({ ...first, pushed: false });
  expect(world.requests()).toEqual(['HEAD /v2/acme-dev/godwit/runner/manifests/runner-0.1.0-HASH 200']);
});

test('another machine makes the same image and sends nothing either', async () => {
  await using world = await imageWorld();
  const first = must(await createImage(world.order, world.client, memoryCache()));
  world.requests();
  const second = must(await createImage(world.order, world.client, noCache));
  expect(second).toEqual({ ...first, pushed: false });
  expect(world.requests().filter((line) => !/^(?:HEAD|GET) /.test(line))).toEqual([]);
});

test('a further bundle sends its own layer and the configuration only', async () => {
  await using world = await imageWorld();
  const order = { ...world.order, environment: 'dev' };
  must(await createImage({ ...order, bundle: bundleOf({ 'manifest.json': '1' }) }, world.client, world.cache));
  world.requests();
  must(await createImage({ ...order, bundle: bundleOf({ 'manifest.json': '2' }) }, world.client, world.cache));
  expect(world.requests().filter((line) => line.startsWith('PUT'))).toEqual([
    'PUT /v2/acme-dev/godwit/runner/blobs/uploads/ID 201',
    'PUT /v2/acme-dev/godwit/runner/blobs/uploads/ID 201',
    'PUT /v2/acme-dev/godwit/runner/manifests/bundle-dev-HASH-HASH 201',
  ]);
});

test('a base image by tag is settled once: what the tag means later does not matter, nor that it is gone', async () => {
  await using world = await imageWorld();
  const first = must(await createImage(world.order, world.client, world.cache));
  await pushImage(world.order.base, { ...tinyNodeImage, layers: [{ 'usr/local/bin/node': 'another one' }] });
  expect(must(await createImage(world.order, world.client, noCache))).toMatchObject({ digest: first.digest });
  world.server.store.repositories.delete('library/node');
  expect(must(await createImage(world.order, world.client, noCache))).toMatchObject({ digest: first.digest });
});

test('the layer of the runner is packed once on a machine, and again where a registry lacks it', async () => {
  await using world = await imageWorld();
  const packed: string[] = [];
  const cache: ImageCache = {
    read: (key) => world.cache.read(key),
    write: (key, value) => {
      if (key.startsWith('runner layer')) packed.push(key);
      world.cache.write(key, value);
    },
  };
  const first = must(await createImage(world.order, world.client, cache));
  expect(must(await createImage(world.order, world.client, cache))).toEqual({ ...first, pushed: false });
  expect(packed).toHaveLength(1);
  const elsewhere = { ...world.order, repository: world.order.repository.replace('acme-dev', 'acme-prod') };
  const other = must(await createImage(elsewhere, world.client, cache));
  expect(other).toMatchObject({ digest: first.digest, pushed: true });
  expect(packed).toHaveLength(1);
  const runner = { bytes: Buffer.from('console.log(2)'), version: world.order.runner.version };
  expect(must(await createImage({ ...world.order, runner }, world.client, cache)).digest).not.toBe(first.digest);
});

test('a repository that was emptied behind our back is filled again', async () => {
  await using world = await imageWorld();
  const first = must(await createImage(world.order, world.client, world.cache));
  world.server.store.repositories.delete('acme-dev/godwit/runner');
  const again = must(await createImage(world.order, world.client, world.cache));
  expect(again).toEqual(first);
  expect([...world.server.store.repositories.get('acme-dev/godwit/runner')!.tags.keys()].sort()).toEqual([
    expect.stringMatching(/^base-/),
    first.tag,
  ]);
});

test('what this machine remembers of images that are gone does not matter', async () => {
  await using world = await imageWorld();
  const first = must(await createImage(world.order, world.client, world.cache));
  world.server.store.repositories.clear();
  await pushImage(world.order.base, { ...tinyNodeImage, layers: [{ 'usr/local/bin/node': 'another one' }] });
  const { manifests } = world.server.store.repositories.get('library/node')!;
  expect(manifests.has(first.base)).toBe(false);
  const second = must(await createImage(world.order, world.client, world.cache));
  expect(manifests.has(second.base)).toBe(true);
  expect(must(await createImage(world.order, world.client, world.cache))).toEqual({ ...second, pushed: false });
});

test('an image keeps to the media types of its base', async () => {
  await using world = await imageWorld();
  const base = `${world.server.host}/team/base:1`;
  for (const family of ['oci', 'docker'] as const) {
    await pushImage(base, { ...tinyNodeImage, family, layers: [{ family }, ...tinyNodeImage.layers] });
    const own = must(await createImage({ ...world.order, own: base }, world.client));
    const manifest = world.server.manifest('acme-dev/godwit/runner', own.digest)!;
    const types = [...new Set(manifest.bytes.toString().match(/application\/vnd\.(?:oci|docker)/g))];
    expect([manifest.mediaType.includes(family), types]).toEqual([true, [`application/vnd.${family}`]]);
  }
});

test('layers of the same registry are mounted, those of another one travel, with progress', async () => {
  await using world = await imageWorld();
  await using elsewhere = await imageWorld();
  const steps: string[] = [];
  const order: ImageOrder = {
    ...world.order,
    base: elsewhere.order.base,
    onProgress: ({ step, sent, total }) => steps.push(`${step} ${sent === total ? 'all' : 'some'}`),
  };
  const image = must(await createImage(order, world.client));
  expect(world.requests().filter((line) => line.includes('mount'))).toEqual([]);
  expect(steps).toContain('copy all');
  expect(steps.at(-1)).toBe('upload all');
  const mounted = must(
    await createImage({ ...world.order, repository: `${world.server.host}/other/place` }, world.client),
  );
  expect(world.requests().filter((line) => line.includes('mount')).length).toBe(3);
  expect(mounted.base).toBe(image.base);
});

test('an image that does not exist is named before anything is created (`image-missing`)', async () => {
  await using world = await imageWorld();
  const codes = await refused({ ...world.order, base: `${world.server.host}/library/node:33` }, world);
  expect(codes).toEqual([['image-missing', expect.stringContaining('library/node') as string]]);
  expect(world.server.store.repositories.get('acme-dev/godwit/runner')).toBeUndefined();
});
