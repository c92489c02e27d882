import { problem, type UnplacedProblem } from './text-problem.ts';

/** A file that is not text has as many problems as bytes. */
const most = 50;

/**
 * Finds NUL bytes and broken UTF-8 between `from` and `to`, which must be borders between characters if the text is
 * well-formed. One problem per run of bad bytes.
 */
export function findEncodingProblems(bytes: Uint8Array, from: number, to: number): readonly UnplacedProblem[] {
  const found: UnplacedProblem[] = [];
  let at = from;
  let lastBad = -2;
  while (at < to && found.length < most) {
    const byte = bytes[at] as number;
    if (byte !== 0 && byte < 128) {
      at += 1;
      continue;
    }
    const length = byte === 0 ? 0 : sequenceLength(bytes, at, to);
    if (length === 0) {
      const code = byte === 0 ? 'sql-nul' : 'sql-encoding';
      if (at !== lastBad + 1) found.push(problem(code, at, byte === 0 ? undefined : badByte(byte)));
      lastBad = at;
      at += 1;
    } else at += length;
  }
  return found;
}

function badByte(byte: number): string {
  return `The byte 0x${byte.toString(16).toUpperCase()} is not part of a UTF-8 character here. Such bytes would silently become replacement characters, so godwit rejects them.`;
}

/** Length of the well-formed UTF-8 sequence at `at`, 0 if there is none (overlong, surrogate, beyond U+10FFFF, cut). */
function sequenceLength(bytes: Uint8Array, at: number, to: number): number {
  const first = bytes[at] as number;
  const second = at + 1 < to ? (bytes[at + 1] as number) : 0;
  if (first >= 0xc2 && first <= 0xdf) return isTail(second) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const low = first === 0xe0 ? 0xa0 : 0x80;
    const high = first === 0xed ? 0x9f : 0xbf;
    return second >= low && second <= high && at + 2 < to && isTail(bytes[at + 2] as number) ? 3 : 0;
  }
  if (first < 0xf0 || first > 0xf4) return 0;
  const low = first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high || at + 3 >= to) return 0;
  return isTail(bytes[at + 2] as number) && isTail(bytes[at + 3] as number) ? 4 : 0;
}

function isTail(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** UTF-16 text starts with one of these marks; every second byte of it would be a problem of its own. */
export function isUtf16(bytes: Uint8Array): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
}

/** The length of the byte order mark at the start of a file. */
export function bomLength(bytes: Uint8Array): 0 | 3 {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** UTF-8 to string; bad bytes become U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

const encoder = new TextEncoder();

/** String to UTF-8. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}
