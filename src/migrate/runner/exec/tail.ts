import { binary } from './binary.ts';

/** Keeps the end of a stream that is too long to be reported. */
export interface Tail {
  push(bytes: Uint8Array): void;
  /** True: it has received something. */
  readonly started: boolean;
  /** The kept output, from the beginning of a line on, and how much before it is omitted. */
  end(mask: (text: string) => string): { readonly text: string; readonly bytes: number; readonly lines: number };
}

const newline = 0x0a;

/**
 * @param margin how much more is kept for masking: the part cut off may have been the beginning of a secret
 * @param size how much is kept, in bytes
 */
export function createTail(margin: number, size: number): Tail {
  const kept: Uint8Array[] = [];
  let length = 0;
  let started = false;
  const dropped = { bytes: 0, lines: 0 };
  return {
    push(bytes) {
      started = true;
      if (bytes.length === 0) return;
      // A copy, because the piece may be a view of a reused buffer.
      kept.push(bytes.slice());
      length += bytes.length;
      for (let first = kept[0]; first !== undefined && length - first.length >= size + margin; first = kept[0]) {
        kept.shift();
        length -= first.length;
        dropped.bytes += first.length;
        dropped.lines += linesIn(first);
      }
    },
    get started() {
      return started;
    },
    end(mask) {
      const whole = mask(kept.map(binary).join(''));
      if (dropped.bytes === 0) return { text: whole, bytes: 0, lines: 0 };
      const line = whole.indexOf('\n', margin) + 1;
      const from = line > 0 && line < whole.length ? line : margin;
      const before = whole.slice(0, from);
      return {
        text: whole.slice(from),
        bytes: dropped.bytes + before.length,
        lines: dropped.lines + before.split('\n').length - 1,
      };
    },
  };
}

function linesIn(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) lines += 1;
  return lines;
}
