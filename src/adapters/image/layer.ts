import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { memorySource } from '../files/byte-source.ts';
import type { BundleFile } from '../bundle/bundle-files.ts';
import { writeTar, type TarFile } from '../tar/write-tar.ts';

/** A layer that was made here, ready to upload. */
export interface Layer {
  readonly digest: string;
  readonly size: number;
  /** Digest of the uncompressed archive, by which the image's configuration refers to the layer. */
  readonly diffId: string;
  /** Made on request, where that takes long and is seldom needed. */
  bytes(): Promise<Buffer>;
}

/** The folder of the runner and the bundle in an image. */
export const imageFolder = 'godwit';

/** Packs files into a layer: tar and gzip, the same bytes for the same files. */
export async function makeLayer(files: readonly TarFile[]): Promise<Layer> {
  const archive = createHash('sha256');
  const packed: Buffer[] = [];
  await pipeline(hashed(writeTar(files), archive), createGzip({ level: 6 }), async (source) => {
    for await (const piece of source as AsyncIterable<Buffer>) packed.push(piece);
  });
  const bytes = Buffer.concat(packed);
  // The header names the system that compressed; “unknown” everywhere gives the same bytes on each system.
  bytes[9] = 255;
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  return { digest, size: bytes.length, diffId: `sha256:${archive.digest('hex')}`, bytes: () => Promise.resolve(bytes) };
}

async function* hashed(
  source: AsyncIterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  for await (const piece of source) {
    hash.update(piece);
    yield piece;
  }
}

/** The layer of the runner: `/godwit/runner.js`, and a file that makes Node read it as CommonJS. */
export function runnerLayer(runner: Uint8Array): Promise<Layer> {
  return makeLayer([
    { path: `${imageFolder}/runner.js`, mode: 0o644, source: memorySource(runner) },
    { path: `${imageFolder}/package.json`, mode: 0o644, source: memorySource(Buffer.from('{"type":"commonjs"}\n')) },
  ]);
}

/** The layer of a bundle: its files in `/godwit/bundle`. */
export function bundleLayer(files: readonly BundleFile[]): Promise<Layer> {
  return makeLayer(files.map(({ name, source }) => ({ path: `${imageFolder}/bundle/${name}`, mode: 0o644, source })));
}
