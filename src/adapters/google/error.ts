import type { Finding } from '../../kit/finding.ts';
import { LostConnection } from '../http/http.ts';

/** What was wrong with a request, in the same form for all services. */
export interface GoogleError {
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  /** `NOT_FOUND`, `PERMISSION_DENIED`, `ALREADY_EXISTS`, … */
  readonly reason: string;
  /** The server's message. */
  readonly message: string;
  /** The missing permission, if the server names it: `run.jobs.create`. */
  readonly permission?: string;
  /** The finer reason: `SERVICE_DISABLED`, `IAM_PERMISSION_DENIED`, … */
  readonly detail?: string;
  /** The project that the request was charged to, as its id or its number, if the server names it. */
  readonly consumer?: string;
  /** The quota project that the request named. */
  readonly quotaProject?: string;
  /** The API that the error is about, if the server names it: `run.googleapis.com`. */
  readonly api?: string;
  /** The organization’s policy that forbids it: `constraints/run.allowedVPCEgress`, or the identifier of a perimeter’s refusal. */
  readonly policy?: string;
  /** True when no answer came, so that it is unknown whether the request took effect. */
  readonly lost: boolean;
  /** True when another try would end the same way: the proxy refuses the login or the host. */
  readonly isFinal?: boolean;
  /** Set when credentials failed before anything was sent. */
  readonly finding?: Finding;
}

const byStatus: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
  412: 'FAILED_PRECONDITION',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

const byCode = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

interface ErrorBody {
  readonly message?: unknown;
  readonly status?: unknown;
  readonly details?: readonly {
    readonly reason?: unknown;
    readonly metadata?: Readonly<Record<string, unknown>>;
    readonly violations?: readonly { readonly type?: unknown; readonly description?: unknown }[];
  }[];
}

/** Reads the error from an answer: in Google's own form, or whatever a proxy in between sent. */
export function errorOf(status: number, text: string): GoogleError {
  const body = bodyOf(text);
  const reason = typeof body?.status === 'string' ? body.status : (byStatus[status] ?? `HTTP_${status}`);
  const message = typeof body?.message === 'string' ? body.message : plain(text, status);
  return { status, reason, message, ...detailsOf(body, message), lost: false };
}

/** The error that a long-running operation ended with: `google.rpc.Status`. */
export function operationError(status: { readonly code?: number; readonly message?: string }): GoogleError {
  const reason = byCode[status.code ?? 2] ?? 'UNKNOWN';
  const http = Number(Object.entries(byStatus).find(([, name]) => name === reason)?.[0] ?? 500);
  const message = status.message ?? reason;
  return { status: http, reason, message, ...detailsOf(status, message), lost: false };
}

/** The error of a request that got no answer. @param note what else is known about the way to the host */
export function lostError(error: unknown, host: string, note = ''): GoogleError {
  const { name, message, code } = error as Error & { readonly code?: string };
  const isTold = error instanceof LostConnection && code === undefined;
  const why = known[name] ?? code ?? (isTold ? message : `no answer (${name})`);
  // What a proxy has refused names the proxy.
  const way = isTold ? '' : note;
  const final = isTold && error.isFinal ? { isFinal: true } : {};
  return { status: 0, reason: 'LOST', message: `${host}: ${why}${way}`, lost: true, ...final };
}

const known: Readonly<Record<string, string>> = {
  TimeoutError: 'no answer in time',
  SyntaxError: 'the answer is not JSON; a proxy may have sent it',
};

/** The error of a request that was not sent because no credentials could sign it. */
export function refusedCredentials(findings: readonly Finding[]): GoogleError {
  const [finding] = findings;
  const message = finding?.why ?? 'There are no credentials.';
  return {
    status: 401,
    reason: 'UNAUTHENTICATED',
    message,
    lost: false,
    ...(finding === undefined ? {} : { finding }),
  };
}

function bodyOf(text: string): ErrorBody | undefined {
  try {
    const parsed = JSON.parse(text) as { readonly error?: unknown } | readonly { readonly error?: unknown }[];
    const error = Array.isArray(parsed) ? parsed[0]?.error : (parsed as { readonly error?: unknown }).error;
    if (typeof error === 'string') return { message: error };
    return typeof error === 'object' && error !== null ? error : undefined;
  } catch {
    return undefined;
  }
}

type Details = Pick<GoogleError, 'permission' | 'detail' | 'consumer' | 'api' | 'policy'>;

function detailsOf(body: ErrorBody | undefined, message: string): Details {
  const details = Array.isArray(body?.details) ? body.details : [];
  const info = details.find((one) => typeof one.reason === 'string');
  const metadata = (name: string): string => (typeof info?.metadata?.[name] === 'string' ? info.metadata[name] : '');
  const permission = metadata('permission') || permissionIn(message);
  const consumer = metadata('consumer').replace(/^projects\//, '');
  const api = metadata('service');
  const policy = metadata('uid') || policyOf(details, metadata('customConstraints'), message);
  return {
    ...(permission === '' || !/denied|permission/i.test(message) ? {} : { permission }),
    ...(typeof info?.reason === 'string' ? { detail: info.reason } : detailIn(message)),
    ...(consumer === '' ? {} : { consumer }),
    ...(api === '' ? {} : { api }),
    ...(policy === undefined ? {} : { policy }),
  };
}

/** Only what is in quotes, or called so by Cloud SQL: parts of e-mail addresses have the same form. */
function permissionIn(message: string): string {
  const quoted = /(['"`])([a-z]+(?:\.[a-zA-Z]+){2})\1/.exec(message)?.[2];
  return quoted ?? /\bmissing permission ([a-z]+(?:\.[a-zA-Z]+){2})\b/.exec(message)?.[1] ?? '';
}

function policyOf(details: NonNullable<ErrorBody['details']>, custom: string, message: string): string | undefined {
  if (custom !== '') return custom;
  const types = details.flatMap(({ violations = [] }) => violations).map(({ type }) => type);
  const violated = types.find((type) => typeof type === 'string' && type.startsWith('constraints/'));
  return typeof violated === 'string' ? violated : /\b(?:customConstraints|constraints)\/[\w.]*\w/.exec(message)?.[0];
}

/** Older services report it only in their message. */
function detailIn(message: string): Pick<GoogleError, 'detail'> {
  if (/permission to use project/i.test(message)) return { detail: 'USER_PROJECT_DENIED' };
  return /has not been used in project|it is disabled|API .*not enabled/i.test(message)
    ? { detail: 'SERVICE_DISABLED' }
    : {};
}

/** The text of an answer that is not Google's, such as a proxy's page. */
function plain(text: string, status: number): string {
  const content = text
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return content === '' ? `HTTP status ${status}` : content.slice(0, 300);
}
