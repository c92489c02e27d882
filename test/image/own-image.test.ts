import { expect, test } from 'vitest';
import { createImage, type CreatedImage, type ImageOrder } from '../../src/adapters/image/create-image.ts';
import { readTar } from '../../src/adapters/tar/read-tar.ts';
import { pushImage, tinyNodeImage, type MadeImage } from '../support/base-image.ts';
import { imageWorld, type ImageWorld } from './world.ts';

const env = ['PATH=/opt/venv/bin:/usr/bin', 'LANG=C.UTF-8'];
const glibc = { 'lib64/ld-linux-x86-64.so.2': '', 'usr/lib/x86_64-linux-gnu/libstdc++.so.6': '' };
const python: MadeImage = {
  layers: [glibc, { 'usr/bin/python3': 'p' }],
  config: { Env: env, User: 'app', WorkingDir: '/app' },
};

async function made(world: ImageWorld, own: MadeImage, more: Partial<ImageOrder> = {}): Promise<CreatedImage | string> {
  const name = `${world.server.host}/team/own:1`;
  await pushImage(name, own);
  const outcome = await createImage({ ...world.order, own: name, ...more }, world.client, world.cache);
  return outcome.ok ? outcome.value : outcome.findings.map(({ code, why }) => `${code} ${why}`).join('\n');
}

async function topFiles(world: ImageWorld, image: CreatedImage): Promise<readonly string[]> {
  const names: string[] = [];
  for (const { tar } of world.server.layersOf(image.reference) ?? [])
    for await (const { path, type } of readTar(once(tar))) if (type === 'file') names.push(path);
  return names;
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes);
}

const there = (node: string): unknown => expect.objectContaining({ node });

test('the Node of an own image is found where its PATH says', async () => {
  await using world = await imageWorld();
  const own = { ...python, layers: [...python.layers, { 'opt/venv/bin/node': 'n', 'usr/bin/node': 'older' }] };
  expect(await made(world, own)).toEqual(there('/opt/venv/bin/node'));
});

test('a Node that an upper layer removed is none', async () => {
  await using world = await imageWorld();
  const layers = [
    glibc,
    { 'opt/venv/bin/node': 'n', 'usr/bin/node': 'n' },
    { 'opt/venv/.wh..wh..opq': '', 'usr/bin/.wh.python3': '' },
  ];
  expect(await made(world, { ...python, layers })).toEqual(there('/usr/bin/node'));
});

test('an image that begins with Node gives its path away, and is not read', async () => {
  await using world = await imageWorld();
  const distroless: MadeImage = { layers: [{ 'nodejs/bin/node': 'n' }], config: { Entrypoint: ['/nodejs/bin/node'] } };
  expect(await made(world, distroless)).toEqual(there('/nodejs/bin/node'));
  const reads = world.requests().filter((line) => line.startsWith('GET /v2/team/own/blobs'));
  expect(reads).toHaveLength(1);
});

test('a path that was configured is taken as it is', async () => {
  await using world = await imageWorld();
  expect(await made(world, python, { node: '/somewhere/node' })).toEqual(there('/somewhere/node'));
});

test('an own image without Node gets that of the base image, and keeps user, environment and folder', async () => {
  await using world = await imageWorld();
  const image = await made(world, python);
  expect(image).toEqual(there('/godwit/node/bin/node'));
  if (typeof image === 'string') throw new Error(image);
  expect(await topFiles(world, image)).toEqual([
    ...Object.keys(glibc),
    'usr/bin/python3',
    'godwit/node/bin/node',
    'godwit/package.json',
    'godwit/runner.js',
  ]);
  const manifest = JSON.parse(world.server.manifest('acme-dev/godwit/runner', image.digest)!.bytes.toString()) as {
    config: { digest: string };
  };
  const config: unknown = JSON.parse(world.server.store.blobs.get(manifest.config.digest)!.toString());
  expect(config).toMatchObject({
    config: { User: 'app', WorkingDir: '/app', Env: env, Entrypoint: ['/godwit/node/bin/node', '/godwit/runner.js'] },
  });
});

test('and is not taken apart again the next time', async () => {
  await using world = await imageWorld();
  const digest = await pushImage(`${world.server.host}/team/own:1`, python);
  const order = { ...world.order, own: `${world.server.host}/team/own@${digest}` };
  const first = await createImage(order, world.client, world.cache);
  world.requests();
  expect(await createImage(order, world.client, world.cache)).toEqual({
    ok: true,
    value: { ...(first.ok ? first.value : {}), pushed: false },
  });
  expect(world.requests()).toHaveLength(1);
});

test.each<readonly [string, MadeImage, string]>([
  ['of another C library', { layers: [{ 'lib/ld-musl-x86_64.so.1': '', 'usr/lib/libstdc++.so.6': '' }] }, 'uses musl'],
  ['without any C library', { layers: [{ 'app/static': '' }] }, 'nor a C library'],
  ['without the C++ library', { layers: [{ 'lib64/ld-linux-x86-64.so.2': '' }] }, 'libstdc++'],
  [
    'with a Node that is too old',
    { layers: [glibc], config: { Env: ['NODE_VERSION=18.20.1'], Entrypoint: ['docker-entrypoint.sh'] } },
    '18.20.1',
  ],
])('an own image %s is refused by its name', async (_, own, why) => {
  await using world = await imageWorld();
  const refusal = await made(world, own);
  expect(refusal).toContain('image-without-node');
  expect(refusal).toContain('team/own');
  expect(refusal).toContain(why);
});

test('layers that cannot be looked into are told (`image-without-node`)', async () => {
  await using world = await imageWorld();
  const digest = await pushImage(`${world.server.host}/team/closed:1`, python);
  const repository = world.server.store.repositories.get('team/closed')!;
  const { bytes } = repository.manifests.get(digest)!;
  const closed = bytes.toString().replaceAll('tar+gzip', 'tar+zstd');
  const answer = await fetch(`http://${world.server.host}/v2/team/closed/manifests/2`, { method: 'PUT', body: closed });
  expect(answer.status).toBe(201);
  const outcome = await createImage({ ...world.order, own: `${world.server.host}/team/closed:2` }, world.client);
  expect(outcome).toMatchObject({
    findings: [{ code: 'image-without-node', why: expect.stringContaining('2 layers') as string }],
  });
});

test('a layer that is no archive is damage', async () => {
  await using world = await imageWorld();
  const name = `${world.server.host}/team/broken:1`;
  await pushImage(name, { ...tinyNodeImage, config: {} });
  const { store } = world.server;
  const manifest = JSON.parse(world.server.manifest('team/broken', '1')!.bytes.toString()) as {
    layers: { digest: string; size: number }[];
  };
  const [lowest] = manifest.layers;
  // The bytes are what their digest says; they are just no archive.
  const { digestOf } = await import('../../src/adapters/image/manifest.ts');
  const junk = Buffer.from('no archive at all');
  store.blobs.set(digestOf(junk), junk);
  store.repositories.get('team/broken')!.blobs.add(digestOf(junk));
  Object.assign(lowest!, { digest: digestOf(junk), size: junk.length });
  manifest.layers.pop();
  manifest.layers.push(lowest!);
  await fetch(`http://${world.server.host}/v2/team/broken/manifests/2`, {
    method: 'PUT',
    body: JSON.stringify(manifest),
  });
  const outcome = await createImage({ ...world.order, own: `${world.server.host}/team/broken:2` }, world.client);
  expect(outcome).toMatchObject({ findings: [{ code: 'image-damaged' }] });
});
