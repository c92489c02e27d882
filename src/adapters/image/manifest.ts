import { createHash } from 'node:crypto';

/** What a manifest says about a blob or another manifest. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string };
  readonly annotations?: Readonly<Record<string, string>>;
  readonly urls?: readonly string[];
}

/** One image: its configuration and its layers, lowest first. */
export interface ImageManifest {
  readonly schemaVersion: 2;
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The images of one name for several platforms. */
export interface ImageIndex {
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
}

/** A manifest or an index, with the bytes that its digest was computed from. */
export interface ManifestDocument {
  readonly mediaType: string;
  readonly digest: string;
  readonly bytes: Buffer;
}

/** The fields of an image's configuration that are read or written here; other fields remain. */
export interface ImageConfig {
  readonly architecture: string;
  readonly os: string;
  readonly created?: string;
  readonly config?: {
    readonly User?: string;
    readonly Env?: readonly string[] | null;
    readonly Entrypoint?: readonly string[] | null;
    readonly Cmd?: readonly string[] | null;
    readonly WorkingDir?: string;
    readonly Labels?: Readonly<Record<string, string>> | null;
  };
  readonly rootfs: { readonly type: string; readonly diff_ids: readonly string[] };
  readonly history?: readonly Readonly<Record<string, unknown>>[];
}

/** The two families of media types; an image keeps the family of its base. */
export const mediaTypes = {
  oci: {
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    index: 'application/vnd.oci.image.index.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  },
  docker: {
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    index: 'application/vnd.docker.distribution.manifest.list.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  },
} as const;

/** The accepted media types, best first. */
export const acceptedManifests = [
  mediaTypes.oci.manifest,
  mediaTypes.oci.index,
  mediaTypes.docker.manifest,
  mediaTypes.docker.index,
].join(', ');

/** The media types of the family that a manifest belongs to. */
export function familyOf(manifest: Pick<ImageManifest, 'mediaType'>): (typeof mediaTypes)['oci' | 'docker'] {
  return manifest.mediaType === mediaTypes.docker.manifest ? mediaTypes.docker : mediaTypes.oci;
}

/**
 * Reads a manifest or an index; undefined when the document is neither. A missing media type is taken from the answer's
 * header.
 */
export function parseManifest(document: ManifestDocument): ImageManifest | ImageIndex | undefined {
  const content = parseJson(document.bytes) as Partial<ImageManifest & ImageIndex> | undefined;
  if (typeof content !== 'object' || content === null || (content.schemaVersion as unknown) !== 2) return undefined;
  const mediaType = content.mediaType ?? document.mediaType;
  if (Array.isArray(content.manifests) && content.manifests.every(isDescriptor))
    return { mediaType, manifests: content.manifests };
  if (!isDescriptor(content.config) || !Array.isArray(content.layers) || !content.layers.every(isDescriptor))
    return undefined;
  return { ...(content as ImageManifest), mediaType };
}

export function isIndex(manifest: ImageManifest | ImageIndex): manifest is ImageIndex {
  return 'manifests' in manifest;
}

/** Reads the configuration of an image; undefined when the bytes are not one. */
export function parseConfig(bytes: Buffer): ImageConfig | undefined {
  const content = parseJson(bytes) as Partial<ImageConfig> | undefined;
  const isOne =
    typeof content === 'object' && content !== null && content.rootfs?.type === 'layers' && !!content.architecture;
  return isOne ? (content as ImageConfig) : undefined;
}

/** `sha256:` and the hash in hex. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function isDescriptor(value: unknown): value is Descriptor {
  const { digest, size, mediaType } = (value ?? {}) as Partial<Descriptor>;
  return (
    typeof digest === 'string' &&
    /^sha256:[0-9a-f]{64}$/.test(digest) &&
    typeof size === 'number' &&
    Number.isSafeInteger(size) &&
    size >= 0 &&
    typeof mediaType === 'string'
  );
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
