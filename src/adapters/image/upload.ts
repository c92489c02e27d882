import type { IncomingMessage } from 'node:http';
import type { RegistryRequest, Exchange } from './exchange.ts';
import { LostConnection, type HttpBody } from '../http/http.ts';
import { isGoogleHost, registryUrl, type RepositoryName } from './reference.ts';
import { unreachable, type Doing } from './registry-fault.ts';

/** A blob that can be read from its start repeatedly. */
export interface Blob {
  readonly digest: string;
  readonly size: number;
  open(): AsyncIterable<Uint8Array>;
}

/** How to transfer a blob to a repository. */
export interface UploadOptions {
  /** Another repository of the same registry that has the blob, so that it need not travel. */
  readonly from?: string;
  /** Called with the number of its bytes that have been sent. */
  readonly onBytes?: (sent: number) => void;
  /** Size of a chunk, if chunks are used. */
  readonly chunkBytes?: number;
}

/** What an upload needs. */
export interface Uploading {
  readonly exchange: Exchange;
  readonly target: RepositoryName;
  readonly blob: Blob;
  readonly options: UploadOptions;
  has(): Promise<boolean>;
}

const usualChunk = 8 * 1024 * 1024;

/**
 * Uploads a blob as a whole; in chunks if it was lost on the way, or is too large for one request to the registry.
 * (Artifact Registry does not accept chunks.)
 */
export async function upload(work: Uploading): Promise<'mounted' | 'uploaded'> {
  const { exchange, target, blob, options } = work;
  const chunkBytes = options.chunkBytes ?? usualChunk;
  const mayChunk = !isGoogleHost(target.host) && blob.size > chunkBytes;
  let inChunks = false;
  for (let tried = 1; ; tried += 1) {
    const opened = await startUpload(work, tried === 1 ? options.from : undefined);
    if (opened.statusCode === 201) return 'mounted';
    const place = locationOf(work, opened);
    const sent = await sendLossless(() => (inChunks ? sendChunks(work, place, chunkBytes) : sendWhole(work, place)));
    if (sent === 'done' || (await work.has())) return 'uploaded';
    inChunks ||= mayChunk;
    if (!(await exchange.pause(tried)))
      throw unreachable(doingOf(target), `the connection was lost ${tried} times while a layer was sent (${sent})`);
  }
}

/** Returns `done`, or why the upload must start again. */
async function sendLossless(send: () => Promise<string>): Promise<string> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof LostConnection) return error.message;
    throw error;
  }
}

async function startUpload({ exchange, target, blob }: Uploading, from: string | undefined): Promise<IncomingMessage> {
  const query = from === undefined ? '' : `?mount=${encodeURIComponent(blob.digest)}&from=${encodeURIComponent(from)}`;
  const answer = await exchange.send({
    method: 'POST',
    path: `${target.repository}/blobs/uploads/${query}`,
    scope: { ...target, actions: 'pull,push', ...(from === undefined ? {} : { from }) },
    doing: doingOf(target),
    expect: from === undefined ? [202] : [201, 202],
    body: Buffer.alloc(0),
  });
  answer.resume();
  return answer;
}

async function sendWhole(work: Uploading, place: URL): Promise<string> {
  const { blob, options } = work;
  place.searchParams.set('digest', blob.digest);
  const body: HttpBody = { size: blob.size, open: () => counted(blob.open(), options.onBytes) };
  const answer = await sendStep(work, { method: 'PUT', path: place.href, expect: [201, 204, 404, 413], body });
  return answer.statusCode === 201 || answer.statusCode === 204 ? 'done' : `it answered ${answer.statusCode}`;
}

async function sendChunks(work: Uploading, first: URL, chunkBytes: number): Promise<string> {
  let place = first;
  let at = 0;
  for await (const chunk of chunksOf(work.blob.open(), chunkBytes)) {
    for (let from = 0, tried = 1; from < chunk.length; tried += 1) {
      const next = await sendChunk(work, place, { at: at + from, bytes: chunk.subarray(from) });
      place = next.place;
      from = next.received - at;
      if (from < 0 || from > chunk.length) return 'it lost what it had received';
      if (from < chunk.length && !(await work.exchange.pause(tried))) return 'a chunk was lost again and again';
    }
    at += chunk.length;
    work.options.onBytes?.(at);
  }
  place.searchParams.set('digest', work.blob.digest);
  const answer = await sendStep(work, {
    method: 'PUT',
    path: place.href,
    expect: [201, 204, 404],
    body: Buffer.alloc(0),
  });
  return answer.statusCode === 404 ? 'it forgot the upload' : 'done';
}

interface Received {
  readonly place: URL;
  readonly received: number;
}

/** Sends one chunk. If the answer is lost, the registry reports how much of it has arrived. */
async function sendChunk(
  work: Uploading,
  place: URL,
  { at, bytes }: { readonly at: number; readonly bytes: Uint8Array },
): Promise<Received> {
  const end = at + bytes.length;
  try {
    const answer = await sendStep(work, {
      method: 'PATCH',
      path: place.href,
      headers: { 'content-type': 'application/octet-stream', 'content-range': `${at}-${end - 1}` },
      expect: [202, 416],
      body: bytes,
    });
    if (answer.statusCode === 202) return { place: locationOf(work, answer), received: end };
  } catch (error) {
    if (!(error instanceof LostConnection)) throw error;
  }
  const answer = await sendStep(work, { method: 'GET', path: place.href, expect: [204, 400, 404, 416] });
  const range = /^(?:bytes=)?0-(\d+)$/.exec(answer.headers.range ?? '');
  if (answer.statusCode !== 204 || range === null) throw new LostConnection('the upload cannot be resumed');
  // `0-0` means one byte as well as none.
  const last = Number(range[1]);
  return { place: locationOf(work, answer), received: last === 0 ? 0 : last + 1 };
}

type UploadStep = Pick<RegistryRequest, 'method' | 'path' | 'expect' | 'headers' | 'body'>;

/** Performs one step of an upload: only the loop here knows how to continue when its answer is lost. */
async function sendStep({ exchange, target }: Uploading, step: UploadStep): Promise<IncomingMessage> {
  const answer = await exchange.send({
    ...step,
    headers: step.method === 'PUT' ? { 'content-type': 'application/octet-stream' } : (step.headers ?? {}),
    scope: { ...target, actions: 'pull,push' },
    doing: doingOf(target),
    repeatable: false,
  });
  answer.resume();
  return answer;
}

/**
 * The address that the registry wants next, absolute or relative; a registry behind a proxy may name http in place of
 * https.
 */
function locationOf({ target }: Uploading, answer: IncomingMessage): URL {
  const home = new URL(registryUrl(target.host));
  const { location } = answer.headers;
  if (location === undefined) throw unreachable(doingOf(target), 'it did not name an address for the upload');
  const place = new URL(location, home);
  if (place.host === home.host) place.protocol = home.protocol;
  if (place.protocol !== 'https:' && place.protocol !== home.protocol)
    throw unreachable(doingOf(target), `it wants the layer sent to ${place.host} without encryption`);
  return place;
}

async function* counted(
  source: AsyncIterable<Uint8Array>,
  onBytes: UploadOptions['onBytes'],
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  for await (const piece of source) {
    yield piece;
    sent += piece.length;
    onBytes?.(sent);
  }
}

async function* chunksOf(source: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let rest: Uint8Array[] = [];
  let length = 0;
  for await (const piece of source) {
    rest.push(piece);
    length += piece.length;
    if (length < size) continue;
    const all = Buffer.concat(rest);
    let at = 0;
    for (; all.length - at >= size; at += size) yield all.subarray(at, at + size);
    rest = [all.subarray(at)];
    length = all.length - at;
  }
  if (length > 0) yield Buffer.concat(rest);
}

function doingOf(target: RepositoryName): Doing {
  return { ...target, activity: 'writing a layer into', writes: true };
}
