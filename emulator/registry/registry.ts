import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGuard, type Access, type Guard, type RegistryAccess } from './access.ts';
import { bodyOf, refusal, type Answer } from './answer.ts';
import { blob } from './blobs.ts';
import { createFaults, type RegistryFault, type RegistryFaults } from './faults.ts';
import { layersOf, type ImageLayer } from './layers.ts';
import { listTags, readManifest, removeManifest, writeManifest } from './manifests.ts';
import { createStore, findManifest, type RegistryStore, type StoredManifest } from './store.ts';
import { beginUpload, continueUpload } from './uploads.ts';

/** How a registry is set up. */
export interface RegistryOptions {
  /** On loopback; by default a free one. */
  readonly port?: number;
  /** By default open to everybody. */
  readonly access?: RegistryAccess;
  /** The advertised lifetime of tokens in seconds; by default 300. */
  readonly tokenSeconds?: number;
  /** Milliseconds since 1970, for upload times. */
  readonly now?: () => number;
}

/** One request as received. */
interface RegistryRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly authorization: string | undefined;
  readonly status: number;
}

/** A container registry on loopback, in memory. */
export interface Registry extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** `127.0.0.1:PORT`, the first part of an image's name. */
  readonly host: string;
  readonly store: RegistryStore;
  readonly faults: RegistryFaults;
  /** Every request so far, in order. */
  readonly requests: readonly RegistryRequest[];
  /** The manifest of `name` under a tag or digest. */
  manifest(name: string, reference: string): StoredManifest | undefined;
  /** The unpacked layers of an image by its reference, lowest first; undefined when it does not exist. */
  layersOf(reference: string): readonly ImageLayer[] | undefined;
  close(): Promise<void>;
}

interface Desk {
  readonly store: RegistryStore;
  readonly guard: Guard;
  readonly now: () => number;
  origin: string;
}

/**
 * Starts a registry with the HTTP API of OCI distribution: blobs, uploads whole and in chunks, mounts, manifests, tags,
 * deletion, tokens with a challenge.
 * @example
 * await using registry = await createRegistry();
 * registry.faults.add({ fault: { kind: 'status', status: 503 }, method: 'PUT', times: 2 });
 */
export async function createRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const store = createStore();
  const faults = createFaults();
  const requests: RegistryRequest[] = [];
  const desk: Desk = {
    store,
    guard: createGuard(options.access, options.tokenSeconds ?? 300),
    now: options.now ?? Date.now,
    origin: '',
  };
  const server = createServer((request, response) => {
    void serve(desk, faults, request, response)
      .catch(() => {
        // The client is gone.
        request.socket.destroy();
        return 0;
      })
      .then((status) => {
        const { method = '', url = '', headers } = request;
        return requests.push({ method, path: url, authorization: headers.authorization, status });
      });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  desk.origin = `http://${host}`;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return {
    url: desk.origin,
    host,
    store,
    faults,
    requests,
    manifest: (name, reference) => findManifest(store, name, reference),
    layersOf: (reference) => layersOf(store, reference),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Answers one request, altered by a fault if one is planned. Returns the status, 0 when the connection was cut. */
async function serve(
  desk: Desk,
  faults: RegistryFaults,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<number> {
  const fault = faults.take(request.method ?? '', request.url ?? '');
  if (fault?.kind === 'lost') request.socket.destroy();
  if (fault?.kind === 'lost') return 0;
  if (fault?.kind === 'cut') cutAfter(request, fault.after);
  const answer = replaced(fault) ?? (await answerTo(desk, request));
  if (fault?.kind === 'answer-lost') request.socket.destroy();
  if (fault?.kind === 'answer-lost') return 0;
  // Read the body to its end, so that the connection can carry the next request.
  request.resume();
  const body = answer.body ?? Buffer.alloc(0);
  response.writeHead(answer.status, {
    'docker-distribution-api-version': 'registry/2.0',
    ...answer.headers,
    ...(answer.status === 204 ? {} : { 'content-length': String(body.length) }),
  });
  if (request.method === 'HEAD') response.end();
  else if (fault?.kind === 'half') response.write(body.subarray(0, body.length / 2), () => request.socket.destroy());
  else response.end(fault?.kind === 'corrupt' ? corrupted(body) : body);
  return answer.status;
}

function replaced(fault: RegistryFault | undefined): Answer | undefined {
  if (fault?.kind === 'redirect') return { status: 307, headers: { location: fault.to } };
  if (fault?.kind !== 'status') return undefined;
  const answer = refusal(fault.status, fault.code ?? 'UNKNOWN', 'a fault was planned');
  return fault.retryAfter === undefined
    ? answer
    : { ...answer, headers: { ...answer.headers, 'retry-after': fault.retryAfter } };
}

function cutAfter(request: IncomingMessage, bytes: number): void {
  let seen = 0;
  request.on('data', (piece: Buffer) => {
    seen += piece.length;
    if (seen >= bytes) setImmediate(() => request.socket.destroy());
  });
}

function corrupted(body: Buffer): Buffer {
  const copy = Buffer.from(body);
  copy[copy.length >> 1] = (copy[copy.length >> 1] ?? 0) ^ 1;
  return copy;
}

async function answerTo(desk: Desk, request: IncomingMessage): Promise<Answer> {
  const { pathname, searchParams: query } = new URL(request.url ?? '/', desk.origin);
  const method = request.method ?? '';
  if (pathname === '/token') return desk.guard.issue(request.headers, query);
  const match = /^\/v2\/(.+)\/(blobs|manifests|tags)\/(.*)$/.exec(pathname);
  const upload = /^\/v2\/(.+)\/blobs\/uploads\/(.*)$/.exec(pathname);
  const name = upload?.[1] ?? match?.[1] ?? '';
  const denied = desk.guard.check(request.headers, { repository: name, action: actionOf(method) }, desk.origin);
  if (denied !== undefined) return denied;
  if (pathname === '/v2/' || pathname === '/v2') return { status: 200, body: Buffer.from('{}') };
  const reference = decodeURIComponent(match?.[3] ?? '');
  if (upload !== null && method === 'POST') return await beginUpload(desk.store, name, query, request);
  if (upload !== null) return await continueUpload(desk.store, upload[2] ?? '', query, request);
  if (match?.[2] === 'blobs') return blob(desk.store, name, reference, { method, range: request.headers.range });
  if (match?.[2] === 'tags') return listTags(desk.store, name, query);
  if (match?.[2] === 'manifests') return await manifest(desk, { name, reference }, request);
  return refusal(404, 'NOT_FOUND', 'no such path');
}

async function manifest(
  desk: Desk,
  { name, reference }: { readonly name: string; readonly reference: string },
  request: IncomingMessage,
): Promise<Answer> {
  if (request.method === 'DELETE') return removeManifest(desk.store, name, reference);
  if (request.method !== 'PUT') return readManifest(desk.store, name, reference);
  const mediaType = request.headers['content-type'] ?? 'application/vnd.oci.image.manifest.v1+json';
  return writeManifest(desk.store, name, reference, { mediaType, bytes: await bodyOf(request), now: desk.now() });
}

function actionOf(method: string): Access['action'] {
  if (method === 'DELETE') return 'delete';
  return method === 'GET' || method === 'HEAD' ? 'pull' : 'push';
}
