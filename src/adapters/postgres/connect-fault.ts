import type { FaultCode } from '../../kit/catalogue/index.ts';
import { fault } from '../../kit/fault.ts';
import type { Finding } from '../../kit/finding.ts';
import type { DatabaseAddress } from './address.ts';

/** Names why a connection failed: by SQLSTATE, by the system's error code, or by the driver's text. */
export function connectFault(error: Error, address: DatabaseAddress): Finding {
  const code = (error as Error & { code?: string }).code ?? '';
  const at = address.host.startsWith('/') ? address.host : `${address.host}:${address.port}`;
  // Node also names its own end of the connection, which is of no use here.
  const message = error.message.replace(/ - Local \(.*\)$/, '') || code;
  return fault(faultCode(code, error.message), { why: `${at}: ${message}` });
}

const byCode: Readonly<Record<string, FaultCode>> = {
  ENOTFOUND: 'host-not-found',
  EAI_AGAIN: 'host-not-found',
  ECONNREFUSED: 'connection-refused',
  ENOENT: 'connection-refused',
  ETIMEDOUT: 'connection-timeout',
  EHOSTUNREACH: 'host-unreachable',
  ENETUNREACH: 'no-route',
  // An IPv6 address on a machine without IPv6.
  EADDRNOTAVAIL: 'no-route',
  EAFNOSUPPORT: 'no-route',
  EACCES: 'network-prohibited',
  EPERM: 'network-prohibited',
  // A blackhole route.
  EINVAL: 'network-prohibited',
  '28P01': 'password-refused',
  '28000': 'login-refused',
  '3D000': 'database-missing',
  '55000': 'database-closed',
  '53300': 'too-many-connections',
  '57P03': 'server-starting',
  '42501': 'login-refused',
};

function faultCode(code: string, message: string): FaultCode {
  const known = byCode[code];
  if (known !== undefined) return known;
  if (/timeout expired|timed out/i.test(message)) return 'connection-timeout';
  if (/does not support SSL/i.test(message)) return 'tls-unsupported';
  if (/certificate|self.signed|altnames|SSL|TLS/i.test(`${message} ${code}`)) return 'tls-refused';
  return 'database-unreachable';
}
