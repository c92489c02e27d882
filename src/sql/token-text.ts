import { createToken, nextToken } from './lexer.ts';

/** Takes bytes in pieces; they are valid only during the call. */
export type ByteSink = (bytes: Uint8Array) => void;

/** Collects small writes into pieces of up to 16 KiB. */
export interface TokenWriter {
  /** Writes the tokens of a range without comments, with one separator after each, so that layout does not matter. */
  write(bytes: Uint8Array, start: number, end: number): void;
  /** Writes bytes unchanged. */
  raw(bytes: Uint8Array, start: number, end: number): void;
  separator(): void;
  flush(): void;
}

const capacity = 16_384;

/** A writer that passes what it has collected to `sink`: the input of statement hashes. */
export function createTokenWriter(sink: ByteSink): TokenWriter {
  const buffer = new Uint8Array(capacity);
  const token = createToken();
  let used = 0;
  const flush = (): void => {
    if (used > 0) sink(buffer.subarray(0, used));
    used = 0;
  };
  const separator = (): void => {
    if (used === capacity) flush();
    buffer[used] = 0;
    used += 1;
  };
  const raw = (bytes: Uint8Array, start: number, end: number): void => {
    if (end - start > capacity - used) flush();
    if (end - start > capacity) {
      sink(bytes.subarray(start, end));
      return;
    }
    for (let at = start; at < end; at += 1) buffer[used++] = bytes[at] as number;
  };
  return {
    raw,
    separator,
    flush,
    write(bytes, start, end) {
      let at = start;
      for (;;) {
        nextToken(bytes, at, end, token);
        if (token.kind === 'end') return;
        at = token.end;
        if (token.kind === 'line-comment' || token.kind === 'block-comment') continue;
        raw(bytes, token.start, token.end);
        separator();
      }
    },
  };
}
