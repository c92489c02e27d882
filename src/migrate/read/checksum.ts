import { bomLength } from '../../sql/encoding.ts';
import type { Section } from '../contract/model.ts';
import type { ByteSource, Hashing } from '../contract/ports.ts';

/** A checksum that is fed piece by piece. */
export interface Checksum {
  /** The next bytes of the body, without BOM. */
  push(bytes: Uint8Array): void;
  hex(): string;
}

/** SHA-256 of the bytes with CR LF taken as LF; a lone CR stays. */
export function createChecksum(hashing: Hashing): Checksum {
  const hash = hashing.sha256();
  let heldCr = false;
  return {
    push(bytes) {
      if (bytes.length === 0) return;
      if (heldCr && bytes[0] !== 10) hash.update(carriageReturn);
      heldCr = bytes[bytes.length - 1] === 13;
      const rest = heldCr ? bytes.subarray(0, -1) : bytes;
      hash.update(rest.indexOf(13) === -1 ? rest : withoutCr(rest));
    },
    hex() {
      if (heldCr) hash.update(carriageReturn);
      return hash.hex();
    },
  };
}

const carriageReturn = Uint8Array.of(13);

function withoutCr(bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length);
  let used = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte !== 13 || bytes[at + 1] !== 10) result[used++] = byte;
  }
  return result.subarray(0, used);
}

const pieceSize = 1024 * 1024;

/**
 * Checksum of a file: SHA-256 (hex) of its bytes without BOM and with LF line ends.
 *
 * @param onHead receives its first bytes, without BOM
 */
export async function checksumOf(
  source: ByteSource,
  hashing: Hashing,
  onHead?: (bytes: Uint8Array) => void,
): Promise<string> {
  const checksum = createChecksum(hashing);
  for (let at = 0; at < source.size; at += pieceSize) {
    const bytes = await source.read(at, at + pieceSize);
    const bom = at === 0 ? bomLength(bytes) : 0;
    const body = bom === 0 ? bytes : bytes.subarray(bom);
    if (at === 0) onHead?.(body);
    checksum.push(body);
  }
  return checksum.hex();
}

/** The same of bytes in memory. */
export function checksumOfBytes(bytes: Uint8Array, hashing: Hashing, onHead?: (bytes: Uint8Array) => void): string {
  const bom = bomLength(bytes);
  const body = bom === 0 ? bytes : bytes.subarray(bom);
  onHead?.(body);
  const checksum = createChecksum(hashing);
  checksum.push(body);
  return checksum.hex();
}

/** A file's bytes without BOM, and how many bytes of BOM there are. */
export interface Body {
  readonly bom: 0 | 3;
  readonly source: ByteSource;
}

/** Detects a BOM and hides it: spans of an analysis count from the byte after it. */
export async function openBody(file: ByteSource): Promise<Body> {
  const bom = bomLength(await file.read(0, 3));
  if (bom === 0) return { bom, source: file };
  const source: ByteSource = {
    size: file.size - bom,
    read: (start, end) => file.read(start + bom, end + bom),
  };
  return { bom, source };
}

/** The bytes of a section alone. */
export function sectionOf(body: ByteSource, { start, end }: Section): ByteSource {
  return { size: end - start, read: (from, to) => body.read(start + from, Math.min(start + to, end)) };
}
