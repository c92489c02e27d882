import { Agent as PlainAgent, request as plainRequest, type IncomingMessage } from 'node:http';
import { Agent, request as secureRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

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

  constructor(message: string, isFinal = false) {
    super(message);
    this.isFinal = isFinal;
  }
}

/** An unknown host, or an invalid certificate or protocol: waiting does not help. */
const finalCodes =
  /^(?:ENOTFOUND|EPROTO|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH)/;

/** How long a connection may be silent. */
const idleMs = 60_000;
const sockets = 6;

/** Uses Node's own client: `fetch` takes 20 ms to load, and follows redirects in its own way. */
export function createHttp(signal?: AbortSignal): Http {
  const plain = new PlainAgent({ keepAlive: true, maxSockets: sockets });
  const secure = new Agent({ keepAlive: true, maxSockets: sockets });
  return {
    send(request) {
      signal?.throwIfAborted();
      const isPlain = request.url.startsWith('http:');
      const size = request.body === undefined ? undefined : sizeOf(request.body);
      const options = {
        method: request.method,
        headers: { ...request.headers, ...(size === undefined ? {} : { 'content-length': String(size) }) },
        ...(signal === undefined ? {} : { signal }),
      };
      const outgoing = isPlain
        ? plainRequest(request.url, { ...options, agent: plain })
        : secureRequest(request.url, { ...options, agent: secure });
      return new Promise((resolve, reject) => {
        outgoing.setTimeout(idleMs, () => outgoing.destroy(new LostConnection(`silent for ${idleMs / 1000} s`)));
        outgoing.on('response', resolve);
        outgoing.on('error', (error) => reject(signal?.aborted === true ? signal.reason : asLostConnection(error)));
        const { body } = request;
        if (body === undefined || body instanceof Uint8Array) outgoing.end(body);
        else
          pipeline(Readable.from(body.open(), { objectMode: false }), outgoing).catch((error: unknown) => {
            // An early answer, such as 413, is worth more than the rest of the body.
            reject(signal?.aborted === true ? signal.reason : asLostConnection(error));
          });
      });
    },
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}

function sizeOf(body: HttpBody | Uint8Array): number {
  return body instanceof Uint8Array ? body.length : body.size;
}

/** What the system or the peer did to the connection becomes a lost connection; other errors remain as they are. */
function asLostConnection(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined || error instanceof LostConnection) return error;
  const text = message.includes(code) ? message : `${message} (${code})`;
  return new LostConnection(text.trim(), finalCodes.test(code));
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
