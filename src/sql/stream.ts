import { createSplitState, splitWindow } from './split.ts';
import type { SplitResult } from './split-types.ts';

export type { Piece } from './split-types.ts';

/** Bytes that can be read by range, with a known size. */
export interface ReadableBytes {
  readonly size: number;
  read(start: number, end: number): Promise<Uint8Array>;
}

/** One window of a body and the statements that end in it. */
export interface SplitStep extends SplitResult {
  /** The window's bytes. A statement lies at `piece.head - base`; the rows of COPY need not lie in the window. */
  readonly bytes: Uint8Array;
  /** Body offset of its first byte. */
  readonly base: number;
}

/** Default size of a window. */
export const windowSize: number = 1024 * 1024;

/** How a body is split. */
export interface SplitOptions {
  /** Size of a window. */
  readonly size?: number;
  /** Line of the body's first byte in its file. */
  readonly line?: number;
}

/**
 * Splits a body of any size window by window. A statement that does not fit is read again with a window twice as large;
 * rows of COPY pass through without being stored.
 */
export async function* splitStream(
  source: ReadableBytes,
  { size = windowSize, line = 1 }: SplitOptions = {},
): AsyncGenerator<SplitStep> {
  const state = createSplitState(line);
  let base = 0;
  let length = size;
  for (;;) {
    const end = Math.min(base + length, source.size);
    const bytes = await source.read(base, end);
    // Fewer bytes than requested: the file was cut short meanwhile.
    const final = end === source.size || bytes.length < end - base;
    const result = splitWindow(state, bytes, base, final);
    yield { ...result, bytes, base };
    if (final) return;
    if (result.consumed === base) length *= 2;
    else length = size;
    base = result.consumed;
  }
}
