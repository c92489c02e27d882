// In the bundles this stands in for pg/lib/crypto/utils.js (scripts/pg-login.mjs), which uses WebCrypto: on Node that
// loads 20 modules before the first login. The functions have the same names, arguments and results. All are synchronous:
// 4,096 rounds take under 2 ms, and a thread for them costs more than it saves.
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

export { randomBytes };

type Bytes = Uint8Array | ArrayBuffer;

/** Bytes for node:crypto, which takes no ArrayBuffer everywhere. */
function view(bytes: Bytes): Uint8Array {
  return bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes;
}

export function md5(data: string | Uint8Array): string {
  return createHash('md5').update(data).digest('hex');
}

/** The answer to AuthenticationMD5Password. */
export function postgresMd5PasswordHash(user: string, password: string, salt: Uint8Array): string {
  return `md5${md5(Buffer.concat([Buffer.from(md5(password + user)), salt]))}`;
}

export function sha256(data: Bytes): Buffer {
  return createHash('sha256').update(view(data)).digest();
}

/** @param name as WebCrypto writes it: `SHA-384` */
export function hashByName(name: string, data: Bytes): Buffer {
  return createHash(name.replace('-', '')).update(view(data)).digest();
}

export function hmacSha256(key: Bytes, text: string): Buffer {
  return createHmac('sha256', view(key)).update(text).digest();
}

export function deriveKey(password: string, salt: Uint8Array, iterations: number): Buffer {
  return pbkdf2Sync(password, salt, iterations, 32, 'sha256');
}
