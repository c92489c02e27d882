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

/**
 * Keys that were derived lately, by a hash of what they come from: many databases of one server share the user's. Made
 * on first use, because the build wants no module here that does something when it is loaded.
 */
let derived: Map<string, Buffer> | undefined;
let forgetting: NodeJS.Timeout | undefined;

/** A few keys are kept until 5 seconds after the last login. */
export function deriveKey(password: string, salt: Uint8Array, iterations: number): Buffer {
  const source = createHash('sha256').update(`${iterations} ${salt.byteLength} `).update(salt).update(password);
  const name = source.digest('base64');
  derived ??= new Map();
  const key = derived.get(name) ?? pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  if (derived.size >= 4) derived.clear();
  derived.set(name, key);
  forgetting ??= setTimeout(() => derived?.clear(), 5_000).unref();
  forgetting.refresh();
  return Buffer.from(key);
}
