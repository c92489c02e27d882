import { hash } from 'node:crypto';
import { readPrivate, readPrivatePart, writePrivate } from '../files/private-cache.ts';

/*
 * A segment is a file that is written once:
 *
 *     hash of count and index (32) · count (4) · index · entries
 *
 * The index is sorted by key: key (32), offset (4), length (4). An entry is a hash of what follows (32), its key (32) and
 * its text. So a few entries of a large segment are read without the others, and each one is checked.
 */

const hashBytes = 32;
const headBytes = hashBytes + 4;
const keyBytes = 32;
const placeBytes = keyBytes + 8;
const entryHead = hashBytes + keyBytes;
/** Entries are read in blocks: those of neighbouring migrations are next to each other. */
const blockBytes = 256 * 1024;

/** A text and what it is found by. */
export interface Entry {
  /** SHA-256, in hex. */
  readonly key: string;
  readonly text: Buffer;
}

/** A segment that is read entry by entry. */
export interface KeptSegment {
  /** The text of an entry; undefined: it is not in the segment, or damaged. */
  find(key: string): string | undefined;
}

/** Opens a segment; undefined if its index is missing, damaged or not this account’s own. */
export function openSegment(path: string): KeptSegment | undefined {
  const index = readIndex(path);
  if (index === undefined) return undefined;
  let block: { readonly start: number; readonly bytes: Buffer } = { start: 0, bytes: Buffer.alloc(0) };
  return {
    find(key) {
      const place = placeOf(index, Buffer.from(key, 'hex'));
      if (place === undefined) return undefined;
      const offset = index.readUInt32LE(place + keyBytes);
      const length = index.readUInt32LE(place + keyBytes + 4);
      if (offset < block.start || offset + length > block.start + block.bytes.length) {
        const start = offset - (offset % blockBytes);
        const bytes = readPrivatePart(path, start, Math.max(blockBytes, offset + length - start));
        if (bytes === undefined) return undefined;
        block = { start, bytes };
      }
      const { bytes } = block;
      const [at, end] = [offset - block.start, offset - block.start + length];
      if (length < entryHead || end > bytes.length || bytes.toString('hex', at + hashBytes, at + entryHead) !== key)
        return undefined;
      const intact = bytes.toString('hex', at, at + hashBytes) === hashOf(bytes.subarray(at + hashBytes, end));
      return intact ? bytes.toString('utf8', at + entryHead, end) : undefined;
    },
  };
}

/** Its entries, oldest first; none if anything of it is damaged. */
export function readEntries(path: string): readonly Entry[] {
  const bytes = readPrivate(path);
  if (bytes === undefined || bytes.length < headBytes) return [];
  const count = bytes.readUInt32LE(hashBytes);
  const places = Array.from({ length: count }, (_, at) => headBytes + at * placeBytes);
  return places
    .map((at) => ({
      key: bytes.toString('hex', at, at + keyBytes),
      offset: bytes.readUInt32LE(at + keyBytes),
      length: bytes.readUInt32LE(at + keyBytes + 4),
    }))
    .sort((a, b) => a.offset - b.offset)
    .map(({ key, offset, length }) => ({ key, text: bytes.subarray(offset + entryHead, offset + length) }));
}

/** How large, in bytes, a segment of these entries is. */
export function segmentSize(entries: readonly Entry[]): number {
  const each = placeBytes + entryHead;
  return entries.reduce((sum, { text }) => sum + each + text.length, hashBytes + headBytes);
}

/** Writes a segment whole, or not at all. */
export function writeSegment(path: string, entries: readonly Entry[]): void {
  const index = Buffer.alloc(entries.length * placeBytes);
  const count = Buffer.alloc(4);
  count.writeUInt32LE(entries.length);
  let offset = headBytes + index.length;
  const places = entries.map(({ key, text }) => {
    const place = { key, offset, length: entryHead + text.length };
    offset += place.length;
    return place;
  });
  places.sort((a, b) => (a.key < b.key ? -1 : 1));
  for (const [at, place] of places.entries()) {
    index.write(place.key, at * placeBytes, 'hex');
    index.writeUInt32LE(place.offset, at * placeBytes + keyBytes);
    index.writeUInt32LE(place.length, at * placeBytes + keyBytes + 4);
  }
  const head = Buffer.concat([count, index]);
  writePrivate(path, partsOf(head, entries));
}

/** The bytes of a segment, in blocks. */
function* partsOf(head: Buffer, entries: readonly Entry[]): Generator<Buffer> {
  yield Buffer.concat([Buffer.from(hashOf(head), 'hex'), head]);
  let waiting: Buffer[] = [];
  let size = 0;
  for (const { key, text } of entries) {
    const content = Buffer.concat([Buffer.from(key, 'hex'), text]);
    waiting.push(Buffer.from(hashOf(content), 'hex'), content);
    size += content.length;
    if (size < blockBytes) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    size = 0;
  }
  yield Buffer.concat(waiting);
}

function readIndex(path: string): Buffer | undefined {
  const head = readPrivatePart(path, 0, headBytes);
  if (head?.length !== headBytes) return undefined;
  const length = head.readUInt32LE(hashBytes) * placeBytes;
  const index = length > mostIndexed ? undefined : readPrivatePart(path, headBytes, length);
  if (index?.length !== length) return undefined;
  const intact = head.toString('hex', 0, hashBytes) === hashOf(Buffer.concat([head.subarray(hashBytes), index]));
  return intact ? index : undefined;
}

/** No index is as large, in bytes; a damaged count may say so. */
const mostIndexed = 64 * 1024 * 1024;

/** Where the index has the key, in bytes. */
function placeOf(index: Buffer, key: Buffer): number | undefined {
  let low = 0;
  let high = index.length / placeBytes;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = middle * placeBytes;
    const order = key.compare(index, at, at + keyBytes);
    if (order === 0) return at;
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return undefined;
}

function hashOf(bytes: Buffer): string {
  return hash('sha256', bytes, 'hex');
}
