import { type GoogleRequest, type GoogleReply, type Signature } from './request.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import type { Outcome } from '../../kit/outcome.ts';
import type { Redactor } from '../../kit/redact.ts';
import { createGoogleCredentials, type Credentials } from './credentials.ts';
import { errorOf, lostError, refusedCredentials } from './error.ts';
import { backoff, retryAfterMs } from '../retry.ts';
import { createHttp, readAll, type Http } from '../http/http.ts';
import { proxyNote } from '../http/proxy.ts';
import { createQuotaProjects } from './quota-project.ts';
import { isRepeatable } from './repeatable.ts';
import type { GoogleService } from './services.ts';

/** One try of a request, as reported to listeners: without bodies or tokens. */
export interface GoogleCall {
  readonly service: GoogleService;
  readonly method: GoogleRequest['method'];
  readonly path: string;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly ms: number;
  /** From 1. */
  readonly attempt: number;
}

/** Google's APIs over REST. Never rejects. */
export interface Google {
  /**
   * Sends a request. 429 and 503 are retried with growing, random pauses; lost connections and other 5xx only if the
   * request is safe to repeat.
   */
  call<T>(request: GoogleRequest): Promise<GoogleReply<T>>;
  /** An access token, for registries and other protocols. It is registered with the redactor. */
  token(): Promise<Outcome<string>>;
}

/** What the client is made from. */
export interface GoogleOptions {
  /** Base URLs in place of Google's, by service. */
  readonly endpoints: Readonly<Partial<Record<GoogleService, string>>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly redactor: Redactor;
  /** Service account to impersonate. */
  readonly impersonate?: string;
  /** The environment's own project, to which requests are charged where the caller may use it. */
  readonly quotaProject?: string;
  /** Called for each try. */
  readonly onCall?: (call: GoogleCall) => void;
  /** How long one request may take including all its tries, in milliseconds. Default: 60,000. */
  readonly budgetMs?: number;
  /** How long one try may take, in milliseconds. Default: 30,000. */
  readonly tryMs?: number;
  /**
   * How long to wait for the very first answer, in milliseconds: without one, assume that there is no network. Default:
   * 10,000.
   */
  readonly firstAnswerMs?: number;
}

/**
 * Creates a client. Credentials are looked up at the first request: `GOOGLE_OAUTH_ACCESS_TOKEN`, else Google's
 * application default credentials (a user, a service account, workload identity federation).
 *
 * @example
 * const google = createGoogle({ endpoints: {}, env: process.env, redactor });
 * const job = await google.call({ service: 'run', method: 'GET', path: 'v2/projects/p/locations/r/jobs/j' });
 */
export function createGoogle(given: GoogleOptions): Google {
  const options = { ...given, http: createHttp({ env: given.env, sockets: 16 }) };
  const connection: ConnectionState = { state: 'untried' };
  const quotaProjects = createQuotaProjects(options.quotaProject);
  const sendCharged = <T>(request: GoogleRequest, signature: Signature): Promise<GoogleReply<T>> =>
    quotaProjects.send<T>(signature, (quotaProject) =>
      send<T>(options, connection, request, {
        token: signature.token,
        ...(quotaProject === undefined ? {} : { quotaProject }),
      }),
    );
  const credentials = createGoogleCredentials({
    env: options.env,
    redactor: options.redactor,
    ...(options.impersonate === undefined ? {} : { impersonate: options.impersonate }),
    exchange: (request, signature) => sendCharged(request, signature),
  });
  return {
    call: <T>(request: GoogleRequest) =>
      withCredentials<T>(credentials, (signature) => sendCharged(request, signature)),
    async token() {
      const found = await credentials.get();
      return found.ok ? { ok: true, value: found.value.token } : found;
    },
  };
}

/** Whether the network answers. After a long time without an answer, each further call gets only one try. */
interface ConnectionState {
  state: 'untried' | 'answers' | 'dead';
}

async function withCredentials<T>(
  credentials: Credentials,
  sendSigned: (signature: Signature) => Promise<GoogleReply<T>>,
): Promise<GoogleReply<T>> {
  for (let refreshed = false; ; refreshed = true) {
    const signature = await credentials.get();
    if (!signature.ok) return { ok: false, error: refusedCredentials(signature.findings) };
    const reply = await sendSigned(signature.value);
    // A token may have expired early; if a second one is refused too, that is the answer.
    if (reply.ok || reply.error.status !== 401 || refreshed || !credentials.forget()) return reply;
  }
}

async function send<T>(
  options: GoogleOptions & { readonly http: Http },
  connection: ConnectionState,
  request: GoogleRequest,
  signature: Signature,
): Promise<GoogleReply<T>> {
  const unsafe = unencrypted(options, request.service);
  if (unsafe !== undefined) return { ok: false, error: refusedCredentials([unsafe]) };
  const began = performance.now();
  const isAborted = (): boolean => request.signal?.aborted === true;
  for (let attempt = 1; ; attempt += 1) {
    const { reply, retryAfter } = await once<T>(
      { ...options, tryMs: timeoutsOf(options, connection) },
      request,
      signature,
      attempt,
    );
    if (reply.ok || !reply.error.lost) connection.state = 'answers';
    if (reply.ok || isAborted() || !isRepeatable(request, reply.error)) return reply;
    const pause = retryAfter ?? backoff(attempt, Math.random());
    if (performance.now() - began + pause > budgetOf(options, connection)) {
      if (connection.state === 'untried') connection.state = 'dead';
      return reply;
    }
    await sleep(pause, undefined, request.signal === undefined ? {} : { signal: request.signal }).catch(() => {});
    if (isAborted()) return reply;
  }
}

function cappedMs(ms: number | undefined, capMs: number): number | undefined {
  return ms === undefined ? undefined : Math.min(ms, capMs);
}

function budgetOf({ budgetMs = 60_000, firstAnswerMs = 10_000 }: GoogleOptions, { state }: ConnectionState): number {
  if (state === 'dead') return 0;
  return state === 'answers' ? budgetMs : Math.min(budgetMs, firstAnswerMs);
}

/** The timeout of one try. */
function timeoutsOf({ tryMs = 30_000, firstAnswerMs = 10_000 }: GoogleOptions, { state }: ConnectionState): number {
  if (state === 'answers') return tryMs;
  return Math.min(tryMs, state === 'dead' ? 3_000 : firstAnswerMs);
}

interface Answered<T> {
  readonly reply: GoogleReply<T>;
  /** How long the server asks us to wait, in milliseconds. */
  readonly retryAfter?: number | undefined;
}

/** A page of log entries may have some megabytes. */
const longestAnswer = 128 * 1024 * 1024;

async function once<T>(
  options: GoogleOptions & { readonly http: Http },
  request: GoogleRequest,
  signature: Signature,
  attempt: number,
): Promise<Answered<T>> {
  const began = performance.now();
  const { service, method, path } = request;
  const report = (status: number): void =>
    options.onCall?.({ service, method, path, status, ms: Math.round(performance.now() - began), attempt });
  const timeout = AbortSignal.timeout(options.tryMs ?? 30_000);
  const url = addressOf(options, request);
  try {
    const answer = await options.http.send({
      method,
      url,
      headers: headersOf(request, signature),
      signal: request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal]),
      ...(request.body === undefined ? {} : { body: Buffer.from(JSON.stringify(request.body)) }),
    });
    // Read the body before the answer counts: one that breaks off is not an answer.
    const text = (await readAll(answer, longestAnswer)).toString('utf8');
    const status = answer.statusCode ?? 0;
    report(status);
    if (status < 200 || status > 299)
      return {
        reply: { ok: false, error: errorOf(status, text) },
        // Half a minute at most, because a person may be waiting.
        retryAfter: cappedMs(retryAfterMs(answer.headers['retry-after']), 30_000),
      };
    return { reply: { ok: true, value: (text === '' ? {} : JSON.parse(text)) as T } };
  } catch (error) {
    report(0);
    const { host } = new URL(url);
    const ended = [timeout, request.signal].find((signal) => signal?.aborted === true);
    const why: unknown = ended === undefined ? error : ended.reason;
    return { reply: { ok: false, error: lostError(why, host, proxyNote(host, options.env)) } };
  }
}

/** The token would travel unencrypted. */
function unencrypted({ endpoints }: GoogleOptions, service: GoogleService): Finding | undefined {
  const base = endpoints[service];
  if (base === undefined || !URL.canParse(base)) return undefined;
  const { protocol, hostname } = new URL(base);
  if (protocol === 'https:' || /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)) return undefined;
  const why = `The endpoint of ${service} is ${base}: without encryption, others could read the access token in transit.`;
  return fault('config-invalid', { why, fix: 'Use https://; http:// is accepted for this machine only.' });
}

function addressOf(options: GoogleOptions, request: GoogleRequest): string {
  const base = options.endpoints[request.service] ?? `https://${request.service}.googleapis.com`;
  const query = new URLSearchParams(request.query).toString();
  return `${base.replace(/\/$/, '')}/${request.path}${query === '' ? '' : `?${query}`}`;
}

function headersOf(request: GoogleRequest, { token, quotaProject }: Signature): Record<string, string> {
  return {
    authorization: `Bearer ${token}`,
    accept: 'application/json',
    'user-agent': 'godwit',
    ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(quotaProject === undefined ? {} : { 'x-goog-user-project': quotaProject }),
  };
}
