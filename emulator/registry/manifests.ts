import { refusal, type Answer } from './answer.ts';
import { digestOf, findManifest, repositoryOf, type RegistryStore, type StoredRepository } from './store.ts';

/** The references of a manifest or an index. */
interface Referring {
  readonly mediaType?: string;
  readonly config?: { readonly digest: string };
  readonly layers?: readonly { readonly digest: string; readonly urls?: readonly string[] }[];
  readonly manifests?: readonly { readonly digest: string }[];
}

/** HEAD and GET of `/v2/<name>/manifests/<reference>`. */
export function readManifest(store: RegistryStore, name: string, reference: string): Answer {
  const found = findManifest(store, name, reference);
  if (found === undefined) return unknown(store, name);
  return {
    status: 200,
    headers: { 'content-type': found.mediaType, 'docker-content-digest': found.digest },
    body: found.bytes,
  };
}

/** PUT: everything that it refers to must exist, and a reference by digest must match the content. */
export function writeManifest(
  store: RegistryStore,
  name: string,
  reference: string,
  put: { readonly mediaType: string; readonly bytes: Buffer; readonly now: number },
): Answer {
  const digest = digestOf(put.bytes);
  if (reference.includes(':') && reference !== digest)
    return refusal(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
  if (!reference.includes(':') && !/^\w[\w.-]{0,127}$/.test(reference))
    return refusal(400, 'TAG_INVALID', 'manifest tag did not match URI');
  const content = parse(put.bytes);
  if (content === undefined) return refusal(400, 'MANIFEST_INVALID', 'manifest invalid');
  const repository = repositoryOf(store, name);
  const lacking = lackingIn(repository, content);
  if (lacking !== undefined) return refusal(400, 'MANIFEST_BLOB_UNKNOWN', `blob unknown to registry: ${lacking}`);
  const { mediaType, bytes, now } = put;
  const uploadedAt = repository.manifests.get(digest)?.uploadedAt ?? now;
  repository.manifests.set(digest, { digest, mediaType, bytes, uploadedAt });
  if (!reference.includes(':')) repository.tags.set(reference, digest);
  return {
    status: 201,
    headers: { location: `/v2/${name}/manifests/${digest}`, 'docker-content-digest': digest },
  };
}

/** DELETE: a digest is removed with its tags; a tag alone is removed only if the registry supports that. */
export function removeManifest(store: RegistryStore, name: string, reference: string): Answer {
  const repository = store.repositories.get(name);
  if (repository === undefined) return unknown(store, name);
  if (!reference.includes(':')) return refusal(405, 'UNSUPPORTED', 'The operation is unsupported.');
  if (!repository.manifests.delete(reference)) return unknown(store, name);
  for (const [tag, digest] of repository.tags) if (digest === reference) repository.tags.delete(tag);
  return { status: 202 };
}

/** GET `/v2/<name>/tags/list`, in pages if `n` is given. */
export function listTags(store: RegistryStore, name: string, query: URLSearchParams): Answer {
  const repository = store.repositories.get(name);
  if (repository === undefined) return unknown(store, name);
  const last = query.get('last') ?? '';
  const all = [...repository.tags.keys()].sort().filter((tag) => tag > last);
  const wanted = Number(query.get('n') ?? all.length);
  const tags = all.slice(0, wanted);
  const next = `</v2/${name}/tags/list?last=${encodeURIComponent(tags.at(-1) ?? '')}&n=${wanted}>; rel="next"`;
  return {
    status: 200,
    headers: { 'content-type': 'application/json', ...(tags.length < all.length ? { link: next } : {}) },
    body: Buffer.from(JSON.stringify({ name, tags })),
  };
}

function unknown(store: RegistryStore, name: string): Answer {
  return store.repositories.has(name)
    ? refusal(404, 'MANIFEST_UNKNOWN', 'manifest unknown')
    : refusal(404, 'NAME_UNKNOWN', 'repository name not known to registry');
}

function parse(bytes: Buffer): Referring | undefined {
  try {
    return JSON.parse(bytes.toString('utf8')) as Referring;
  } catch {
    return undefined;
  }
}

function lackingIn(repository: StoredRepository, content: Referring): string | undefined {
  const layers = (content.layers ?? []).filter((layer) => layer.urls === undefined);
  const blobs = [...layers, ...(content.config === undefined ? [] : [content.config])];
  return (
    blobs.find(({ digest }) => !repository.blobs.has(digest))?.digest ??
    content.manifests?.find(({ digest }) => !repository.manifests.has(digest))?.digest
  );
}
