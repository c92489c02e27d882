import { createHash } from 'node:crypto';
import type { ImageCache } from './image-cache.ts';
import { formatReference, type ImageReference, type RepositoryName } from './reference.ts';
import type { RegistryClient } from './registry-client.ts';
import { readSource, sourceOf, type Platform, type SourceImage } from './source-image.ts';

/** Where the base image was found. */
export interface FoundBase {
  readonly image: SourceImage;
  /** The tag under which the target repository keeps, or will keep, its own copy. */
  readonly mirror: string;
  /** True if, as far as we know, the copy exists. */
  readonly mirrored: boolean;
  /** Where the image is published, in case layers of the copy have been removed. */
  readonly origin: RepositoryName;
}

/** Which image to find, and where its copy is kept. */
export interface BaseImageOptions {
  readonly base: ImageReference;
  readonly target: RepositoryName;
  readonly platform: Platform;
}

/**
 * Finds the base image: from this machine's cache, else from the target repository's own copy, else where it is
 * published. So the meaning of a tag is fixed once per repository until its copy is removed, and another registry is
 * needed only the first time.
 */
export async function findBase(
  registry: RegistryClient,
  cache: ImageCache,
  options: BaseImageOptions,
): Promise<FoundBase> {
  const { base, target, platform } = options;
  const mirror = mirrorTag(base, platform);
  const key = `base ${target.host}/${target.repository}:${mirror}`;
  const kept = remembered(cache, key, options);
  if (kept !== undefined) return { image: kept, mirror, mirrored: true, origin: base };
  const copy: ImageReference = { ...target, tag: mirror };
  const mirrored = (await registry.findManifest(copy)) !== undefined;
  const image = await readSource(registry, mirrored ? copy : base, platform);
  if (mirrored) remember(cache, key, image);
  return { image, mirror, mirrored, origin: base };
}

/** Reads an image. An image named by its digest cannot change, so it is cached. */
export async function readOnce(
  registry: RegistryClient,
  cache: ImageCache,
  { image, platform }: { readonly image: ImageReference; readonly platform: Platform },
): Promise<SourceImage> {
  if (image.digest === undefined) return await readSource(registry, image, platform);
  const key = `image ${formatReference(image)} ${platform.os}/${platform.architecture}`;
  const kept = remembered(cache, key, { target: image, platform });
  if (kept !== undefined) return kept;
  const source = await readSource(registry, image, platform);
  remember(cache, key, source);
  return source;
}

/**
 * Writes the copy's manifest into the target repository, which already has its layers.
 * @param copied True if layers had to be copied, because the cached state of the copy was out of date.
 */
export async function resolveBaseImage(
  registry: RegistryClient,
  cache: ImageCache,
  { found, target, copied }: { readonly found: FoundBase; readonly target: RepositoryName; readonly copied: boolean },
): Promise<void> {
  const { image, mirror } = found;
  if (!found.mirrored || copied) await registry.writeManifest({ ...target, tag: mirror }, image.document);
  remember(cache, `base ${target.host}/${target.repository}:${mirror}`, image);
}

function mirrorTag(base: ImageReference, { os, architecture }: Platform): string {
  const name = `${formatReference(base)} ${os}/${architecture}`;
  return `base-${createHash('sha256').update(name).digest('hex').slice(0, 12)}`;
}

function remember(cache: ImageCache, key: string, { document, configBytes }: SourceImage): void {
  const { mediaType, digest, bytes } = document;
  cache.write(key, {
    mediaType,
    digest,
    manifest: bytes.toString('base64'),
    config: configBytes.toString('base64'),
  });
}

function remembered(
  cache: ImageCache,
  key: string,
  { target, platform }: Pick<BaseImageOptions, 'target' | 'platform'>,
): SourceImage | undefined {
  const kept = cache.read(key) as Readonly<Record<string, string | undefined>> | undefined;
  if (kept === undefined) return undefined;
  const { mediaType = '', digest = '', manifest = '', config = '' } = kept;
  const document = { mediaType, digest, bytes: Buffer.from(manifest, 'base64') };
  return sourceOf({ ...target }, { document, configBytes: Buffer.from(config, 'base64') }, platform);
}
