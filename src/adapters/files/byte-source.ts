import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { ByteSource } from '../../migrate/ports.ts';

/** Files up to this size are read whole: one system call instead of three. */
const wholeUpTo = 1024 * 1024;

/**
 * A file as a source of bytes. Reads are synchronous inside: for the small files that migrations are, a promise per
 * system call costs more than the call. No descriptor stays open between reads.
 * @param path Absolute path.
 * @param size Its size in bytes, as stat told.
 */
export function fileSource(path: string, size: number): ByteSource {
  return {
    size,
    read(start, end) {
      try {
        if (size > wholeUpTo) return Promise.resolve(readRange(path, start, Math.min(end, size)));
        return Promise.resolve(readFileSync(path).subarray(start, Math.min(end, size)));
      } catch (error) {
        return Promise.reject(error instanceof Error ? error : new Error(String(error)));
      }
    },
  };
}

function readRange(path: string, start: number, end: number): Uint8Array {
  if (end <= start) return new Uint8Array(0);
  const bytes = new Uint8Array(end - start);
  const descriptor = openSync(path, 'r');
  try {
    let filled = 0;
    while (filled < bytes.length) {
      const count = readSync(descriptor, bytes, filled, bytes.length - filled, start + filled);
      if (count === 0) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  } finally {
    closeSync(descriptor);
  }
}

/** Bytes in memory as a source. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (start, end) => Promise.resolve(bytes.subarray(start, end)) };
}
