/** What is kept for one command. */
export interface Kept {
  /** The chunks that it has loaded, in this order. */
  readonly chunks: readonly string[];
  /** What V8 has made of them, as one script; undefined: they were loaded one by one. */
  readonly code?: Buffer;
  /** False when no command has ended well with this code: one that fails does not come to most of it. */
  readonly whole: boolean;
}

// V8 copies what does not begin at a multiple of 8.
const aligned = (length: number): number => Math.ceil(length / 8) * 8;
const headAt = 8;

/** The bytes of a file: the length of its head, its head in JSON, and the code. */
export function render({ whole, chunks, code }: Kept): Buffer {
  const head = Buffer.from(JSON.stringify({ whole, chunks }));
  const codeAt = headAt + aligned(head.length);
  const bytes = Buffer.alloc(codeAt + (code?.length ?? 0));
  bytes.writeUInt32LE(head.length);
  head.copy(bytes, headAt);
  code?.copy(bytes, codeAt);
  return bytes;
}

/** Reads what {@link render} has written. */
export function parse(bytes: Buffer): Kept {
  const length = bytes.readUInt32LE();
  const head = JSON.parse(bytes.toString('latin1', headAt, headAt + length)) as Omit<Kept, 'code'>;
  const code = bytes.subarray(headAt + aligned(length));
  return code.length === 0 ? head : { ...head, code };
}
