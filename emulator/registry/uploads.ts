import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { bodyOf, refusal, type Answer } from './answer.ts';
import { digestOf, repositoryOf, type RegistryStore, type StoredUpload } from './store.ts';

/** POST `/v2/<name>/blobs/uploads/`: mounts a blob of another repository, accepts a whole one, or opens an upload. */
export async function beginUpload(
  store: RegistryStore,
  name: string,
  query: URLSearchParams,
  request: IncomingMessage,
): Promise<Answer> {
  const mount = query.get('mount');
  const from = store.repositories.get(query.get('from') ?? '');
  if (mount !== null && from?.blobs.has(mount) === true) {
    repositoryOf(store, name).blobs.add(mount);
    return stored(name, mount);
  }
  const id = randomUUID();
  const upload: StoredUpload = { repository: name, chunks: [], received: 0 };
  store.uploads.set(id, upload);
  if (query.get('digest') !== null) return await finish(store, id, query, request);
  return open(name, id, 0);
}

/** The further requests under `/v2/<name>/blobs/uploads/<id>`. */
export async function continueUpload(
  store: RegistryStore,
  id: string,
  query: URLSearchParams,
  request: IncomingMessage,
): Promise<Answer> {
  const upload = store.uploads.get(id);
  if (upload === undefined) return refusal(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
  if (request.method === 'GET') return { ...open(upload.repository, id, upload.received), status: 204 };
  if (request.method === 'DELETE') {
    store.uploads.delete(id);
    return { status: 204 };
  }
  if (request.method === 'PUT') return await finish(store, id, query, request);
  return await chunk(upload, id, request);
}

/**
 * PATCH: bytes that have arrived are kept, even when the connection is lost; a chunk must start where the last one
 * ended.
 */
async function chunk(upload: StoredUpload, id: string, request: IncomingMessage): Promise<Answer> {
  const range = /^(\d+)-(\d+)$/.exec(request.headers['content-range'] ?? '');
  if (range !== null && Number(range[1]) !== upload.received) return open(upload.repository, id, upload.received, 416);
  for await (const piece of request) {
    upload.chunks.push(piece as Buffer);
    upload.received += (piece as Buffer).length;
  }
  return open(upload.repository, id, upload.received);
}

async function finish(
  store: RegistryStore,
  id: string,
  query: URLSearchParams,
  request: IncomingMessage,
): Promise<Answer> {
  const upload = store.uploads.get(id);
  const digest = query.get('digest') ?? '';
  if (upload === undefined) return refusal(404, 'BLOB_UPLOAD_UNKNOWN', 'blob upload unknown to registry');
  const bytes = Buffer.concat([...upload.chunks, await bodyOf(request)]);
  if (digestOf(bytes) !== digest)
    return refusal(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
  store.uploads.delete(id);
  store.blobs.set(digest, bytes);
  repositoryOf(store, upload.repository).blobs.add(digest);
  return stored(upload.repository, digest);
}

function stored(name: string, digest: string): Answer {
  return { status: 201, headers: { location: `/v2/${name}/blobs/${digest}`, 'docker-content-digest': digest } };
}

/** The state is part of the address, as in other registries: a client must use the newest address unchanged. */
function open(name: string, id: string, received: number, status = 202): Answer {
  return {
    status,
    headers: {
      location: `/v2/${name}/blobs/uploads/${id}?_state=${Buffer.from(String(received)).toString('base64url')}`,
      range: `0-${Math.max(0, received - 1)}`,
      'docker-upload-uuid': id,
    },
  };
}
