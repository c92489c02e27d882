import { decodeUtf8 } from '../../../sql/encoding.ts';
import type { ByteSource } from '../../contract/ports.ts';

/** A line that begins with `--`, by its bytes. */
export interface CommentLine {
  readonly start: number;
  /** The byte after its end of line. */
  readonly end: number;
  /** From 1. */
  readonly line: number;
  /** Without the end of line. */
  readonly text: string;
}

const windowSize = 1024 * 1024;
const dash = 45;
const newline = 10;

/** Lines that begin with `--`, after white space at most. Tools look for their marks in lines, not in SQL. */
export async function* commentLines(source: ByteSource): AsyncGenerator<CommentLine> {
  let line = 1;
  let base = 0;
  let length = windowSize;
  while (base < source.size) {
    const bytes = await source.read(base, base + length);
    const last = base + bytes.length >= source.size;
    let start = 0;
    for (;;) {
      const found = bytes.indexOf(newline, start);
      if (found < 0 && !last) break;
      const end = found < 0 ? bytes.length : found + 1;
      if (end === start) break;
      const text = commentIn(bytes, start, end);
      if (text !== undefined) yield { start: base + start, end: base + end, line, text };
      start = end;
      line += 1;
    }
    if (last) return;
    length = start === 0 ? length * 2 : windowSize;
    base += start;
  }
}

function commentIn(bytes: Uint8Array, start: number, end: number): string | undefined {
  let at = start;
  while (at < end && (bytes[at] === 32 || bytes[at] === 9)) at += 1;
  if (bytes[at] !== dash || bytes[at + 1] !== dash) return undefined;
  return decodeUtf8(bytes.subarray(start, end)).replace(/\r?\n$/, '');
}
