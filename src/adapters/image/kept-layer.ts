import type { ImageCache } from './image-cache.ts';
import type { Layer } from './layer.ts';

/**
 * Describes a layer without packing it again: its bytes are made only for a registry that lacks them.
 *
 * @param key names everything that the bytes depend on, the compressor included
 */
export async function keptLayer(cache: ImageCache, key: string, make: () => Promise<Layer>): Promise<Layer> {
  const whole = `${key} zlib ${process.versions.zlib}`;
  const kept = cache.read(whole) as Pick<Layer, 'digest' | 'size' | 'diffId'> | undefined;
  if (kept !== undefined) return { ...kept, bytes: async () => await (await make()).bytes() };
  const layer = await make();
  cache.write(whole, { digest: layer.digest, size: layer.size, diffId: layer.diffId });
  return layer;
}
