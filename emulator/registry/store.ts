import { createHash } from 'node:crypto';

/** A manifest or an index as stored. */
export interface StoredManifest {
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
  /** Milliseconds since 1970, by the server's clock. */
  readonly uploadedAt: number;
}

/** One repository: the blobs that it may serve, its manifests and tags. */
export interface StoredRepository {
  readonly blobs: Set<string>;
  readonly manifests: Map<string, StoredManifest>;
  readonly tags: Map<string, string>;
}

/** An upload that is under way; `received` grows chunk by chunk. */
export interface StoredUpload {
  readonly repository: string;
  readonly chunks: Buffer[];
  received: number;
}

/** Everything a registry holds, in memory. */
export interface RegistryStore {
  readonly blobs: Map<string, Buffer>;
  readonly repositories: Map<string, StoredRepository>;
  readonly uploads: Map<string, StoredUpload>;
}

export function createStore(): RegistryStore {
  return { blobs: new Map(), repositories: new Map(), uploads: new Map() };
}

/** The repository of this name; made if it does not exist. */
export function repositoryOf(store: RegistryStore, name: string): StoredRepository {
  const known = store.repositories.get(name);
  if (known !== undefined) return known;
  const made: StoredRepository = { blobs: new Set(), manifests: new Map(), tags: new Map() };
  store.repositories.set(name, made);
  return made;
}

/** The manifest that a tag or digest names. */
export function findManifest(store: RegistryStore, name: string, reference: string): StoredManifest | undefined {
  const repository = store.repositories.get(name);
  if (repository === undefined) return undefined;
  return repository.manifests.get(repository.tags.get(reference) ?? reference);
}

/** `sha256:` and the hash in hex. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
