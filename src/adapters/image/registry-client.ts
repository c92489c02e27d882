import type { ProcessVariables } from '../../kit/secret-variables.ts';
import { createAuthority } from './authority.ts';
import type { RegistryCredentials } from './credentials.ts';
import { createExchange, defaultRegistryTimeouts, type Exchange, type RegistryTimeouts } from './exchange.ts';
import { createHttp, readAll } from '../http/http.ts';
import { acceptedManifests, digestOf, type Descriptor, type ManifestDocument } from './manifest.ts';
import { readBlob } from './read-blob.ts';
import type { ImageReference, RepositoryName } from './reference.ts';
import { damaged, type Doing } from './registry-fault.ts';
import { upload, type Blob, type UploadOptions } from './upload.ts';

/** How to talk to registries. */
export interface RegistryClientOptions {
  readonly credentials: RegistryCredentials;
  readonly timeouts?: RegistryTimeouts;
  /** When aborted, everything under way is dropped and rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called with every token before it is used, for masking. */
  readonly register?: (secret: string) => void;
  /** May name a proxy; by default the variables of this process. */
  readonly env?: ProcessVariables;
}

/** How many blobs travel at once, and some room for questions. */
const sockets = 6;

/**
 * Accesses registries by their HTTP API (OCI distribution, Docker Registry v2). Everything that is read is checked
 * against its digest. Every method throws a FaultError with a code of the catalogue when it fails.
 */
export interface RegistryClient extends Disposable {
  /** The digest of an image's manifest; undefined when it does not exist. One request without a body. */
  findManifest(image: ImageReference): Promise<string | undefined>;
  readManifest(image: ImageReference): Promise<ManifestDocument>;
  /** Writes a manifest under the tag of the reference, or, without one, under its digest. */
  writeManifest(image: ImageReference, document: ManifestDocument): Promise<void>;
  /** Removes an image by its digest, along with its tags; removing one that does not exist succeeds. */
  removeManifest(image: ImageReference): Promise<void>;
  hasBlob(from: RepositoryName, digest: string): Promise<boolean>;
  /** The bytes of a blob, piece by piece; the last piece comes only if all of them have the right digest. */
  readBlob(from: RepositoryName, blob: Descriptor): AsyncIterable<Buffer>;
  /** Writes a blob into a repository. The caller has checked that the repository lacks it. */
  writeBlob(into: RepositoryName, blob: Blob, options?: UploadOptions): Promise<'mounted' | 'uploaded'>;
  tags(of: RepositoryName): Promise<readonly string[]>;
}

/**
 * Opens a client. It keeps connections and tokens until it is disposed of.
 * @example
 * using registry = createRegistryClient({ credentials });
 * const digest = await registry.findManifest(reference);
 */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const { env = process.env, signal } = options;
  const http = createHttp({ env, sockets, signal });
  const authority = createAuthority(http, options.credentials, options.register ?? (() => {}));
  const exchange = createExchange(http, authority, options.timeouts ?? defaultRegistryTimeouts, options.signal);
  return {
    findManifest: (image) => findManifest(exchange, image),
    readManifest: (image) => readManifest(exchange, image),
    writeManifest: (image, document) => writeManifest(exchange, image, document),
    removeManifest: (image) => removeManifest(exchange, image),
    hasBlob: (from, digest) => hasBlob(exchange, from, digest),
    readBlob: (from, blob) => readBlob(exchange, from, blob),
    writeBlob: (into, blob, options = {}) =>
      upload({ exchange, target: into, blob, options, has: () => hasBlob(exchange, into, blob.digest) }),
    tags: (of) => tags(exchange, of),
    [Symbol.dispose]: () => http.close(),
  };
}

async function findManifest(exchange: Exchange, image: ImageReference): Promise<string | undefined> {
  const answer = await exchange.send({ ...manifestRequest(image), method: 'HEAD', expect: [200, 404] });
  answer.resume();
  if (answer.statusCode === 404) return undefined;
  const digest = answer.headers['docker-content-digest'];
  return typeof digest === 'string' ? digest : (await readManifest(exchange, image)).digest;
}

async function readManifest(exchange: Exchange, image: ImageReference): Promise<ManifestDocument> {
  const request = manifestRequest(image);
  const answer = await exchange.send({ ...request, method: 'GET', expect: [200] });
  const bytes = await readAll(answer).catch(() => undefined);
  // The answer was cut off: read it again from the start.
  const whole = bytes ?? (await readAll(await exchange.send({ ...request, method: 'GET', expect: [200] })));
  const digest = digestOf(whole);
  const reported = image.digest ?? answer.headers['docker-content-digest'];
  if (reported !== undefined && reported !== digest)
    throw damaged(request.doing, `its manifest has the digest ${digest}`);
  return { mediaType: (answer.headers['content-type'] ?? '').replace(/;.*$/s, ''), digest, bytes: whole };
}

async function writeManifest(exchange: Exchange, image: ImageReference, document: ManifestDocument): Promise<void> {
  const answer = await exchange.send({
    method: 'PUT',
    path: `${image.repository}/manifests/${image.tag ?? document.digest}`,
    headers: { 'content-type': document.mediaType },
    body: document.bytes,
    scope: { ...image, actions: 'pull,push' },
    doing: { ...image, activity: 'writing an image into', writes: true },
    expect: [200, 201],
  });
  answer.resume();
}

async function removeManifest(exchange: Exchange, image: ImageReference): Promise<void> {
  const answer = await exchange.send({
    method: 'DELETE',
    path: `${image.repository}/manifests/${image.digest ?? image.tag ?? 'latest'}`,
    scope: { ...image, actions: 'pull,push,delete' },
    doing: { ...image, activity: 'removing an image of', writes: true },
    expect: [200, 202, 404],
  });
  answer.resume();
}

async function hasBlob(exchange: Exchange, from: RepositoryName, digest: string): Promise<boolean> {
  const answer = await exchange.send({
    method: 'HEAD',
    path: `${from.repository}/blobs/${digest}`,
    // The caller is about to write.
    scope: { ...from, actions: 'pull,push' },
    doing: { ...from, activity: 'looking for a layer in', writes: true },
    expect: [200, 404],
  });
  answer.resume();
  return answer.statusCode === 200;
}

const pageSize = 500;

async function tags(exchange: Exchange, of: RepositoryName): Promise<readonly string[]> {
  const found: string[] = [];
  let path: string | undefined = `${of.repository}/tags/list?n=${pageSize}`;
  while (path !== undefined) {
    const answer = await exchange.send({
      method: 'GET',
      path,
      scope: { ...of, actions: 'pull' },
      doing: { ...of, activity: 'listing the images of', writes: false },
      expect: [200, 404],
    });
    const body = await readAll(answer);
    if (answer.statusCode === 404) return [];
    const page = JSON.parse(body.toString('utf8')) as { readonly tags?: readonly string[] | null };
    found.push(...(page.tags ?? []));
    const next = /<([^>]*)>;\s*rel="?next/.exec([answer.headers.link ?? ''].flat().join(','))?.[1];
    path = page.tags?.length === 0 ? undefined : next?.replace(/^(?:https?:\/\/[^/]*)?\/v2\//, '');
  }
  return found;
}

function manifestRequest(image: ImageReference): {
  readonly path: string;
  readonly headers: { readonly accept: string };
  readonly scope: RepositoryName & { readonly actions: 'pull' };
  readonly doing: Doing;
} {
  const name = image.digest ?? image.tag ?? 'latest';
  return {
    path: `${image.repository}/manifests/${name}`,
    headers: { accept: acceptedManifests },
    scope: { host: image.host, repository: image.repository, actions: 'pull' },
    doing: { host: image.host, repository: image.repository, activity: `reading ${name} of`, writes: false },
  };
}
