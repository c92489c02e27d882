import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { fault, FaultError } from '../../kit/fault.ts';
import type { ByteSource } from '../../migrate/contract/ports.ts';

/**
 * Opens a file as a source of bytes. Reads are synchronous inside: for the small files that migrations are, a promise
 * per system call costs more than the call. No descriptor stays open between reads. Of what is not kept, a file that was
 * saved between two reads is refused with `file-moved-on`, because the first bytes and the last ones would come from two
 * different files.
 *
 * @param path Absolute path.
 * @param keeps Says by its size whether the file is read at once and kept in memory. Default: never.
 */
export function openFile(path: string, keeps: (size: number) => boolean = () => false): ByteSource {
  return withFile(path, (descriptor) => {
    const found = fstatSync(descriptor);
    if (!found.isFile() && !found.isDirectory()) throw new Error('it is a device or a pipe');
    const { size } = found;
    if (keeps(size)) return memorySource(readWhole(descriptor, path, size));
    const state = stateOf(descriptor);
    return {
      size,
      read(start, end) {
        try {
          return Promise.resolve(readSame(path, state, { start, end: Math.min(end, size) }));
        } catch (error) {
          return Promise.reject(unreadableFault(error, path));
        }
      },
    };
  });
}

/** The state is that of the opened file: another one may have its name by now. */
function withFile<Result>(path: string, use: (descriptor: number) => Result): Result {
  // A pipe that took the place of a file would be waited for.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** One read more than the size says shows in the same system call that the file has not grown. */
function readWhole(descriptor: number, path: string, size: number): Uint8Array {
  if (size === 0) return new Uint8Array(0);
  const bytes = Buffer.allocUnsafe(size + 1);
  const filled = fill(descriptor, bytes, 0, size);
  if (filled !== size) throw movedOn(path);
  return bytes.subarray(0, size);
}

function readSame(path: string, state: string, { start, end }: { readonly start: number; readonly end: number }) {
  return withFile(path, (descriptor) => {
    if (stateOf(descriptor) !== state) throw movedOn(path);
    if (end <= start) return new Uint8Array(0);
    const bytes = new Uint8Array(end - start);
    return bytes.subarray(0, fill(descriptor, bytes, start, bytes.length));
  });
}

/** Reads until the buffer holds `wanted` bytes or the file ends; returns how many were read. */
function fill(descriptor: number, bytes: Uint8Array, position: number, wanted: number): number {
  let filled = 0;
  while (filled < wanted) {
    const count = readSync(descriptor, bytes, filled, bytes.length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

function movedOn(path: string): FaultError {
  return new FaultError(fault('file-moved-on', { why: `${basename(path)} was saved while it was in use.` }));
}

/** The file existed before, so when it cannot be read any more, the user has changed something: a fault, not a bug. */
function unreadableFault(error: unknown, path: string): unknown {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  if (code === undefined) return error;
  return new FaultError(fault('file-unreadable', { why: `${basename(path)} cannot be read any more: ${code}.` }));
}

function stateOf(descriptor: number): string {
  const { ino, size, mtimeNs } = fstatSync(descriptor, { bigint: true });
  return `${ino} ${size} ${mtimeNs}`;
}

/** A byte source over bytes in memory. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (start, end) => Promise.resolve(bytes.subarray(start, end)) };
}
