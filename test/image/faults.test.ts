import { expect, test } from 'vitest';
import type { RegistryFaultPlan } from '../../emulator/registry/faults.ts';
import { createImage, type ImageOrder } from '../../src/adapters/image/create-image.ts';
import { noCache } from '../../src/adapters/image/image-cache.ts';
import { createRegistryClient } from '../../src/adapters/image/registry-client.ts';
import { freePort } from '../../src/adapters/embedded/postmaster.ts';
import { catalogue, type FaultCode } from '../../src/kit/catalogue/index.ts';
import { FaultError } from '../../src/kit/fault.ts';
import type { Finding } from '../../src/kit/finding.ts';
import { pushImage, tinyNodeImage, type MadeImage } from '../support/base-image.ts';
import { bundleOf, imageWorld, nobody, quick, type ImageWorld } from './world.ts';

async function findingsOf(order: ImageOrder, { client }: Pick<ImageWorld, 'client'>): Promise<readonly Finding[]> {
  const outcome = await createImage(order, client);
  return outcome.ok ? [] : outcome.findings;
}

/** Manifests of the target, except the copy of the base. */
function imagesIn({ server }: ImageWorld): readonly string[] {
  const repository = server.store.repositories.get('acme-dev/godwit/runner');
  return [...(repository?.tags.keys() ?? [])].filter((tag) => !tag.startsWith('base-'));
}

const busy = { kind: 'status', status: 503 } as const;

test.each<readonly [string, RegistryFaultPlan]>([
  ['that is overloaded for a while', { fault: busy, times: 3 }],
  ['that asks for time', { fault: { kind: 'status', status: 429, retryAfter: '0' }, times: 3 }],
  ['that asks for time until a date', { fault: { ...busy, retryAfter: 'Thu, 01 Jan 1970 00:00:00 GMT' }, times: 2 }],
  ['that cuts connections', { fault: { kind: 'lost' }, times: 3 }],
  ['that is overloaded when uploads begin', { fault: busy, method: 'POST', times: 3 }],
  ['that loses uploads', { fault: { kind: 'lost' }, method: 'PUT', path: /blobs/, times: 2 }],
  ['that cuts uploads in the middle', { fault: { kind: 'cut', after: 10 }, method: 'PUT', path: /blobs/, times: 2 }],
  ['that does the work and loses the answer', { fault: { kind: 'answer-lost' }, method: 'PUT', times: 3 }],
  ['that loses answers when uploads begin', { fault: { kind: 'answer-lost' }, method: 'POST', times: 3 }],
  ['that sends half of a configuration', { fault: { kind: 'half' }, method: 'GET', path: /blobs/ }],
  ['that sends half of a manifest', { fault: { kind: 'half' }, method: 'GET', path: /manifests/ }],
])('a registry %s gets the image all the same', async (_, plan) => {
  await using world = await imageWorld();
  world.server.faults.add(plan);
  const outcome = await createImage({ ...world.order, bundle: bundleOf({ 'manifest.json': '{}' }) }, world.client);
  expect(outcome).toMatchObject({ ok: true });
  expect(world.server.layersOf(outcome.ok ? outcome.value.reference : '')).toHaveLength(4);
});

test.each<readonly [string, FaultCode, RegistryFaultPlan]>([
  ['does not answer', 'registry-unreachable', { fault: { kind: 'lost' }, times: 99 }],
  ['stays overloaded', 'registry-unreachable', { fault: busy, times: 99 }],
  ['refuses access', 'registry-denied', { fault: { kind: 'status', status: 403, code: 'DENIED' }, times: 99 }],
  [
    'lacks the repository',
    'registry-no-repository',
    { fault: { kind: 'status', status: 404, code: 'NAME_UNKNOWN' }, method: 'POST', times: 99 },
  ],
  [
    'has a policy against it',
    'registry-refused',
    { fault: { kind: 'status', status: 400, code: 'DENIED' }, method: 'PUT', path: /manifests/, times: 99 },
  ],
  [
    'sends another configuration',
    'image-damaged',
    { fault: { kind: 'corrupt' }, method: 'GET', path: /blobs/, times: 99 },
  ],
  [
    'sends another manifest',
    'image-damaged',
    { fault: { kind: 'corrupt' }, method: 'GET', path: /manifests/, times: 99 },
  ],
  ['loses every upload', 'registry-unreachable', { fault: { kind: 'lost' }, method: 'PUT', path: /blobs/, times: 99 }],
])('a registry that %s ends it with `%s`, a cause, a fix, and no image', async (_, code, plan) => {
  await using world = await imageWorld();
  world.server.faults.add(plan);
  const findings = await findingsOf(world.order, world);
  expect(findings.map((one) => one.code)).toEqual([code]);
  expect(findings[0]!.why).toContain(world.server.host);
  expect(findings[0]!.why).not.toBe(catalogue[code].why);
  expect(findings[0]!.fix).not.toBe('');
  expect(imagesIn(world)).toEqual([]);
});

test('a registry that nobody runs is named', async () => {
  using client = createRegistryClient({ credentials: nobody, timeouts: quick });
  const host = `127.0.0.1:${await freePort(undefined)}`;
  const findings = await findingsOf(
    { repository: `${host}/a/b`, base: `${host}/node:22`, runner: { bytes: Buffer.from(''), version: '0' } },
    { client },
  );
  expect(findings).toMatchObject([
    { code: 'registry-unreachable', why: expect.stringContaining('ECONNREFUSED') as string },
  ]);
});

test('what no further try can mend is not tried again', async () => {
  await using world = await imageWorld();
  // Speaks no TLS.
  const to = world.server.url.replace('http:', 'https:');
  world.server.faults.add({ fault: { kind: 'redirect', to: `${to}/v2/x` }, method: 'GET', path: /blobs/, times: 99 });
  world.requests();
  expect((await findingsOf(world.order, world)).map(({ code }) => code)).toEqual(['registry-unreachable']);
  expect(world.requests().filter((line) => line.includes('blobs'))).toHaveLength(1);
});

test('damage on the way to the own copy is found before the copy can be used', async () => {
  await using world = await imageWorld();
  await using elsewhere = await imageWorld();
  elsewhere.server.faults.add({ fault: { kind: 'corrupt' }, method: 'GET', path: /blobs/, after: 1, times: 99 });
  const findings = await findingsOf({ ...world.order, base: elsewhere.order.base }, world);
  expect(findings.map(({ code }) => code)).toEqual(['image-damaged']);
  expect(imagesIn(world)).toEqual([]);
});

test('what stopped once goes on where it was: layers that have arrived are not sent again', async () => {
  await using world = await imageWorld();
  await using elsewhere = await imageWorld();
  const order = { ...world.order, base: elsewhere.order.base };
  world.server.faults.add({ fault: { kind: 'status', status: 403 }, method: 'PUT', path: /manifests/, times: 1 });
  expect((await findingsOf(order, world)).map(({ code }) => code)).toEqual(['registry-denied']);
  world.requests();
  expect(await findingsOf(order, world)).toEqual([]);
  expect(world.requests().filter((line) => /POST|PUT .*blobs/.test(line))).toEqual([]);
});

test('an upload whose answer was lost has arrived, and is not sent again', async () => {
  await using world = await imageWorld();
  world.requests();
  world.server.faults.add({ fault: { kind: 'answer-lost' }, method: 'PUT', path: /blobs/ });
  expect(await findingsOf(world.order, world)).toEqual([]);
  // The runner's layer and the configuration.
  expect(world.requests().filter((line) => line.startsWith('PUT') && line.includes('blobs'))).toHaveLength(2);
});

test('an interruption ends it at once, with its reason', async () => {
  await using world = await imageWorld();
  const stop = new AbortController();
  using client = createRegistryClient({ credentials: nobody, signal: stop.signal });
  world.server.faults.add({ fault: { ...busy, retryAfter: '20' }, times: 99 });
  const made = createImage(world.order, client, noCache);
  setTimeout(() => stop.abort(new Error('interrupted')), 50);
  await expect(made).rejects.toThrow(/interrupted|aborted/);
});

const arm: MadeImage = { ...tinyNodeImage, platform: { os: 'linux', architecture: 'arm64' } };

test('an image for another platform is refused by its name (`image-platform`)', async () => {
  await using world = await imageWorld();
  await pushImage(`${world.server.host}/team/arm:1`, arm);
  const findings = await findingsOf({ ...world.order, base: `${world.server.host}/team/arm:1` }, world);
  expect(findings).toMatchObject([{ code: 'image-platform', why: expect.stringContaining('linux/arm64') as string }]);
});

test.each(['oci', 'docker'] as const)('of an index (%s) the image for the platform is taken', async (family) => {
  await using world = await imageWorld();
  const name = `${world.server.host}/team/many`;
  const there = [
    await pushImage(`${name}:arm`, { ...arm, family }),
    await pushImage(`${name}:amd`, { ...tinyNodeImage, family }),
  ];
  const repository = world.server.store.repositories.get('team/many')!;
  const mediaType =
    family === 'oci'
      ? 'application/vnd.oci.image.index.v1+json'
      : 'application/vnd.docker.distribution.manifest.list.v2+json';
  const manifests = ['arm64', 'amd64', 'unknown'].map((architecture, at) => ({
    ...repository.manifests.get(there[Math.min(at, 1)]!),
    bytes: undefined,
    size: 1,
    platform: { os: architecture === 'unknown' ? 'unknown' : 'linux', architecture },
  }));
  const put = async (tag: string, list: readonly unknown[]): Promise<void> => {
    const body = JSON.stringify({ schemaVersion: 2, mediaType, manifests: list });
    const answer = await fetch(`http://${name.replace('/', '/v2/')}/manifests/${tag}`, {
      method: 'PUT',
      headers: { 'content-type': mediaType },
      body,
    });
    expect(answer.status).toBe(201);
  };
  await put('all', manifests);
  const outcome = await createImage({ ...world.order, base: `${name}:all` }, world.client);
  expect(outcome).toMatchObject({ ok: true, value: { base: there[1] } });
  await put('arms', manifests.slice(0, 1));
  const findings = await findingsOf({ ...world.order, base: `${name}:arms` }, world);
  expect(findings).toMatchObject([
    { code: 'image-platform', why: expect.stringContaining('for linux/arm64, not for linux/amd64') as string },
  ]);
});

test('an order for no image at all is refused before anything is asked (`image-reference`)', async () => {
  await using world = await imageWorld();
  world.requests();
  for (const wrong of [{ base: 'Not An Image' }, { repository: 'also/NOT' }])
    expect((await findingsOf({ ...world.order, ...wrong }, world)).map(({ code }) => code)).toEqual([
      'image-reference',
    ]);
  expect(world.requests()).toEqual([]);
});

test('a fault of the credentials is told as it is (`google-credentials-missing`)', async () => {
  await using world = await imageWorld();
  const finding: Finding = { code: 'google-credentials-missing', severity: 'error', title: 't', why: 'w', fix: 'f' };
  using client = createRegistryClient({ credentials: () => Promise.reject(new FaultError(finding)), timeouts: quick });
  expect(await findingsOf(world.order, { client })).toEqual([finding]);
});
