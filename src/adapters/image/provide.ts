import type { AssembledImage } from './assemble.ts';
import type { Layer } from './layer.ts';
import type { Descriptor } from './manifest.ts';
import type { RepositoryName } from './reference.ts';
import type { RegistryClient } from './registry-client.ts';
import type { SourceImage } from './source-image.ts';
import type { Blob } from './upload.ts';

/** Progress in bytes of everything that has to travel. */
export interface ImageProgress {
  /** `copy`: layers of the base image; `upload`: what was made here. */
  readonly step: 'copy' | 'upload';
  readonly sent: number;
  readonly total: number;
}

/** Everything that an image consists of, and where to put it. */
export interface ProvideOptions {
  readonly target: RepositoryName;
  readonly source: SourceImage;
  /** Where the source's layers are copied from if the target lacks them. */
  readonly origin: RepositoryName;
  readonly made: readonly Layer[];
  readonly image: AssembledImage;
  readonly onProgress?: (progress: ImageProgress) => void;
}

/** How many blobs are transferred at once. */
const atOnce = 4;

/**
 * Transfers all blobs of an image to the target repository; existing ones are skipped.
 * @returns True when some of the source had to be copied.
 */
export async function provideBlobs(registry: RegistryClient, options: ProvideOptions): Promise<boolean> {
  const { target, source, origin, made, image } = options;
  // Layers that the manifest declares to be elsewhere are not ours to copy.
  const below = [source.manifest.config, ...source.manifest.layers].filter((one) => one.urls === undefined);
  const { digest: config, bytes } = image.config;
  const own = [...made, { digest: config, size: bytes.length, bytes: () => Promise.resolve(bytes) }];
  const missing = await lacking(registry, target, [...below, ...own]);
  const copies = below.filter(({ digest }) => missing.has(digest)).map((one) => copyOf(registry, origin, one));
  const uploads = own.filter(({ digest }) => missing.has(digest)).map(blobOf);
  const from = origin.host === target.host ? origin.repository : undefined;
  await sendAll(registry, options, { step: 'copy', blobs: unique(copies), from });
  await sendAll(registry, options, { step: 'upload', blobs: unique(uploads), from: undefined });
  return copies.length > 0;
}

async function lacking(
  registry: RegistryClient,
  target: RepositoryName,
  blobs: readonly { readonly digest: string }[],
): Promise<ReadonlySet<string>> {
  const digests = [...new Set(blobs.map(({ digest }) => digest))];
  const missing = new Set<string>();
  await eachAtOnce(digests, async (digest) => {
    if (!(await registry.hasBlob(target, digest))) missing.add(digest);
  });
  return missing;
}

interface Sending {
  readonly step: ImageProgress['step'];
  readonly blobs: readonly Blob[];
  readonly from: string | undefined;
}

async function sendAll(
  registry: RegistryClient,
  options: ProvideOptions,
  { step, blobs, from }: Sending,
): Promise<void> {
  const total = blobs.reduce((sum, { size }) => sum + size, 0);
  const sent = new Map<string, number>();
  const report = (digest: string, bytes: number): void => {
    sent.set(digest, bytes);
    options.onProgress?.({ step, sent: [...sent.values()].reduce((sum, one) => sum + one, 0), total });
  };
  await eachAtOnce(blobs, async (blob) => {
    const mount = from === undefined || from === options.target.repository ? {} : { from };
    await registry.writeBlob(options.target, blob, { ...mount, onBytes: (bytes) => report(blob.digest, bytes) });
    report(blob.digest, blob.size);
  });
}

function copyOf(registry: RegistryClient, origin: RepositoryName, blob: Descriptor): Blob {
  return { digest: blob.digest, size: blob.size, open: () => registry.readBlob(origin, blob) };
}

function blobOf({ digest, size, bytes }: Pick<Layer, 'digest' | 'size' | 'bytes'>): Blob {
  return {
    digest,
    size,
    async *open() {
      // In pieces, so that progress can be reported.
      const all = await bytes();
      for (let at = 0; at < size; at += 1 << 20) yield all.subarray(at, at + (1 << 20));
    },
  };
}

function unique(blobs: readonly Blob[]): readonly Blob[] {
  return [...new Map(blobs.map((blob) => [blob.digest, blob])).values()];
}

/** The first failure ends the work, once everything under way has finished. */
async function eachAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  let failed = false;
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined && !failed; item = rest.shift()) {
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: atOnce }, worker));
  const failure = ends.find((end) => end.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}
