import type { SeedInsertSpans } from '../../sql/seed-insert.ts';
import { matchSeedInsert } from '../../sql/seed-insert.ts';
import type { Piece } from '../../sql/split.ts';
import { createTokenWriter, type TokenWriter } from '../../sql/token-text.ts';
import type { Hash, Hashing } from '../contract/ports.ts';

/** A statement with its own copy of its bytes. */
export interface HeldStatement {
  readonly piece: Piece;
  readonly bytes: Uint8Array;
}

/** The consecutive INSERTs of literals with the same head and tail found so far. */
export interface SeedRun {
  /** The first one, which represents all of them. */
  readonly first: HeldStatement;
  /** All of them while the run is too short to be folded. */
  readonly held: HeldStatement[];
  count: number;
  end: number;
  readonly match: SeedInsertSpans;
  readonly hash: Hash;
  readonly writer: TokenWriter;
}

/** Begins a run with this statement if it is an INSERT of literals. */
export function startSeedRun(held: HeldStatement, hashing: Hashing): SeedRun | undefined {
  const { bytes, piece } = held;
  const match = matchSeedInsert(bytes, 0, bytes.length, -1);
  if (match === undefined) return undefined;
  const hash = hashing.sha256();
  const writer = createTokenWriter((part) => hash.update(part));
  writer.write(bytes, 0, bytes.length);
  return { first: held, held: [held], count: 1, end: piece.end, match, hash, writer };
}

/**
 * Does the statement at `head` to `end` of `bytes` continue the run? If so its tokens go into the run's hash. Head and
 * tail must be the same to the byte: then the parse of the first one is valid for all.
 */
export function continues(run: SeedRun, bytes: Uint8Array, head: number, end: number): boolean {
  const { first, match } = run;
  if (!sameBytes(bytes, head, first.bytes, 0, match.headEnd)) return false;
  const found = matchSeedInsert(bytes, head, end, head + match.headEnd);
  if (found === undefined || found.width !== match.width) return false;
  const tail = first.bytes.length - match.rowsEnd;
  if (end - found.rowsEnd !== tail || !sameBytes(bytes, found.rowsEnd, first.bytes, match.rowsEnd, tail)) return false;
  run.writer.write(bytes, head, end);
  return true;
}

// Five numbers and arrays of one comparison; an options object would be created 100,000 times.
// oxlint-disable-next-line max-params
function sameBytes(a: Uint8Array, from: number, b: Uint8Array, start: number, length: number): boolean {
  if (from + length > a.length) return false;
  for (let at = 0; at < length; at += 1) if (a[from + at] !== b[start + at]) return false;
  return true;
}

/** Hash of the whole run. */
export function hashOfRun(run: SeedRun): string {
  run.writer.flush();
  return run.hash.hex();
}
