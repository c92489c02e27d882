import { request as plainRequest, type ClientRequestArgs, type IncomingMessage } from 'node:http';
import { Agent, request as secureRequest, type AgentOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect } from 'node:tls';
import type { Proxy } from './proxy.ts';

/** The proxy did not open a tunnel. The message says why, without user or password. */
export class ProxyRefusal extends Error {
  override readonly name = 'ProxyRefusal';
  /** True when another try would end the same way. */
  readonly isFinal: boolean;

  constructor(proxy: Proxy, reason: string, isFinal: boolean) {
    super(`the proxy ${proxy.place} of ${proxy.variable} ${reason}`);
    this.isFinal = isFinal;
  }
}

/** How long the proxy may take to open a tunnel. */
const openMs = 20_000;

type TunnelOpened = (error: Error | null, socket?: Duplex) => void;

/**
 * Connections through an HTTP proxy, by CONNECT: what passes it is encrypted from here to the server. Node’s own agents
 * learn to do this in version 22.21, and only where NODE_USE_ENV_PROXY is set.
 */
export class TunnelAgent extends Agent {
  readonly #proxy: Proxy;
  /** Why the login was refused, until a tunnel has been opened: to send it again may lock the account. */
  #refusedLogin: string | undefined;
  #hasOpened = false;

  constructor(proxy: Proxy, options: AgentOptions) {
    super(options);
    this.#proxy = proxy;
  }

  override createConnection(options: ClientRequestArgs, opened: TunnelOpened): undefined {
    const proxy = this.#proxy;
    const fail = (reason: string, isFinal = false): void => opened(new ProxyRefusal(proxy, reason, isFinal));
    const { address } = proxy;
    if (address === undefined) {
      fail('has no address of an HTTP proxy: write http://HOST:PORT', true);
      return undefined;
    }
    if (this.#refusedLogin !== undefined && !this.#hasOpened) {
      fail(this.#refusedLogin, true);
      return undefined;
    }
    const refuse = (answer: IncomingMessage): void => {
      if (answer.statusCode === 407) this.#refusedLogin = refusalOf(answer);
      fail(refusalOf(answer), isFinal(answer));
    };
    const target = `${options.host ?? ''}:${options.port ?? 443}`;
    const asked = (address.protocol === 'https:' ? secureRequest : plainRequest)({
      host: address.hostname.replace(/^\[|\]$/g, ''),
      port: address.port === '' ? (address.protocol === 'https:' ? 443 : 80) : address.port,
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...authorizationOf(address) },
      agent: false,
      timeout: openMs,
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer in ${openMs / 1_000} s`)));
    asked.on('error', (error: NodeJS.ErrnoException) => fail(`cannot be used: ${error.code ?? error.message}`));
    asked.on('response', (answer) => {
      answer.resume();
      refuse(answer);
    });
    asked.on('connect', (answer, socket) => {
      if (answer.statusCode === 200) {
        this.#hasOpened = true;
        return opened(null, connect({ ...tlsOptions(options), socket }));
      }
      socket.destroy();
      refuse(answer);
    });
    asked.end();
    return undefined;
  }
}

/** A login that is missing or a host that is forbidden stays so; a proxy without a way (502, 503) may find one. */
function isFinal({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode < 500;
}

function refusalOf({ statusCode = 0 }: IncomingMessage): string {
  if (statusCode === 407) return 'demands a login (407): write it as http://USER:PASSWORD@HOST:PORT';
  return `refuses the connection (${statusCode})`;
}

function authorizationOf({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '' && password === '') return {};
  const login = `${decoded(username)}:${decoded(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` };
}

/** A password with a lone % is meant as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What the agent has prepared for TLS, without what belongs to a connection of its own. */
function tlsOptions(options: ClientRequestArgs): object {
  const { path: _path, timeout: _timeout, ...rest } = options;
  return { ALPNProtocols: ['http/1.1'], ...rest };
}
