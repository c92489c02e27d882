import { openSync, readSync } from 'node:fs';

/** The chunks of the program, as scripts/pack.mjs has put them into one file. */
export interface Pack {
  /** Of all its code. */
  readonly hash: string;
  /** The first words of all commands. */
  readonly commands: readonly string[];
  /** The code of a chunk; undefined if there is none of this name. */
  source(chunk: string): string | undefined;
  /** The code of several chunks as one array; undefined if there is none of one of these names. */
  array(chunks: readonly string[]): string | undefined;
}

type ChunkPlace = readonly [at: number, length: number];

/** The longest first line that scripts/pack.mjs writes. */
const longestHead = 32 * 1024;

/**
 * Opens the pack. It stays open, and only what is asked for is read: a command needs half of it, and goes on with the
 * version that it began with when another one is installed meanwhile.
 */
export function openPack(path: string): Pack {
  const file = openSync(path, 'r');
  const head = Buffer.allocUnsafeSlow(longestHead);
  readSync(file, head, 0, longestHead, 0);
  const code = head.indexOf('\n') + 1;
  const { hash, commands, chunks } = JSON.parse(head.toString('latin1', 0, code)) as {
    readonly hash: string;
    readonly commands: readonly string[];
    readonly chunks: Readonly<Record<string, ChunkPlace>>;
  };
  const read = ([at, length]: ChunkPlace, into: Buffer, offset: number): void => {
    if (readSync(file, into, offset, length, code + at) < length) throw new Error(`${path} is incomplete.`);
  };
  return {
    hash,
    commands,
    source(chunk) {
      const place = chunks[chunk];
      if (place === undefined) return undefined;
      const bytes = Buffer.allocUnsafe(place[1]);
      read(place, bytes, 0);
      return bytes.toString('latin1');
    },
    array(names) {
      const places = names.map((name) => chunks[name]).filter((place) => place !== undefined);
      if (places.length < names.length) return undefined;
      const bytes = Buffer.allocUnsafeSlow(places.reduce((sum, [, length]) => sum + 1 + length, 1));
      let end = 0;
      for (const place of places) {
        bytes[end] = (end === 0 ? '[' : ',').charCodeAt(0);
        read(place, bytes, end + 1);
        end += 1 + place[1];
      }
      bytes[end] = ']'.charCodeAt(0);
      return bytes.toString('latin1');
    },
  };
}
