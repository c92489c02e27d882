import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { isFaultError } from './faulty.ts';
import type { Descriptor } from './manifest.ts';
import type { RepositoryName } from './reference.ts';
import type { RegistryClient } from './registry-client.ts';
import { damaged } from './registry-fault.ts';
import { readTar, type TarEntry } from '../tar/read-tar.ts';

/** Can godwit read this layer? Not if Node cannot decompress it, or if it is kept elsewhere. */
export function isReadable(layer: Descriptor): boolean {
  return /tar(?:[.+]gzip)?$/.test(layer.mediaType) && layer.urls === undefined;
}

/** The entries of a layer, read from the registry as they arrive. @throws FaultError `image-damaged` */
export async function* layerEntries(
  registry: RegistryClient,
  from: RepositoryName,
  layer: Descriptor,
): AsyncGenerator<TarEntry> {
  const unpacked = layer.mediaType.endsWith('gzip') ? createGunzip() : new PassThrough();
  const packed = Readable.from(registry.readBlob(from, layer), { objectMode: false });
  const piped = pipeline(packed, unpacked).catch(() => {
    // The reader of `unpacked` gets the same error.
  });
  try {
    yield* readTar(unpacked);
  } catch (error) {
    if (isFaultError(error) || (error as Error).name === 'AbortError') throw error;
    throw damaged({ ...from, activity: 'reading', writes: false }, `${layer.digest}: ${(error as Error).message}`);
  } finally {
    packed.destroy();
    unpacked.destroy();
    await piped;
  }
}
