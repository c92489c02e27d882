import type { FaultCode } from '../../kit/catalogue/index.ts';
import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import type { DatabaseAddress } from './address.ts';
import { answeredBy, passwordsOnly, type Greeting } from './greeting.ts';
import type { Reason } from './reason.ts';
import { refusal, type ServerAnswer } from './refusal.ts';
import { tlsFault } from './tls-fault.ts';

/** Names why a connection failed: by what the server answered, by the system's error code, or by the driver's text. */
export function connectFault(
  error: Error,
  address: DatabaseAddress,
  greeting: Greeting = { connected: false },
): Finding {
  const { code, why, fix } = reasonOf(error, address, greeting);
  const at = address.host.startsWith('/') ? address.host : `${address.host}:${address.port}`;
  return fault(code, { why: `${at}: ${why ?? wordsOf(error)}`, ...(fix === undefined ? {} : { fix }) });
}

function reasonOf(error: Error, address: DatabaseAddress, greeting: Greeting): Reason {
  const answer = error as ServerAnswer;
  if (answer.severity !== undefined && answer.code !== undefined) return refusal(answer, address);
  const other = answeredBy(greeting);
  if (other !== undefined) return other;
  // Reading a socket is a `read` too.
  if (answer.syscall === 'open' || answer.code === 'EISDIR') return { code: 'url-certificate' };
  return (
    passwordReason(error.message) ??
    networkReason(answer, address) ??
    tlsFault(answer, address) ??
    silence(error.message, greeting) ?? { code: 'database-unreachable' }
  );
}

/** Node also names its own end of the connection, which is of no use here. */
function wordsOf(error: Error): string {
  return error.message.replace(/ - Local \(.*\)$/, '') || ((error as ServerAnswer).code ?? '');
}

/** What the driver says when it cannot answer the server's question for a password. */
function passwordReason(message: string): Reason | undefined {
  if (/client password must be/.test(message))
    return { code: 'password-missing', why: 'the server asks for a password, and the connection has none.' };
  if (message.startsWith('SASL: Only mechanism'))
    return {
      code: 'login-refused',
      why: `the server asks for a login that is not by password (${message}).`,
      fix: passwordsOnly,
    };
  if (/server signature/.test(message))
    return {
      code: 'password-refused',
      why: `the server could not prove that it knows the password (${message}).`,
      fix: 'Something between here and the server answers in its place, or the role’s stored password is damaged: check the address, or set the password again.',
    };
  return undefined;
}

const bySystemCode: Readonly<Record<string, FaultCode>> = {
  ENOTFOUND: 'host-not-found',
  EAI_AGAIN: 'host-not-found',
  ECONNREFUSED: 'connection-refused',
  ENOENT: 'connection-refused',
  ENOTDIR: 'connection-refused',
  ENOTSOCK: 'connection-refused',
  ETIMEDOUT: 'connection-timeout',
  EHOSTUNREACH: 'host-unreachable',
  EHOSTDOWN: 'host-unreachable',
  ENETDOWN: 'no-route',
  ENETUNREACH: 'no-route',
  // An IPv6 address on a machine without IPv6.
  EADDRNOTAVAIL: 'no-route',
  EAFNOSUPPORT: 'no-route',
  EACCES: 'network-prohibited',
  EPERM: 'network-prohibited',
  // A blackhole route.
  EINVAL: 'network-prohibited',
};

function networkReason(error: ServerAnswer, { host }: DatabaseAddress): Reason | undefined {
  const code = bySystemCode[error.code ?? ''];
  if (code === 'network-prohibited' && host.startsWith('/'))
    return { code, fix: 'Run as an account that may open the socket in this folder, or use the server’s TCP address.' };
  return code === undefined ? undefined : { code };
}

const seconds = 'within the time for one attempt';

/** The other side said nothing, or ended the connection before it said anything. */
function silence(message: string, { connected, first }: Greeting): Reason | undefined {
  if (/timeout expired|timed out/i.test(message)) {
    if (!connected) return { code: 'connection-timeout' };
    return first === undefined
      ? {
          code: 'connection-timeout',
          why: `the port accepts connections, but nothing was answered ${seconds}.`,
          fix: 'The network is right. Check that the port is PostgreSQL’s, and that the server is not stopped or overloaded; a proxy or load balancer also accepts connections for a server that does not answer.',
        }
      : {
          code: 'connection-timeout',
          why: `the server answered, but the login did not end ${seconds}.`,
          fix: 'The network is right. The server may be overloaded, or wait for another service that checks the login (LDAP, PAM, RADIUS), or a pooler waits for a free connection: see its log.',
        };
  }
  if (/terminated unexpectedly|socket hang up|ECONNRESET|EPIPE|ECONNABORTED/.test(message))
    return first === undefined
      ? { code: 'connection-closed', why: 'the other side closed the connection without an answer.' }
      : { code: 'connection-closed', why: 'the other side closed the connection during the login.' };
  return undefined;
}
