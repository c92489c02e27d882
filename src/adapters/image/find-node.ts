import { fault, FaultError } from '../../kit/fault.ts';
import { isReadable, layerEntries } from './layer-entries.ts';
import type { ImageConfig } from './manifest.ts';
import { formatReference } from './reference.ts';
import type { RegistryClient } from './registry-client.ts';
import type { SourceImage } from './source-image.ts';

/** What an image contains for running Node. */
export interface FoundNode {
  /** Absolute path inside the image; undefined when it does not contain Node. */
  readonly node?: string;
  /** The C library of its programs; undefined when none was found. */
  readonly libc?: 'glibc' | 'musl';
  /** Whether it contains the C++ library that Node's official builds need. */
  readonly hasCxx: boolean;
  /** How many layers could not be read. */
  readonly closed: number;
}

/** The oldest Node that can run the runner. */
const oldestNode: readonly [number, number] = [20, 19];
const knownFolders = ['usr/local/bin', 'usr/bin', 'bin', 'nodejs/bin', 'opt/nodejs/bin', 'opt/node/bin'];

/**
 * The path of Node according to the image's configuration, which costs nothing to read. It works for the official
 * images, images made from them, and images whose entry point is Node. Undefined: the layers must be searched.
 * @throws FaultError `image-without-node` when its Node is too old.
 */
export function nodeByConfig(image: SourceImage): string | undefined {
  const { config = {} } = image.config;
  const env = environmentOf(image.config);
  const [program] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  if (program?.startsWith('/') === true && program.endsWith('/node')) return program;
  // nvm sets NODE_VERSION too, but installs Node elsewhere.
  const official = env.has('YARN_VERSION') || config.Entrypoint?.[0] === 'docker-entrypoint.sh';
  const version = /^(\d+)\.(\d+)\.\d+$/.exec(env.get('NODE_VERSION') ?? '');
  if (!official || version === null) return undefined;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1]))
    throw withoutNode(image, `has Node ${version[0]}, but the runner needs ${oldestNode.join('.')} or newer`);
  return '/usr/local/bin/node';
}

/**
 * Searches the layers for Node and the C library, from the top down.
 * @param whole True: continue to the lowest layer even if Node was found above it.
 */
export async function searchForNode(registry: RegistryClient, image: SourceImage, whole = false): Promise<FoundNode> {
  const wanted = candidates(image.config);
  const removed: string[] = [];
  const found = new Set<string>();
  let libc: FoundNode['libc'];
  let hasCxx = false;
  let closed = 0;
  for (const layer of image.manifest.layers.toReversed()) {
    if (!isReadable(layer)) {
      closed += 1;
      continue;
    }
    const above = [...removed];
    for await (const { path, type } of layerEntries(registry, image.reference, layer)) {
      const gone = whiteout(path);
      if (gone !== undefined) removed.push(gone);
      if (above.some((one) => path === one || path.startsWith(`${one}/`))) continue;
      if (type !== 'folder' && wanted.includes(path)) found.add(path);
      libc ??= libcOf(path);
      hasCxx ||= /(?:^|\/)libstdc\+\+\.so\.6$/.test(path);
    }
    // Nothing in a lower layer can be preferred to the first candidate.
    if (!whole && wanted[0] !== undefined && found.has(wanted[0])) break;
  }
  const node = wanted.find((path) => found.has(path));
  return {
    ...(node === undefined ? {} : { node: `/${node}` }),
    ...(libc === undefined ? {} : { libc }),
    hasCxx,
    closed,
  };
}

/** The fault of an image that cannot run the runner. @param why Continues the sentence `IMAGE …`. */
export function withoutNode(image: SourceImage, why: string): FaultError {
  return new FaultError(fault('image-without-node', { why: `${formatReference(image.reference)} ${why}.` }));
}

/** Paths without the leading slash, in the order of PATH. */
function candidates(config: ImageConfig): readonly string[] {
  const path = environmentOf(config).get('PATH') ?? '';
  const folders = path.split(':').map((folder) => folder.replace(/^\/+|\/+$/g, ''));
  return [...new Set([...folders.filter((folder) => folder !== ''), ...knownFolders])].map((one) => `${one}/node`);
}

function environmentOf({ config }: ImageConfig): ReadonlyMap<string, string> {
  return new Map(
    (config?.Env ?? []).map((line) => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)] as const;
    }),
  );
}

/** The path that an entry removes from lower layers: `a/.wh.b` removes `a/b`, `a/.wh..wh..opq` everything in `a`. */
function whiteout(path: string): string | undefined {
  const match = /^(.*\/)?\.wh\.(.+)$/.exec(path);
  if (match === null) return undefined;
  const [, folder = '', name = ''] = match;
  return name === '.wh..opq' ? folder.replace(/\/$/, '') : `${folder}${name}`;
}

function libcOf(path: string): FoundNode['libc'] {
  if (/(?:^|\/)ld-musl-[^/]*\.so\.\d+$/.test(path)) return 'musl';
  return /(?:^|\/)ld-linux[^/]*\.so\.\d+$/.test(path) ? 'glibc' : undefined;
}
