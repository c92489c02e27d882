import type { ProcessVariables } from '../../kit/secret-variables.ts';

/** A proxy that the environment names. */
export interface Proxy {
  readonly variable: string;
  /** `proxy.corp:3128`, without user and password. */
  readonly place: string;
}

const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'] as const;

/** The proxy for requests to this host, as the libraries of Google choose it. */
export function proxyFor(host: string, env: ProcessVariables): Proxy | undefined {
  const variable = names.find((name) => (env[name] ?? '') !== '');
  if (variable === undefined || isExempt(host, env['NO_PROXY'] ?? env['no_proxy'] ?? '')) return undefined;
  const value = env[variable] ?? '';
  // The value may hold a password: only host and port are shown.
  return { variable, place: URL.canParse(value) && new URL(value).host !== '' ? new URL(value).host : 'an address' };
}

function isExempt(host: string, list: string): boolean {
  return list
    .split(',')
    .map((rule) => rule.trim().replace(/^\*?\./, ''))
    .some((rule) => rule === '*' || (rule !== '' && (host === rule || host.endsWith(`.${rule}`))));
}

/** What the environment says of a proxy, for the reason of a request that got no answer; empty: nothing. */
export function proxyNote(host: string, env: ProcessVariables): string {
  const proxy = proxyFor(host, env);
  if (proxy === undefined) return '';
  const { variable, place } = proxy;
  return env['NODE_USE_ENV_PROXY'] === '1'
    ? ` (through the proxy ${place} of ${variable})`
    : ` (without the proxy ${place}: Node uses ${variable} only with NODE_USE_ENV_PROXY=1)`;
}
