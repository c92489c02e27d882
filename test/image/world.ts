import { createRegistry, type Registry, type RegistryOptions } from '../../emulator/registry/registry.ts';
import { memorySource } from '../../src/adapters/files/byte-source.ts';
import type { ImageOrder } from '../../src/adapters/image/create-image.ts';
import type { RegistryTimeouts } from '../../src/adapters/image/exchange.ts';
import type { ImageCache } from '../../src/adapters/image/image-cache.ts';
import { createRegistryClient, type RegistryClient } from '../../src/adapters/image/registry-client.ts';
import { ok } from '../../src/kit/outcome.ts';
import { pushImage, tinyNodeImage } from '../support/base-image.ts';

/** Tries as often as in life, without the waiting. */
export const quick: RegistryTimeouts = { tries: 4, firstMs: 5, longestMs: 50 };

/** Asks for no credentials. */
export const nobody = (): Promise<ReturnType<typeof ok<undefined>>> => Promise.resolve(ok(undefined));

/** A registry with a base image, a client, and a memory: all that an image is made with. */
export interface ImageWorld extends AsyncDisposable {
  readonly server: Registry;
  readonly client: RegistryClient;
  readonly cache: ImageCache;
  readonly order: ImageOrder;
  /** The requests since it was last asked, as `METHOD path status`, hashes and ids shortened. */
  requests(): readonly string[];
}

export async function imageWorld(options: RegistryOptions = {}): Promise<ImageWorld> {
  const server = await createRegistry(options);
  if (options.access === undefined) await pushImage(`${server.host}/library/node:22-slim`, tinyNodeImage);
  const client = createRegistryClient({ credentials: nobody, timeouts: quick });
  let seen = server.requests.length;
  return {
    server,
    client,
    cache: memoryCache(),
    order: {
      repository: `${server.host}/acme-dev/godwit/runner`,
      base: `${server.host}/library/node:22-slim`,
      runner: { bytes: Buffer.from('console.log(1)'), version: '0.1.0' },
    },
    requests() {
      const since = server.requests.slice(seen);
      seen = server.requests.length;
      return since.map(({ method, path, status }) => `${method} ${shortened(path)} ${status}`);
    },
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await server.close();
    },
  };
}

/** A bundle of these files, as an order takes it. */
export function bundleOf(
  files: Readonly<Record<string, string>>,
  hash = 'ab'.repeat(32),
): NonNullable<ImageOrder['bundle']> {
  return {
    hash,
    files: Object.entries(files).map(([name, text]) => ({ name, source: memorySource(Buffer.from(text)) })),
  };
}

export function memoryCache(): ImageCache {
  const kept = new Map<string, Readonly<Record<string, unknown>>>();
  return { read: (key) => kept.get(key), write: (key, value) => void kept.set(key, value) };
}

function shortened(path: string): string {
  return path
    .replace(/uploads\/[0-9a-f-]{36}.*/, 'uploads/ID')
    .replaceAll(/sha256(:|%3A)[0-9a-f]{64}/g, 'DIGEST')
    .replaceAll(/-[0-9a-f]{12}\b/g, '-HASH');
}
