import { createHash } from 'node:crypto';
import type { Outcome } from '../../kit/outcome.ts';
import type { BundleFile } from '../bundle/bundle-files.ts';
import { assemble, type AddedLayer, type AssembledImage } from './assemble.ts';
import { findBase, readOnce, resolveBaseImage, type FoundBase } from './base-image.ts';
import { isFaultError, catchFaults, valueOf } from './faulty.ts';
import { searchForNode, nodeByConfig, withoutNode, type FoundNode } from './find-node.ts';
import { forgetful, noCache, type ImageCache } from './image-cache.ts';
import { imageTag } from './image-tag.ts';
import { keptLayer } from './kept-layer.ts';
import { bundleLayer, runnerLayer, type Layer } from './layer.ts';
import { laidNode, nodeLayer } from './node-layer.ts';
import { provideBlobs, type ImageProgress } from './provide.ts';
import { formatReference, parseReference, type RepositoryName } from './reference.ts';
import type { RegistryClient } from './registry-client.ts';
import { cloudRunPlatform, type Platform, type SourceImage } from './source-image.ts';

/** What to make a job's image from. */
export interface ImageOrder {
  /** Where the image is kept, without tag: `us-central1-docker.pkg.dev/acme-dev/godwit/runner`. */
  readonly repository: string;
  /** Base image that contains Node, by tag or digest: `docker.io/library/node:22-slim`. Copied once. */
  readonly base: string;
  /** The user's own base image, in place of `base`. */
  readonly own?: string;
  /** Path of Node inside the image; absent: it is searched for. */
  readonly node?: string;
  /** The one-file runner, with its version of godwit. */
  readonly runner: { readonly bytes: Uint8Array; readonly version: string };
  /** A bundle that does not travel in a variable, with its hash in hex. */
  readonly bundle?: { readonly hash: string; readonly files: readonly BundleFile[] };
  /** The environment of the bundle: retention counts by environment. */
  readonly environment?: string;
  /** By default, linux/amd64. */
  readonly platform?: Platform;
  /** Called while data is transferred. */
  readonly onProgress?: (progress: ImageProgress) => void;
}

/** An image that is in the registry. */
export interface CreatedImage {
  /** By digest: `host/repository@sha256:…`. */
  readonly reference: string;
  readonly digest: string;
  /** Absolute path of Node inside the image. */
  readonly node: string;
  /** False when one request showed that the registry already has it. */
  readonly pushed: boolean;
  /** Digest of the base image for this platform. */
  readonly base: string;
  readonly tag: string;
}

/**
 * Makes the image of a job without any container tool: adds the runner, and the bundle if there is one, to an image
 * with Node, and pushes it to the registry. The same order gives the same digest; what the registry has is not sent
 * again.
 * @param cache This machine's cache; without it, each call needs two or three more requests.
 * @returns Findings `image-…` and `registry-…` of the catalogue: nothing was changed except for layers that nothing
 * refers to.
 * @example
 * using registry = createRegistryClient({ credentials });
 * const image = await createImage({ repository, base: 'docker.io/library/node:22-slim', runner }, registry);
 */
export function createImage(
  order: ImageOrder,
  registry: RegistryClient,
  cache: ImageCache = noCache,
): Promise<Outcome<CreatedImage>> {
  return catchFaults(async () => {
    try {
      return await create(order, { registry, cache });
    } catch (error) {
      if (cache === noCache || !isMissing(error)) throw error;
      // The cache may describe an image that is gone, or a repository that was emptied.
      return await create(order, { registry, cache: forgetful(cache) });
    }
  });
}

function isMissing(error: unknown): boolean {
  const codes = isFaultError(error) ? error.findings.map(({ code }) => code) : [];
  return codes.includes('image-missing') || codes.includes('registry-no-repository');
}

interface Tools {
  readonly registry: RegistryClient;
  readonly cache: ImageCache;
}

/** The image that the new layers are added to. */
interface Ground {
  readonly source: SourceImage;
  readonly node: string;
  /** A layer with Node, for an image that lacks it. */
  readonly nodeLayer?: Layer;
  /** Set for the base image, of which a copy is kept. */
  readonly base?: FoundBase;
}

async function create(order: ImageOrder, tools: Tools): Promise<CreatedImage> {
  const { host, repository } = valueOf(parseReference(order.repository));
  const target: RepositoryName = { host, repository };
  const [ground, added] = await Promise.all([groundOf(order, tools, target), addedLayers(order, tools.cache)]);
  const { source, node } = ground;
  const laid = ground.nodeLayer === undefined ? [] : [{ layer: ground.nodeLayer, comment: 'Node' }];
  const layers = [...laid, ...added];
  const image = assemble({
    source,
    added: layers,
    labels: labelsOf(order, source),
    node,
    ...(ground.base === undefined ? {} : { workingDir: '/godwit' }),
  });
  const tag = imageTag({ ...order, version: order.runner.version, digest: image.document.digest });
  const { digest } = image.document;
  const created = {
    reference: formatReference({ ...target, digest }),
    digest,
    node,
    tag,
    base: source.reference.digest,
  };
  if ((await tools.registry.findManifest({ ...target, tag })) === digest) return { ...created, pushed: false };
  await push(order, tools, { target, ground, image, made: layers.map(({ layer }) => layer), tag });
  return { ...created, pushed: true };
}

interface Push {
  readonly target: RepositoryName;
  readonly ground: Ground;
  readonly image: AssembledImage;
  readonly made: readonly Layer[];
  readonly tag: string;
}

async function push(order: ImageOrder, { registry, cache }: Tools, work: Push): Promise<void> {
  const { target, ground, image, made, tag } = work;
  const progress = order.onProgress === undefined ? {} : { onProgress: order.onProgress };
  const { source, base } = ground;
  const origin = base?.origin ?? source.reference;
  const copied = await provideBlobs(registry, { target, source, origin, made, image, ...progress });
  if (base !== undefined) await resolveBaseImage(registry, cache, { found: base, target, copied });
  await registry.writeManifest({ ...target, tag }, image.document);
}

async function groundOf(order: ImageOrder, tools: Tools, target: RepositoryName): Promise<Ground> {
  const platform = order.platform ?? cloudRunPlatform;
  if (order.own !== undefined) return await ownGround(order, tools, target);
  const base = await findBase(tools.registry, tools.cache, {
    base: valueOf(parseReference(order.base)),
    target,
    platform,
  });
  const node = order.node ?? (await nodeOf(tools, base.image)).node;
  if (node === undefined) throw withoutNode(base.image, 'has no Node in any directory of PATH');
  return { source: base.image, node, base };
}

/** The user's own image: as it is if it contains Node, otherwise with the base image's Node. */
async function ownGround(order: ImageOrder, tools: Tools, target: RepositoryName): Promise<Ground> {
  const { registry, cache } = tools;
  const platform = order.platform ?? cloudRunPlatform;
  const image = valueOf(parseReference(order.own ?? ''));
  const source = await readOnce(registry, cache, { image, platform });
  if (order.node !== undefined) return { source, node: order.node };
  const snapshot = await nodeOf(tools, source);
  if (snapshot.node !== undefined) return { source, node: snapshot.node };
  const base = valueOf(parseReference(order.base));
  const layer = await nodeLayer(registry, cache, { own: source, found: snapshot, base: { base, target, platform } });
  return { source, node: laidNode, nodeLayer: layer };
}

/** The search happens once per image and machine. */
async function nodeOf({ registry, cache }: Tools, image: SourceImage): Promise<FoundNode> {
  const reported = nodeByConfig(image);
  if (reported !== undefined) return { node: reported, hasCxx: true, closed: 0 };
  const key = `node ${image.reference.digest}`;
  const kept = cache.read(key) as FoundNode | undefined;
  if (kept !== undefined) return kept;
  const snapshot = await searchForNode(registry, image);
  cache.write(key, { ...snapshot });
  return snapshot;
}

async function addedLayers({ runner, bundle }: ImageOrder, cache: ImageCache): Promise<readonly AddedLayer[]> {
  const key = `runner layer ${createHash('sha256').update(runner.bytes).digest('hex')}`;
  const [runs, carries] = await Promise.all([
    keptLayer(cache, key, () => runnerLayer(runner.bytes)),
    bundle === undefined ? undefined : bundleLayer(bundle.files),
  ]);
  const layers = [{ layer: runs, comment: `runner of godwit ${runner.version}` }];
  return carries === undefined ? layers : [...layers, { layer: carries, comment: 'bundle of migrations' }];
}

function labelsOf({ own, base, runner, bundle }: ImageOrder, source: SourceImage): Readonly<Record<string, string>> {
  return {
    'org.opencontainers.image.title': 'godwit',
    'org.opencontainers.image.version': runner.version,
    'org.opencontainers.image.base.name': (own ?? base).replace(/@.*$/, ''),
    'org.opencontainers.image.base.digest': source.reference.digest,
    ...(bundle === undefined ? {} : { 'dev.godwit.bundle': bundle.hash }),
  };
}
