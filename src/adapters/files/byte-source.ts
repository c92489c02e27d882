import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { fault, FaultError } from '../../kit/fault.ts';
import type { ByteSource } from '../../migrate/contract/ports.ts';

/** Files up to this size are read in one go: one system call instead of three. */
const wholeUpTo = 1024 * 1024;

/**
 * Opens a file as a source of bytes. Reads are synchronous inside: for the small files that migrations are, a promise
 * per system call costs more than the call. No descriptor stays open between reads; a file that was saved between two
 * of them is refused with `file-moved-on`, because the first bytes and the last ones would come from two different
 * files.
 * @param path Absolute path.
 * @param size Its size in bytes, as reported by stat.
 */
export function fileSource(path: string, size: number): ByteSource {
  let known: string | undefined;
  return {
    size,
    read(start, end) {
      try {
        const state = stateOf(path);
        if (known !== undefined && state !== known)
          throw new FaultError(fault('file-moved-on', { why: `${basename(path)} was saved while it was in use.` }));
        known = state;
        if (size > wholeUpTo) return Promise.resolve(readRange(path, start, Math.min(end, size)));
        return Promise.resolve(readFileSync(path).subarray(start, Math.min(end, size)));
      } catch (error) {
        return Promise.reject(known === undefined ? error : unreadableFault(error, path));
      }
    },
  };
}

/** The file existed before, so when it cannot be read any more, the user has changed something: a fault, not a bug. */
function unreadableFault(error: unknown, path: string): unknown {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  if (code === undefined) return error;
  return new FaultError(fault('file-unreadable', { why: `${basename(path)} cannot be read any more: ${code}.` }));
}

function stateOf(path: string): string {
  const { ino, size, mtimeNs } = statSync(path, { bigint: true });
  return `${ino} ${size} ${mtimeNs}`;
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

/** A byte source over bytes in memory. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (start, end) => Promise.resolve(bytes.subarray(start, end)) };
}
