import type { DatabaseAddress } from './address.ts';
import type { Reason } from './reason.ts';
import type { ServerAnswer } from './refusal.ts';

/** Why no encrypted connection came about; undefined: TLS is not the reason. */
export function tlsFault(error: ServerAnswer, address: DatabaseAddress): Reason | undefined {
  const { code = '', message } = error;
  if (/does not support SSL/i.test(message)) return { code: 'tls-unsupported' };
  if (/before secure TLS connection was established/.test(message))
    return {
      code: 'tls-failed',
      why: 'the other side closed the connection during the TLS handshake.',
    };
  const verified = verification(error, address);
  if (verified !== undefined) return { code: 'tls-refused', ...verified };
  if (!/^ERR_SSL|^EPROTO$|SSL|TLS/.test(`${code} ${message}`)) return undefined;
  const words = /:SSL routines:[^:]*:([^:]+):/.exec(message)?.[1] ?? message;
  if (/certificate|unknown ca|handshake failure/i.test(words) && /alert/i.test(`${code} ${words}`))
    return { code: 'client-certificate', why: `the server ended the TLS handshake: ${words}.` };
  return { code: 'tls-failed', why: `the TLS handshake failed: ${words}.` };
}

interface Unverified {
  readonly why?: string;
  readonly fix?: string;
}

const noAuthority = new Set([
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
  'CERT_SIGNATURE_FAILURE',
  'INVALID_CA',
  'CERT_REJECTED',
]);
const selfSigned = new Set(['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN']);
const elsewise = new Set(['CERT_REVOKED', 'INVALID_PURPOSE', 'CERT_CHAIN_TOO_LONG', 'PATH_LENGTH_EXCEEDED']);

/** What is wrong with the server's certificate; undefined: that is not the reason. */
function verification(error: ServerAnswer, address: DatabaseAddress): Unverified | undefined {
  const { code = '' } = error;
  if (code === 'CERT_HAS_EXPIRED')
    return {
      fix: 'Renew the server’s certificate and reload the server. If this machine’s clock is wrong, correct that.',
    };
  if (code === 'CERT_NOT_YET_VALID')
    return { fix: 'Correct this machine’s clock, or the dates of the server’s certificate.' };
  if (code.startsWith('ERR_TLS_CERT_ALTNAME') || code === 'HOSTNAME_MISMATCH')
    return {
      ...namesOf(error, address),
      fix: 'Connect by a name that is in the certificate, or write `sslmode=verify-ca`, which checks the authority and not the name (a private IP is rarely in a certificate).',
    };
  if (selfSigned.has(code) || noAuthority.has(code))
    return (address.rootCertificate ?? 'system') === 'system' && address.serverCa === undefined
      ? {}
      : {
          fix: 'The CA that was given did not sign this server’s certificate: fetch the server’s present CA, or check that the address leads to the server that you mean.',
        };
  return elsewise.has(code)
    ? { fix: 'Give the server a certificate that is made for servers and is not revoked.' }
    : undefined;
}

/** Node lists only names of the same kind as the host. */
function namesOf(error: ServerAnswer, { host }: DatabaseAddress): { readonly why?: string } {
  const { cert } = error as { readonly cert?: { readonly subjectaltname?: string } };
  const names = (cert?.subjectaltname ?? '').replaceAll(/\b(DNS|IP Address):/g, '');
  return names === '' ? {} : { why: `the certificate is for ${names}, not for ${host}.` };
}
