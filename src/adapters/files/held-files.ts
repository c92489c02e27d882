import { smallFile } from './byte-source.ts';

/** The bytes of small files, held by name. */
export interface HeldFiles {
  readonly count: number;
  /** Copies the bytes of a file; false: there is no room for them. */
  hold(name: string, bytes: Uint8Array): boolean;
  get(name: string): Uint8Array | undefined;
}

/**
 * Holds the bytes of small files in a few blocks: with an object for each of 10,000 files, the objects weigh more than
 * the files.
 *
 * @param most how many bytes may be held
 */
export function createHeldFiles(most: number): HeldFiles {
  const blocks: Uint8Array[] = [];
  const places = new Map<string, number>();
  // Of each file: the number of its first byte, counted through all blocks, and that behind its last one.
  const starts: number[] = [];
  const ends: number[] = [];
  let total = 0;
  let next = 0;
  return {
    get count() {
      return starts.length;
    },
    hold(name, bytes) {
      const { length } = bytes;
      if (total + length > most || length > smallFile) return false;
      total += length;
      // A file does not cross from one block to another.
      if ((next % smallFile) + length > smallFile) next += smallFile - (next % smallFile);
      const block = (blocks[Math.floor(next / smallFile)] ??= new Uint8Array(smallFile));
      block.set(bytes, next % smallFile);
      places.set(name, starts.length);
      starts.push(next);
      ends.push(next + length);
      next += length;
      return true;
    },
    get(name) {
      const place = places.get(name);
      if (place === undefined) return undefined;
      const [start = 0, end = 0] = [starts[place], ends[place]];
      const at = start % smallFile;
      return blocks[Math.floor(start / smallFile)]?.subarray(at, at + end - start);
    },
  };
}
