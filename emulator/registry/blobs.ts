import { refusal, type Answer } from './answer.ts';
import { repositoryOf, type RegistryStore } from './store.ts';

/** HEAD, GET and DELETE of `/v2/<name>/blobs/<digest>`; a GET may ask for a range. */
export function blob(
  store: RegistryStore,
  name: string,
  digest: string,
  request: { readonly method: string; readonly range: string | undefined },
): Answer {
  const bytes = repositoryOf(store, name).blobs.has(digest) ? store.blobs.get(digest) : undefined;
  if (bytes === undefined) return refusal(404, 'BLOB_UNKNOWN', 'blob unknown to registry');
  if (request.method === 'DELETE') {
    repositoryOf(store, name).blobs.delete(digest);
    return { status: 202 };
  }
  const headers = { 'content-type': 'application/octet-stream', 'docker-content-digest': digest };
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.range ?? '');
  if (range === null) return { status: 200, headers, body: bytes };
  const first = Number(range[1]);
  const last = range[2] === '' ? bytes.length - 1 : Math.min(Number(range[2]), bytes.length - 1);
  if (first > last) return refusal(416, 'RANGE_INVALID', 'the range is outside of the blob');
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${first}-${last}/${bytes.length}` },
    body: bytes.subarray(first, last + 1),
  };
}
