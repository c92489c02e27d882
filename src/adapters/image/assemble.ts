import type { Layer } from './layer.ts';
import { digestOf, familyOf, type Descriptor, type ImageConfig, type ManifestDocument } from './manifest.ts';
import type { SourceImage } from './source-image.ts';

/** One layer to add to an image, with a description for people. */
export interface AddedLayer {
  readonly layer: Layer;
  readonly comment: string;
}

/** What to assemble an image from. */
export interface AssemblyOptions {
  readonly source: SourceImage;
  /** Lowest first. */
  readonly added: readonly AddedLayer[];
  readonly labels: Readonly<Record<string, string>>;
  /** Absolute path of Node. */
  readonly node: string;
  /** Undefined keeps the source's own. */
  readonly workingDir?: string;
}

/** An image that no registry has yet. */
export interface AssembledImage {
  readonly document: ManifestDocument;
  readonly config: { readonly digest: string; readonly bytes: Buffer };
}

/**
 * Adds layers to an image: makes manifest and configuration in the media types of the source. The same parts give the
 * same digest, because the image has the date of its source. User and environment remain; the entry point is the
 * runner.
 */
export function assemble({ source, added, labels, node, workingDir }: AssemblyOptions): AssembledImage {
  const family = familyOf(source.manifest);
  const bytes = Buffer.from(JSON.stringify(configOf({ source, added, labels, node, workingDir })));
  const config: Descriptor = {
    mediaType: source.manifest.config.mediaType,
    digest: digestOf(bytes),
    size: bytes.length,
  };
  const layers = added.map(({ layer }): Descriptor => ({
    mediaType: family.layer,
    digest: layer.digest,
    size: layer.size,
  }));
  const manifest = {
    schemaVersion: 2,
    mediaType: family.manifest,
    config,
    layers: [...source.manifest.layers, ...layers],
  };
  const document = Buffer.from(JSON.stringify(manifest));
  return {
    document: { mediaType: family.manifest, digest: digestOf(document), bytes: document },
    config: { digest: config.digest, bytes },
  };
}

type ImageConfigOptions = Omit<AssemblyOptions, 'workingDir'> & { readonly workingDir: string | undefined };

function configOf({ source, added, labels, node, workingDir }: ImageConfigOptions): ImageConfig {
  const { config } = source;
  const created = config.created ?? '1970-01-01T00:00:00Z';
  return {
    ...config,
    created,
    config: {
      ...config.config,
      ...(workingDir === undefined ? {} : { WorkingDir: workingDir }),
      Entrypoint: [node, '/godwit/runner.js'],
      Cmd: ['job'],
      Labels: { ...config.config?.Labels, ...labels },
    },
    rootfs: { type: 'layers', diff_ids: [...config.rootfs.diff_ids, ...added.map(({ layer }) => layer.diffId)] },
    history: [...(config.history ?? []), ...added.map(({ comment }) => ({ created, created_by: 'godwit', comment }))],
  };
}
