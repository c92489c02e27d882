import { memorySource } from '../files/byte-source.ts';
import { findBase, type BaseImageOptions } from './base-image.ts';
import { searchForNode, nodeByConfig, withoutNode, type FoundNode } from './find-node.ts';
import type { ImageCache } from './image-cache.ts';
import { imageFolder, makeLayer, type Layer } from './layer.ts';
import { keptLayer } from './kept-layer.ts';
import { isReadable, layerEntries } from './layer-entries.ts';
import { formatReference } from './reference.ts';
import type { RegistryClient } from './registry-client.ts';
import type { SourceImage } from './source-image.ts';

/** The path of Node after it was added to an image. */
export const laidNode = `/${imageFolder}/node/bin/node`;

/** Which image needs Node, and which one provides it. */
export interface NodeLayerOptions {
  readonly own: SourceImage;
  /** What the search found in the image. */
  readonly found: FoundNode;
  readonly base: BaseImageOptions;
}

/**
 * Takes Node from the base image, for an image that lacks it. The descriptor of the layer is cached: extracting Node
 * again takes seconds, and is needed only if the registry lacks the layer.
 * @throws FaultError `image-without-node` when Node could not run there: no C library, a different one, or no C++
 * library.
 */
export async function nodeLayer(
  registry: RegistryClient,
  cache: ImageCache,
  options: NodeLayerOptions,
): Promise<Layer> {
  const { own, found: snapshot, base } = options;
  if (snapshot.closed > 0)
    throw withoutNode(own, `has ${snapshot.closed} layers that godwit cannot read; set image.node to the path of Node`);
  if (snapshot.libc === undefined) throw withoutNode(own, 'has neither Node nor a C library that Node could run with');
  if (!snapshot.hasCxx) throw withoutNode(own, 'has no Node, and lacks libstdc++.so.6, which Node needs');
  const key = `node layer ${formatReference(base.base)} ${base.platform.architecture} ${snapshot.libc}`;
  return await keptLayer(cache, key, () => takeNode(registry, cache, options));
}

async function takeNode(registry: RegistryClient, cache: ImageCache, options: NodeLayerOptions): Promise<Layer> {
  const { own, found: snapshot } = options;
  const { image: base } = await findBase(registry, cache, options.base);
  const seen = await searchForNode(registry, base, true);
  const node = nodeByConfig(base) ?? seen.node;
  if (node === undefined) throw withoutNode(base, 'has no Node that could be added to your image');
  if (seen.libc !== snapshot.libc)
    throw withoutNode(
      own,
      `has no Node and uses ${snapshot.libc}, but the Node of ${formatReference(base.reference)} needs ${seen.libc ?? 'another C library'}`,
    );
  const bytes = await fileOf(registry, base, node.slice(1));
  if (bytes === undefined) throw withoutNode(base, `has no file at ${node}`);
  return await makeLayer([{ path: laidNode.slice(1), mode: 0o755, source: memorySource(bytes) }]);
}

/** The bytes of a file in the uppermost layer that contains it. */
async function fileOf(registry: RegistryClient, image: SourceImage, path: string): Promise<Buffer | undefined> {
  for (const layer of image.manifest.layers.toReversed().filter(isReadable)) {
    for await (const entry of layerEntries(registry, image.reference, layer)) {
      if (entry.path !== path || entry.type !== 'file') continue;
      const pieces: Buffer[] = [];
      for await (const piece of entry.body()) pieces.push(piece);
      return Buffer.concat(pieces);
    }
  }
  return undefined;
}
