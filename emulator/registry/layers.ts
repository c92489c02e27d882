import { gunzipSync } from 'node:zlib';
import { findManifest, type RegistryStore } from './store.ts';

/** One layer of an image, unpacked. */
export interface ImageLayer {
  readonly digest: string;
  readonly mediaType: string;
  /** The tar archive. */
  readonly tar: Buffer;
}

interface Manifest {
  readonly layers?: readonly { readonly digest: string; readonly mediaType: string }[];
  readonly manifests?: readonly { readonly digest: string }[];
}

/**
 * The layers of an image in this registry, lowest first; of an index, those of its first image. Undefined when the
 * image does not exist. `reference` is `host/name:tag`, `host/name@digest`, or either without the host.
 */
export function layersOf(store: RegistryStore, reference: string): readonly ImageLayer[] | undefined {
  const [withTag = '', digest] = reference.split('@');
  const parts = withTag.split('/');
  if (parts.length > 1 && /[.:]|^localhost$/.test(parts[0] ?? '')) parts.shift();
  const [name = '', tag = 'latest'] = parts.join('/').split(':');
  const found = findManifest(store, name, digest ?? tag);
  if (found === undefined) return undefined;
  const manifest = JSON.parse(found.bytes.toString('utf8')) as Manifest;
  const [first] = manifest.manifests ?? [];
  if (first !== undefined) return layersOf(store, `${name}@${first.digest}`);
  return (manifest.layers ?? []).map(({ digest: layer, mediaType }) => {
    const bytes = store.blobs.get(layer);
    if (bytes === undefined) throw new Error(`${reference} refers to ${layer}, which is not there`);
    return { digest: layer, mediaType, tar: bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes };
  });
}
