import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { callMethod, callPlain, ConnectionLost } from '../core/dispatch.ts';
import { ApiError, badRequest } from '../core/errors.ts';
import { objectOf, type Json } from '../core/json.ts';
import type { PlainModule, ServiceModule } from '../core/service.ts';
import type { World } from '../core/world.ts';
import { assemble, plainRoutes, protoRoutes, type Route } from './routes.ts';

/** The limit of a request body in bytes; Google's limit is of this order. */
const largestBody = 32 * 1024 * 1024;

/** The REST front: every service on one port, routes from the protos and from plain tables. */
export interface RestFront {
  readonly port: number;
  close(): Promise<void>;
}

export async function startRest(
  world: World,
  modules: { readonly proto: readonly ServiceModule[]; readonly plain: readonly PlainModule[] },
  port: number,
): Promise<RestFront> {
  const routes = [...plainRoutes(modules.plain), ...protoRoutes(world.descriptors, modules.proto)];
  const server = createServer((request, response) => void answer(world, routes, request, response));
  await listen(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}

async function answer(
  world: World,
  routes: readonly Route[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    send(response, 200, await route(world, routes, request));
  } catch (error) {
    if (error instanceof ConnectionLost) {
      request.socket.destroy();
      return;
    }
    // Anything other than a refusal is a bug of the emulator; a test needs to see its text.
    const known = error instanceof ApiError ? error : new ApiError('INTERNAL', String((error as Error).stack ?? error));
    if (known.retryAfter !== '') response.setHeader('retry-after', known.retryAfter);
    send(response, known.httpStatus, known.toJson());
  }
}

async function route(world: World, routes: readonly Route[], request: IncomingMessage): Promise<Json> {
  const url = new URL(request.url ?? '/', 'http://emulator');
  const body = await readBody(request);
  const quotaProject = request.headers['x-goog-user-project'];
  const origin = {
    authorization: request.headers.authorization,
    quotaProject: typeof quotaProject === 'string' ? quotaProject : undefined,
    transport: 'rest' as const,
  };
  for (const each of routes) {
    if (each.verb !== request.method) continue;
    const params = each.match(url.pathname);
    if (params === undefined) continue;
    if (each.kind === 'proto') {
      const assembled = assemble(world.descriptors, each, { params, query: url.searchParams, body: parse(body) });
      return callMethod(world, each.module, each.method, { request: assembled, origin });
    }
    const query = Object.fromEntries(url.searchParams);
    const plain = { params, query, host: hostOf(request), body: objectOf(bodyOf(request, body)) };
    return callPlain(world, each.service, each.route, { request: plain, origin });
  }
  throw new ApiError('NOT_FOUND', `The requested URL ${url.pathname} was not found on this server.`);
}

/** A proxy receives absolute addresses; otherwise the header names the host. */
function hostOf(request: IncomingMessage): string {
  const whole = /^http:\/\/([^/:]+)/.exec(request.url ?? '')?.[1];
  return whole ?? (request.headers.host ?? '').replace(/:\d+$/, '');
}

/** Token endpoints accept forms, everything else JSON. */
function bodyOf(request: IncomingMessage, body: string): Json | undefined {
  const form = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  return form ? Object.fromEntries(new URLSearchParams(body)) : parse(body);
}

function parse(body: string): Json | undefined {
  if (body.trim() === '') return undefined;
  try {
    return JSON.parse(body) as Json;
  } catch (error) {
    const description = `Invalid JSON payload received. ${(error as Error).message}`;
    throw badRequest([{ field: '', description }]);
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > largestBody) throw new ApiError('INVALID_ARGUMENT', 'Request payload size exceeds the limit.');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, body: Json): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' });
  response.end(JSON.stringify(body, undefined, 2));
}
