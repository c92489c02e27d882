import { Agent as PlainAgent, request as plainRequest, type IncomingMessage } from 'node:http';
import { Agent, request as secureRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ProcessVariables } from '../../kit/secret-variables.ts';
import { proxyFor } from './proxy.ts';
import { ProxyRefusal, TunnelAgent } from './tunnel.ts';

/** A body of known size that can be sent more than once. */
export interface HttpBody {
  readonly size: number;
  open(): AsyncIterable<Uint8Array>;
}

/** One request, before authorization. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: HttpBody | Uint8Array;
  /** Ends this request alone. */
  readonly signal?: AbortSignal;
}

/** Sends requests over connections that remain open between them. */
export interface Http {
  /**
   * @throws LostConnection when no answer came, or none within the idle time.
   * @throws whatever reading the body throws.
   */
  send(request: HttpRequest): Promise<IncomingMessage>;
  close(): void;
}

/** No answer came, so it is unknown what the server did. */
export class LostConnection extends Error {
  override readonly name = 'LostConnection';
  /** True when another try would end the same way. */
  readonly isFinal: boolean;
  /** The code of the system, such as `ECONNREFUSED`, if it was the system that ended the connection. */
  readonly code: string | undefined;

  constructor(message: string, isFinal = false, code?: string) {
    super(message);
    this.isFinal = isFinal;
    this.code = code;
  }
}

/** An unknown host, or an invalid certificate or protocol: waiting does not help. */
const finalCodes =
  /^(?:ENOTFOUND|EPROTO|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH)/;

/** How long a connection may be silent. */
const idleMs = 60_000;
/** How long an unused connection is kept: servers close theirs later, so that no request meets a closing one. */
const keptMs = 4_000;

/** How requests are sent. */
export interface HttpOptions {
  /** May name a proxy: HTTPS_PROXY, NO_PROXY. */
  readonly env: ProcessVariables;
  /** How many connections a host gets. */
  readonly sockets: number;
  /** Ends all requests. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Uses Node's own client: `fetch` takes 20 ms to load, follows redirects in its own way, and ignores proxies. Requests
 * to this machine are never sent to a proxy.
 */
export function createHttp({ env, sockets, signal }: HttpOptions): Http {
  const kept = { keepAlive: true, maxSockets: sockets, timeout: keptMs };
  const plain = new PlainAgent(kept);
  const direct = new Agent(kept);
  const tunnels = new Map<string, TunnelAgent>();
  const secureAgentFor = (host: string): Agent => {
    const proxy = loopback.test(host) ? undefined : proxyFor(host, env);
    if (proxy === undefined) return direct;
    const known = tunnels.get(proxy.variable) ?? new TunnelAgent(proxy, kept);
    tunnels.set(proxy.variable, known);
    return known;
  };
  return {
    send(request) {
      const ends = [signal, request.signal].filter((one) => one !== undefined);
      const ended = (): AbortSignal | undefined => ends.find(({ aborted }) => aborted);
      ended()?.throwIfAborted();
      const url = new URL(request.url);
      const size = request.body === undefined ? undefined : sizeOf(request.body);
      const options = {
        method: request.method,
        headers: { ...request.headers, ...(size === undefined ? {} : { 'content-length': String(size) }) },
        timeout: idleMs,
        ...(ends.length === 0 ? {} : { signal: AbortSignal.any(ends) }),
      };
      const outgoing =
        url.protocol === 'http:'
          ? plainRequest(url, { ...options, agent: plain })
          : secureRequest(url, { ...options, agent: secureAgentFor(url.host) });
      return new Promise((resolve, reject) => {
        const fail = (error: unknown): void =>
          reject(ended() === undefined ? asLostConnection(error) : ended()?.reason);
        outgoing.setTimeout(idleMs, () => outgoing.destroy(new LostConnection(`silent for ${idleMs / 1000} s`)));
        outgoing.on('response', resolve);
        outgoing.on('error', fail);
        const { body } = request;
        if (body === undefined || body instanceof Uint8Array) outgoing.end(body);
        // An early answer, such as 413, is worth more than the rest of the body.
        else pipeline(Readable.from(body.open(), { objectMode: false }), outgoing).catch(fail);
      });
    },
    close() {
      for (const agent of [plain, direct, ...tunnels.values()]) agent.destroy();
    },
  };
}

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/;

function sizeOf(body: HttpBody | Uint8Array): number {
  return body instanceof Uint8Array ? body.length : body.size;
}

/** What the system or the peer did to the connection becomes a lost connection; other errors remain as they are. */
function asLostConnection(error: unknown): unknown {
  if (error instanceof ProxyRefusal) return new LostConnection(error.message, error.isFinal);
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof LostConnection || code === undefined) return error;
  const text = message.includes(code) ? message : `${message} (${code})`;
  return new LostConnection(text.trim(), finalCodes.test(code), code);
}

/** Reads the whole body of an answer. @throws LostConnection when it ends early. */
export async function readAll(answer: IncomingMessage, limit = 8 * 1024 * 1024): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of bodyOf(answer)) {
    size += piece.length;
    if (size > limit) throw new LostConnection(`the answer is longer than ${limit} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** The body of an answer, piece by piece. @throws LostConnection when it ends early. */
export async function* bodyOf(answer: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    for await (const piece of answer) yield piece as Buffer;
  } catch (error) {
    throw asLostConnection(error);
  }
}
