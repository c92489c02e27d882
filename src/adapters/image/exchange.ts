import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { backoff, retryAfterMs } from '../retry.ts';
import type { Authority, RegistryScope } from './authority.ts';
import { LostConnection, readAll, type Http, type HttpRequest } from '../http/http.ts';
import { isLoopbackRegistry, registryUrl } from './reference.ts';
import { registryFault, unreachable, type Doing } from './registry-fault.ts';

/** How often and how long to retry a registry that is overloaded or unreachable. */
export interface RegistryTimeouts {
  /** The number of tries in total. */
  readonly tries: number;
  /** The first pause, in milliseconds; each further one is twice as long, and all vary by half. */
  readonly firstMs: number;
  /** The longest pause, even if the registry asks for a longer one. */
  readonly longestMs: number;
}

/** Enough for ordinary bursts of 429 and 503. */
export const defaultRegistryTimeouts: RegistryTimeouts = { tries: 6, firstMs: 250, longestMs: 20_000 };

/** A request to a registry. */
export interface RegistryRequest extends Omit<HttpRequest, 'url'> {
  /** A path under `/v2/`, or a whole URL that the registry named. */
  readonly path: string;
  readonly scope: RegistryScope;
  readonly doing: Doing;
  /** Status codes that are not failures. */
  readonly expect: readonly number[];
  /** False when the request cannot simply be repeated, so that a lost connection is not retried here. */
  readonly repeatable?: boolean;
}

/** Sends requests to registries, with authorization, redirects and retries. */
export interface Exchange {
  readonly timeouts: RegistryTimeouts;
  /**
   * @throws FaultError for answers that were not expected.
   * @throws LostConnection when the request is not repeatable.
   */
  send(request: RegistryRequest): Promise<IncomingMessage>;
  /** Waits before try number `tried + 1`; returns false when there have been enough tries. */
  pause(tried: number, retryAfter?: string): Promise<boolean>;
}

export function createExchange(
  http: Http,
  authority: Authority,
  timeouts: RegistryTimeouts,
  signal?: AbortSignal,
): Exchange {
  const pause = async (tried: number, retryAfter?: string): Promise<boolean> => {
    if (tried >= timeouts.tries) return false;
    await sleep(pauseMs(timeouts, tried, retryAfter), undefined, signal === undefined ? {} : { signal });
    return true;
  };
  return {
    timeouts,
    pause,
    async send(request) {
      for (let tried = 1; ; tried += 1) {
        const answer = await lossless(() => authorized(http, authority, request));
        if (answer instanceof LostConnection) {
          if (request.repeatable === false) throw answer;
          if (answer.isFinal) throw unreachable(request.doing, answer.message);
          if (!(await pause(tried))) throw unreachable(request.doing, `${answer.message}, ${tried} times`);
          continue;
        }
        const status = answer.statusCode ?? 0;
        if (request.expect.includes(status)) return answer;
        const body = (await readAll(answer).catch(() => Buffer.alloc(0))).toString('utf8');
        if (!isPassing(status)) throw registryFault(request.doing, { status, body });
        if (!(await pause(tried, answer.headers['retry-after'])))
          throw unreachable(request.doing, `it answered ${status}, ${tried} times`, status);
      }
    },
  };
}

async function lossless(send: () => Promise<IncomingMessage>): Promise<IncomingMessage | LostConnection> {
  try {
    return await send();
  } catch (error) {
    if (error instanceof LostConnection) return error;
    throw error;
  }
}

function isPassing(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** At least as long as the registry demands, with jitter so that rejected clients do not return in step. */
function pauseMs({ firstMs, longestMs }: RegistryTimeouts, tried: number, retryAfter: string | undefined): number {
  const request = retryAfterMs(retryAfter);
  if (request === undefined) return backoff(tried, Math.random(), longestMs, firstMs);
  return Math.min(longestMs, request + firstMs * Math.random());
}

/** One try: with the authorization that is known to work, and once more with what the registry asks for. */
async function authorized(http: Http, authority: Authority, request: RegistryRequest): Promise<IncomingMessage> {
  const first = await redirected(http, request, await authority.headerFor(request.scope));
  if (first.statusCode !== 401 || request.expect.includes(401)) return first;
  const header = await authority.answer(request.scope, first);
  return await redirected(http, request, header);
}

const longestChain = 5;

/** Registries often keep blobs on other hosts. Only the registry itself gets the authorization. */
async function redirected(
  http: Http,
  request: RegistryRequest,
  authorization: string | undefined,
): Promise<IncomingMessage> {
  const { method, body, headers, scope } = request;
  const home = registryUrl(scope.host);
  let url = /^https?:/.test(request.path) ? new URL(request.path) : new URL(`/v2/${request.path}`, home);
  for (let hop = 0; ; hop += 1) {
    const isHome = url.host === new URL(home).host;
    const answer = await http.send({
      method,
      url: url.href,
      headers: { ...headers, ...(authorization === undefined || !isHome ? {} : { authorization }) },
      ...(body === undefined ? {} : { body }),
    });
    const { location } = answer.headers;
    const moved = [301, 302, 303, 307, 308].includes(answer.statusCode ?? 0) && location !== undefined;
    if (!moved || (method !== 'GET' && method !== 'HEAD') || hop === longestChain) return answer;
    answer.resume();
    url = new URL(location, url);
    if (url.protocol !== 'https:' && !isLoopbackRegistry(url.host))
      throw unreachable(request.doing, `it redirects to ${url.host} without encryption`);
  }
}
