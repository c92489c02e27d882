/** The code that is kept for one command. */
export interface Kept {
  /** False when no command has ended well yet: one that fails does not come to most of its code. */
  readonly whole: boolean;
  /** By chunk. */
  readonly code: ReadonlyMap<string, Buffer>;
}

interface Head {
  readonly whole: boolean;
  readonly chunks: readonly (readonly [chunk: string, length: number])[];
}

// V8 copies what does not begin at a multiple of 8.
const aligned = (length: number): number => Math.ceil(length / 8) * 8;
const headAt = 8;

/** The bytes of a file: the length of its head, its head in JSON, and the code of each chunk. */
export function render({ whole, code }: Kept): Buffer {
  const chunks = [...code].map(([chunk, { length }]) => [chunk, length] as const);
  const head = Buffer.from(JSON.stringify({ whole, chunks } satisfies Head));
  const bytes = Buffer.alloc(headAt + aligned(head.length) + sum([...code.values()].map(({ length }) => length)));
  bytes.writeUInt32LE(head.length);
  head.copy(bytes, headAt);
  let at = headAt + aligned(head.length);
  for (const part of code.values()) {
    part.copy(bytes, at);
    at += aligned(part.length);
  }
  return bytes;
}

/** Reads what {@link render} has written. */
export function parse(bytes: Buffer): Kept {
  const length = bytes.readUInt32LE();
  const { whole, chunks } = JSON.parse(bytes.toString('latin1', headAt, headAt + length)) as Head;
  const code = new Map<string, Buffer>();
  let at = headAt + aligned(length);
  for (const [chunk, size] of chunks) {
    code.set(chunk, bytes.subarray(at, at + size));
    at += aligned(size);
  }
  return { whole, code };
}

function sum(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total + aligned(length), 0);
}
