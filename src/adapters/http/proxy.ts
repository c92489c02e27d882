import type { ProcessVariables } from '../../kit/secret-variables.ts';

/** A proxy that the environment names. */
export interface Proxy {
  readonly variable: string;
  /** `proxy.corp:3128`, without user and password. */
  readonly place: string;
  /** Its whole address, which may hold a password; undefined when the value is not an address of an HTTP proxy. */
  readonly address: URL | undefined;
}

const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'] as const;

/** The proxy for encrypted requests to this host (with or without a port), as the libraries of Google choose it. */
export function proxyFor(host: string, env: ProcessVariables): Proxy | undefined {
  const variable = names.find((name) => (env[name] ?? '') !== '');
  if (variable === undefined || isExempt(host, env['NO_PROXY'] ?? env['no_proxy'] ?? '')) return undefined;
  const address = addressOf(env[variable] ?? '');
  // The value may hold a password: only host and port are shown.
  return { variable, place: address === undefined ? 'an address' : address.host, address };
}

/** As curl does, take a value without scheme as that of an HTTP proxy. */
function addressOf(value: string): URL | undefined {
  const text = value.trim();
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(whole)) return undefined;
  const address = new URL(whole);
  return /^https?:$/.test(address.protocol) ? address : undefined;
}

function isExempt(host: string, list: string): boolean {
  const name = host.replace(/:\d+$/, '');
  return list
    .split(/[\s,]+/)
    .map((rule) => rule.replace(/^\*?\./, '').toLowerCase())
    .some(
      (rule) => rule === '*' || (rule !== '' && [host, name].some((one) => one === rule || one.endsWith(`.${rule}`))),
    );
}

/** What the environment says of a proxy, for the reason of a request that got no answer; empty: nothing. */
export function proxyNote(host: string, env: ProcessVariables): string {
  const proxy = proxyFor(host, env);
  return proxy === undefined ? '' : ` (through the proxy ${proxy.place} of ${proxy.variable})`;
}
