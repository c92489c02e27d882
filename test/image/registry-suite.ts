import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createImage } from '../../src/adapters/image/create-image.ts';
import { digestOf } from '../../src/adapters/image/manifest.ts';
import { parseReference, type ImageReference } from '../../src/adapters/image/reference.ts';
import { createRegistryClient } from '../../src/adapters/image/registry-client.ts';
import type { Blob, UploadOptions } from '../../src/adapters/image/upload.ts';
import { FaultError } from '../../src/kit/fault.ts';
import { pushTo, tinyNodeImage } from '../support/base-image.ts';
import { layLine } from './line.ts';
import { bundleOf, nobody, quick } from './world.ts';

/** A registry under test, open to everybody. */
export interface SuiteRegistry extends AsyncDisposable {
  readonly host: string;
}

/** What the client does with every registry. It runs against the emulator everywhere, against others where they are. */
export function registrySuite(title: string, start: () => Promise<SuiteRegistry>): void {
  describe(`on ${title}`, () => {
    let server: SuiteRegistry;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(async () => await server[Symbol.asyncDispose]());
    const client = createRegistryClient({ credentials: nobody, timeouts: quick });
    afterAll(() => client[Symbol.dispose]());

    function image(text: string, host = server.host): ImageReference {
      const parsed = parseReference(`${host}/${text}`);
      if (!parsed.ok) throw new Error(text);
      return parsed.value;
    }

    function blobOf(bytes: Buffer): Blob {
      return {
        digest: digestOf(bytes),
        size: bytes.length,
        async *open() {
          for (let at = 0; at < bytes.length; at += 1 << 16)
            yield await Promise.resolve(bytes.subarray(at, at + (1 << 16)));
        },
      };
    }

    async function read(from: ImageReference, { digest, size }: Blob): Promise<Buffer> {
      const pieces: Buffer[] = [];
      for await (const piece of client.readBlob(from, { digest, size, mediaType: 'application/octet-stream' }))
        pieces.push(piece);
      return Buffer.concat(pieces);
    }

    async function codesOf(work: () => Promise<unknown>): Promise<readonly string[]> {
      try {
        await work();
        return [];
      } catch (error) {
        if (error instanceof FaultError) return error.findings.map(({ code }) => code);
        throw error;
      }
    }

    test('what is not there is not found, and has a name', async () => {
      const missing = image('nobody/nothing:1');
      expect(await client.findManifest(missing)).toBeUndefined();
      expect(await client.hasBlob(missing, digestOf(Buffer.from('x')))).toBe(false);
      expect(await client.tags(missing)).toEqual([]);
      expect(await codesOf(() => client.readManifest(image('team/nothing:1')))).toEqual([
        expect.stringMatching(/^(?:image-missing|registry-no-repository)$/),
      ]);
    });

    test('a blob that was written is read back, and is there', async () => {
      const at = image('team/app:1');
      const blob = blobOf(randomBytes(200_000));
      expect(await client.writeBlob(at, blob)).toBe('uploaded');
      expect(await client.hasBlob(at, blob.digest)).toBe(true);
      expect(digestOf(await read(at, blob))).toBe(blob.digest);
    });

    test('a blob of another repository is mounted; one that is not there travels', async () => {
      const blob = blobOf(randomBytes(1000));
      await client.writeBlob(image('team/from:1'), blob);
      expect(await client.writeBlob(image('team/to:1'), blob, { from: 'team/from' })).toBe('mounted');
      expect(await client.hasBlob(image('team/to:1'), blob.digest)).toBe(true);
      const other = blobOf(randomBytes(1000));
      expect(await client.writeBlob(image('team/to:1'), other, { from: 'team/from' })).toBe('uploaded');
    });

    test('an image goes there and back, is listed, and can be removed', async () => {
      for (const family of ['oci', 'docker'] as const) {
        const at = image(`team/whole-${family}:v1`);
        const digest = await pushTo(client, at, { ...tinyNodeImage, family });
        expect(await client.findManifest(at)).toBe(digest);
        expect((await client.readManifest({ ...at, digest })).mediaType).toContain(family);
        expect(await client.tags(at)).toEqual(['v1']);
        await client.removeManifest({ ...at, digest });
        await client.removeManifest({ ...at, digest });
        expect(await client.findManifest(at)).toBeUndefined();
      }
    });

    test('bytes that are not what their digest says are refused', async () => {
      const bytes = randomBytes(1000);
      const wrong = { ...blobOf(bytes), digest: digestOf(randomBytes(10)) };
      expect(await codesOf(() => client.writeBlob(image('team/app:1'), wrong))).toEqual(['registry-refused']);
    });

    test.each<readonly [string, readonly RegExp[], UploadOptions]>([
      ['a whole upload', [/^PUT /], {}],
      ['two whole uploads', [/^PUT /, /^PUT /], {}],
      // Chunks are for those whose whole upload was lost.
      ['a chunk', [/^PUT /, /^PATCH /], { chunkBytes: 100_000 }],
      ['two chunks', [/^PUT /, /^PATCH /, /^PATCH /], { chunkBytes: 100_000 }],
    ])('a line that breaks in the middle of %s costs further tries, not the upload', async (_, requests, options) => {
      await using line = await layLine(server.host);
      const blob = blobOf(randomBytes(1_000_000));
      for (const request of requests) line.breakNext({ request, after: 60_000 });
      expect(await client.writeBlob(image('team/broken:1', line.host), blob, options)).toBe('uploaded');
      expect(line.broken()).toBe(requests.length);
      expect(digestOf(await read(image('team/broken:1'), blob))).toBe(blob.digest);
    });

    test('an answer that is lost after the work was done is found out', async () => {
      await using line = await layLine(server.host);
      const blob = blobOf(randomBytes(100_000));
      line.breakNext({ answerTo: /^PUT .*\/blobs\//, after: 1 });
      expect(await client.writeBlob(image('team/lost:1', line.host), blob)).toBe('uploaded');
      expect(line.broken()).toBe(1);
      expect(digestOf(await read(image('team/lost:1'), blob))).toBe(blob.digest);
    });

    test('an answer that breaks off is asked for again from there on', async () => {
      await using line = await layLine(server.host);
      const blob = blobOf(randomBytes(2_000_000));
      await client.writeBlob(image('team/half:1'), blob);
      line.breakNext({ answerTo: /^GET .*\/blobs\//, after: 700_000 });
      expect(digestOf(await read(image('team/half:1', line.host), blob))).toBe(blob.digest);
      expect(line.broken()).toBe(1);
    });

    test('a job image is made once, and found afterwards', async () => {
      await pushTo(client, image('library/node:22'), tinyNodeImage);
      const order = {
        repository: `${server.host}/acme-dev/godwit/runner`,
        base: `${server.host}/library/node:22`,
        runner: { bytes: Buffer.from('1'), version: '0.1.0' },
        bundle: bundleOf({ 'manifest.json': '{}' }),
      };
      const first = await createImage(order, client);
      const second = await createImage(order, client);
      expect(first).toMatchObject({ ok: true, value: { pushed: true } });
      expect(second).toMatchObject({ ok: true, value: { pushed: false } });
    });
  });
}
