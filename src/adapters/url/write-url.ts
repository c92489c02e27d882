import type { DatabaseAddress } from '../postgres/address.ts';
import { piecesOf } from './split-url.ts';

/** The URL of an address, password included: for another process of ours, never for a screen. */
export function databaseUrlOf(address: DatabaseAddress): string {
  const { keepAlive, connectTimeoutMs } = address;
  const socket = address.host.startsWith('/');
  const host =
    address.host.includes(':') && !socket ? `[${encode(address.host).replaceAll('%3A', ':')}]` : encode(address.host);
  const parameters: readonly (readonly [string, string | undefined])[] = [
    ['sslmode', address.tls],
    ['hostaddr', address.hostAddress],
    ['sslrootcert', address.rootCertificate],
    ['sslcert', address.clientCertificate],
    ['sslkey', address.clientKey],
    ['sslpassword', address.clientKeyPassword],
    ['sslcrl', address.revoked],
    ['sslnegotiation', address.tlsDirect === true ? 'direct' : undefined],
    ['ssl_min_protocol_version', address.tlsMinimum],
    ['ssl_max_protocol_version', address.tlsMaximum],
    ['channel_binding', address.channelBinding],
    ['require_auth', address.requireAuth],
    ['options', address.options],
    ['target_session_attrs', address.session],
    ['connect_timeout', connectTimeoutMs === undefined ? undefined : String(Math.ceil(connectTimeoutMs / 1000))],
    ['keepalives', keepAlive === false ? '0' : undefined],
    ['keepalives_idle', typeof keepAlive === 'number' ? String(Math.ceil(keepAlive / 1000)) : undefined],
  ];
  const query = parameters.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encode(value)}`]));
  const credentials = credentialsOf(address.user, address.password);
  return `postgresql://${credentials}${host}:${address.port}/${encode(address.database)}?${query.join('&')}`;
}

/** The URL as it was given, with the user and the password that came from elsewhere. */
export function withCredentials(given: string, { user, password }: DatabaseAddress): string {
  const { authority } = piecesOf(given);
  const begin = given.indexOf('://') + 3;
  const place = authority.slice(authority.indexOf('@') + 1);
  return `${given.slice(0, begin)}${credentialsOf(user, password)}${place}${given.slice(begin + authority.length)}`;
}

function credentialsOf(user: string, password: string | undefined): string {
  return `${encode(user)}${password === undefined ? '' : `:${encode(password)}`}@`;
}

function encode(text: string): string {
  return encodeURIComponent(text);
}
