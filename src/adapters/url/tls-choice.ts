import type { FaultCode } from '../../kit/catalogue/index.ts';
import type { TlsMode } from '../postgres/address.ts';
import type { Asked } from './asked.ts';

/** Why the parameters of TLS are refused; an absent text is that of the catalogue. */
interface Weak {
  readonly code: FaultCode;
  readonly why?: string;
  readonly fix?: string;
}

const modes: ReadonlySet<string> = new Set<TlsMode>([
  'disable',
  'allow',
  'prefer',
  'require',
  'verify-ca',
  'verify-full',
]);

/** The part of the parameters that decides about TLS. */
type TlsAsked = Pick<Asked, 'sslmode' | 'sslrootcert' | 'sslcert' | 'tlsDirect' | 'channelBinding'>;

/**
 * Chooses how the server is authenticated. Full verification is the default for every host except this machine.
 *
 * @param place `socket` folder, `this` machine or `other` machine
 * @param serverCa true: the platform gives the CA of the server
 */
export function chooseTls(asked: TlsAsked, place: 'socket' | 'this' | 'other', serverCa: boolean): TlsMode | Weak {
  const { sslmode: mode, sslrootcert, sslcert, tlsDirect = false, channelBinding } = asked;
  if (mode !== undefined && !modes.has(mode)) return { code: 'url-sslmode' };
  // As libpq does: nobody can listen on a socket of this machine.
  if (place === 'socket') return 'disable';
  if (place === 'other' && (mode === 'prefer' || mode === 'allow')) return { code: 'url-sslmode' };
  if (sslrootcert === 'system' && mode !== undefined && mode !== 'verify-full')
    return {
      code: 'url-sslmode',
      why: `sslrootcert=system needs sslmode=verify-full, and the URL says sslmode=${mode}: anybody can get a certificate from one of these authorities.`,
      fix: 'Write sslmode=verify-full, or name the server’s own CA with sslrootcert=FILE.',
    };
  const named = sslrootcert !== undefined && sslrootcert !== '';
  const wanted = named || sslcert !== undefined || tlsDirect || channelBinding === 'require';
  if (mode === 'disable' || mode === 'allow' || mode === 'prefer') {
    if (tlsDirect || channelBinding === 'require')
      return {
        code: 'url-sslmode',
        why: `${tlsDirect ? 'sslnegotiation=direct' : 'channel_binding=require'} needs an encrypted connection, and sslmode=${mode} does not ensure one.`,
        fix: 'Write sslmode=verify-full.',
      };
    return named && mode !== 'disable' ? 'verify-ca' : mode;
  }
  if (mode === 'require') return named || serverCa ? 'verify-ca' : 'require';
  if (mode !== undefined) return mode as TlsMode;
  if (place === 'other') return serverCa ? 'verify-ca' : 'verify-full';
  if (sslrootcert === 'system') return 'verify-full';
  // Through a tunnel the host’s name cannot match.
  if (named) return 'verify-ca';
  return wanted ? 'require' : 'disable';
}
