import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { fault, FaultError } from '../../kit/fault.ts';
import type { ByteSource } from '../../migrate/contract/ports.ts';

/**
 * Opens a file as a source of bytes. Reads are synchronous inside: for the small files that migrations are, a promise
 * per system call costs more than the call. No descriptor stays open between reads. A file that was saved
 * between two reads is refused with `file-moved-on`, because the first bytes and the last ones would come from two
 * different files.
 *
 * @param path Absolute path.
 */
export function openFile(path: string): ByteSource {
  return withFile(path, (descriptor) => {
    const { size } = regular(descriptor);
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

/** The bytes of a small file, valid until the next call; undefined: it is a large one. */
export function readSmallFile(path: string): Uint8Array | undefined {
  return withFile(path, (descriptor) => readSmall(descriptor, path));
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

/** Files up to this size, in bytes, are small. */
export const smallFile: number = 256 * 1024;
let scratch: Buffer | undefined;

/** Two reads, of which the second finds nothing, show the whole file: its size is not asked for. */
function readSmall(descriptor: number, path: string): Uint8Array | undefined {
  scratch ??= Buffer.allocUnsafeSlow(smallFile + 1);
  const filled = fill(descriptor, scratch, 0, 1);
  if (filled === 0) regular(descriptor);
  if (filled > smallFile) return undefined;
  if (readSync(descriptor, scratch, filled, scratch.length - filled, filled) === 0) return scratch.subarray(0, filled);
  return readGrowing(descriptor, path, scratch);
}

/** Some file systems answer in parts; elsewhere, the file has grown since the first read. */
function readGrowing(descriptor: number, path: string, bytes: Buffer): Uint8Array | undefined {
  const state = stateOf(descriptor);
  const { size } = fstatSync(descriptor);
  if (size > smallFile) return undefined;
  const filled = fill(descriptor, bytes, 0, size);
  if (filled !== size || stateOf(descriptor) !== state) throw movedOn(path);
  return bytes.subarray(0, size);
}

function regular(descriptor: number) {
  const found = fstatSync(descriptor);
  if (found.isFile() || found.isDirectory()) return found;
  throw new Error('it is a device or a pipe');
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
    const count = readAt(descriptor, bytes, filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

function readAt(descriptor: number, bytes: Uint8Array, offset: number, position: number): number {
  try {
    return readSync(descriptor, bytes, offset, bytes.length - offset, position);
  } catch (error) {
    // A pipe has no positions.
    if ((error as NodeJS.ErrnoException).code === 'ESPIPE') regular(descriptor);
    throw error;
  }
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
  const part = (start: number, end: number): Uint8Array =>
    start === 0 && end >= bytes.length ? bytes : bytes.subarray(start, end);
  return { size: bytes.length, read: (start, end) => Promise.resolve(part(start, end)) };
}
