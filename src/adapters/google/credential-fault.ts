import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import type { Redactor } from '../../kit/redact.ts';
import type { ProcessVariables } from '../../kit/secret-variables.ts';
import { proxyFor } from '../http/proxy.ts';

/** Where credentials that failed came from. */
export interface FailedCredentials {
  readonly env: ProcessVariables;
  readonly redactor: Redactor;
  /** `The file of gcloud, /home/ann/…,`; absent: they came from the metadata server. */
  readonly label?: string;
}

/** The parts of an error of Google's library that are used. */
interface LibraryError {
  readonly code?: unknown;
  readonly status?: unknown;
  readonly message?: unknown;
  readonly cause?: LibraryError;
  readonly config?: { readonly url?: unknown };
  readonly response?: { readonly status?: unknown; readonly data?: unknown };
}

/**
 * The cause of an error of Google's authentication library. Its texts quote files and values of the environment, so none
 * of them is shown: only codes of the system, and what Google's server answered.
 */
export function credentialFault(thrown: unknown, source: FailedCredentials): Finding {
  const error = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as LibraryError;
  const { label = 'The metadata server of this machine' } = source;
  const host = hostOf(error);
  const proxy = proxyFor(host, source.env);
  const status = Number(error.response?.status ?? error.status);
  const lost = lostCode(error);
  if (lost !== undefined || status === 407) {
    const reason = lost ?? 'it demands a login (407)';
    if (proxy === undefined)
      return fault('google-unreachable', { why: `Exchanging the credentials for a token: ${host}: ${reason}.` });
    return fault('google-unreachable', {
      why: `Exchanging the credentials for a token at ${host} goes through the proxy ${proxy.place}, as ${proxy.variable} says: ${reason}.`,
      fix: `Correct ${proxy.variable}, or remove it if this machine needs no proxy.`,
    });
  }
  if (status >= 500)
    return fault('google-unavailable', { why: `Exchanging the credentials for a token: ${host} answered ${status}.` });
  const answer = answerOf(error.response?.data, source.redactor);
  if (answer !== undefined || status >= 400)
    return fault('google-credentials-refused', {
      why: `${label} holds credentials that ${host} refuses: ${answer ?? `status ${status}`}`,
    });
  return fault('google-credentials-invalid', { why: `${label} cannot be used: ${reasonOf(error)}.` });
}

const lostCodes =
  /^(?:ECONN|ENOTFOUND|EAI_|ETIMEDOUT|ENET|EHOST|EPIPE|EPROTO|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|UND_ERR|HOSTNAME_|TimeoutError|AbortError)/;

function lostCode(error: LibraryError): string | undefined {
  const codes = [error.code, error.cause?.code, (error.cause as { readonly name?: unknown } | undefined)?.name];
  return codes.find((code): code is string => typeof code === 'string' && lostCodes.test(code));
}

function hostOf({ config }: LibraryError): string {
  const found = config?.url;
  const url = found instanceof URL ? found.href : typeof found === 'string' ? found : '';
  return URL.canParse(url) ? new URL(url).host : 'oauth2.googleapis.com';
}

/** Google's own words: a code as in RFC 6749, and its description. */
function answerOf(data: unknown, redactor: Redactor): string | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { error, error_description: description } = data as Readonly<Record<string, unknown>>;
  const nested =
    typeof error === 'object' && error !== null ? (error as { readonly message?: unknown }).message : error;
  const words = [nested, description].filter((word): word is string => typeof word === 'string' && word !== '');
  return words.length === 0 ? undefined : redactor.redact(words.join(': ').replace(/\s+/g, ' ')).slice(0, 300);
}

/** Failures before anything was sent, by what is sure to hold no value. */
function reasonOf({ code, message }: LibraryError): string {
  const text = typeof message === 'string' ? message : '';
  if (/executables need to be explicitly allowed/.test(text))
    return 'they run a program, which GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1 must allow';
  if (/subject_token/.test(text)) return 'the place that `credential_source` names gives no token';
  if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR')
    return `the file that \`credential_source\` names cannot be read (${code})`;
  if (typeof code === 'string' && /^ERR_(?:OSSL|CRYPTO)/.test(code)) return `the private key cannot be read (${code})`;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code)
    ? `Google’s library refuses them (${code})`
    : 'Google’s library refuses them';
}
