import { fault, FaultError } from '../../kit/fault.ts';
import {
  digestOf,
  isIndex,
  parseConfig,
  parseManifest,
  type Descriptor,
  type ImageConfig,
  type ImageIndex,
  type ImageManifest,
  type ManifestDocument,
} from './manifest.ts';
import { formatReference, type ImageReference } from './reference.ts';
import type { RegistryClient } from './registry-client.ts';
import { damaged } from './registry-fault.ts';

/** The platform that an image is for: `linux`, `amd64`. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
}

/** The platform of Cloud Run. */
export const cloudRunPlatform: Platform = { os: 'linux', architecture: 'amd64' };

/** An image that others are built upon, for one platform. */
export interface SourceImage {
  /** By the digest of this platform's manifest. */
  readonly reference: ImageReference & { readonly digest: string };
  readonly document: ManifestDocument;
  readonly manifest: ImageManifest;
  readonly config: ImageConfig;
  readonly configBytes: Buffer;
}

/** Far above the size of any honest configuration. */
const largestConfig = 4 * 1024 * 1024;

/**
 * Reads an image's manifest and configuration; from an index, those of the platform.
 * @throws FaultError `image-missing`, `image-platform`, `image-damaged`, or a fault of the registry.
 */
export async function readSource(
  registry: RegistryClient,
  image: ImageReference,
  platform: Platform,
): Promise<SourceImage> {
  const first = await registry.readManifest(image);
  const content = parsed(image, first);
  const document = isIndex(content) ? await registry.readManifest(chosen(image, content, platform)) : first;
  const manifest = isIndex(content) ? parsed(image, document) : content;
  if (isIndex(manifest)) throw unreadable(image, 'its index names another index');
  const { config: descriptor } = manifest;
  if (descriptor.size > largestConfig) throw unreadable(image, 'its configuration is too large');
  const pieces: Buffer[] = [];
  for await (const piece of registry.readBlob(image, descriptor)) pieces.push(piece);
  return checked(image, { document, manifest, configBytes: Buffer.concat(pieces) }, platform);
}

/** Builds a source image from documents that were read or cached; everything is checked against its digest again. */
export function sourceOf(
  image: ImageReference,
  kept: { readonly document: ManifestDocument; readonly configBytes: Buffer },
  platform: Platform,
): SourceImage | undefined {
  const manifest = parseManifest(kept.document);
  if (manifest === undefined || isIndex(manifest)) return undefined;
  if (digestOf(kept.document.bytes) !== kept.document.digest) return undefined;
  if (digestOf(kept.configBytes) !== manifest.config.digest) return undefined;
  return checked(image, { ...kept, manifest }, platform);
}

function checked(
  image: ImageReference,
  parts: Pick<SourceImage, 'document' | 'manifest' | 'configBytes'>,
  platform: Platform,
): SourceImage {
  const config = parseConfig(parts.configBytes);
  if (config === undefined) throw unreadable(image, 'its configuration is not that of an image');
  if (config.rootfs.diff_ids.length !== parts.manifest.layers.length)
    throw unreadable(image, 'its configuration and its manifest list different numbers of layers');
  if (config.os !== platform.os || config.architecture !== platform.architecture)
    throw otherPlatform(image, platform, [`${config.os}/${config.architecture}`]);
  const { host, repository } = image;
  return { ...parts, config, reference: { host, repository, digest: parts.document.digest } };
}

function parsed(image: ImageReference, document: ManifestDocument): ImageManifest | ImageIndex {
  const content = parseManifest(document);
  if (content === undefined) throw unreadable(image, 'its manifest has a form that godwit does not know');
  return content;
}

/** The image for the platform; the plainest one if there are variants. */
function chosen(image: ImageReference, index: ImageIndex, platform: Platform): ImageReference {
  const fitting = index.manifests.filter(
    (one) => one.platform?.os === platform.os && one.platform.architecture === platform.architecture,
  );
  const found = fitting.find((one) => one.platform?.variant === undefined) ?? fitting[0];
  if (found === undefined) throw otherPlatform(image, platform, index.manifests.flatMap(platformName));
  return { host: image.host, repository: image.repository, digest: found.digest };
}

/** Attestations have the platform `unknown/unknown`. */
function platformName({ platform }: Descriptor): readonly string[] {
  return platform === undefined || platform.os === 'unknown' ? [] : [`${platform.os}/${platform.architecture}`];
}

function otherPlatform(image: ImageReference, { os, architecture }: Platform, there: readonly string[]): FaultError {
  const has = there.length === 0 ? 'no platform at all' : [...new Set(there)].join(', ');
  const why = `${formatReference(image)} is available for ${has}, not for ${os}/${architecture}, which the job needs.`;
  return new FaultError(fault('image-platform', { why }));
}

function unreadable(image: ImageReference, why: string): FaultError {
  return damaged({ ...image, activity: 'reading', writes: false }, why);
}
