import type { ByteSource } from '../../migrate/contract/ports.ts';

/** One entry of a layer. */
export interface TarFile {
  /** A relative path with `/`: `godwit/runner.js`. */
  readonly path: string;
  readonly mode: number;
  readonly source: ByteSource;
}

const blockSize = 512;
const piece = 1024 * 1024;
const longestName = 100;

/**
 * Writes a tar archive (ustar) with the folders that its files need. The same files give the same archive, whatever
 * their order, wherever and whenever it is made: it is sorted, owned by root, and dated 1970. Names that do not fit get
 * PAX headers.
 */
export async function* writeTar(files: readonly TarFile[]): AsyncGenerator<Uint8Array> {
  const sorted = [...files].sort((a, b) => compareBytes(a.path, b.path));
  const made = new Set<string>();
  for (const file of sorted) {
    for (const folder of foldersOf(file.path)) {
      if (made.has(folder)) continue;
      made.add(folder);
      yield* header({ path: `${folder}/`, mode: 0o755, size: 0, type: '5' });
    }
    const { size } = file.source;
    yield* header({ path: file.path, mode: file.mode, size, type: '0' });
    for (let at = 0; at < size; at += piece) yield await file.source.read(at, Math.min(size, at + piece));
    if (size % blockSize > 0) yield new Uint8Array(blockSize - (size % blockSize));
  }
  yield new Uint8Array(2 * blockSize);
}

interface Header {
  readonly path: string;
  readonly mode: number;
  readonly size: number;
  /** `0` file, `5` folder, `x` attributes of the next entry. */
  readonly type: '0' | '5' | 'x';
}

function* header(entry: Header): Generator<Uint8Array> {
  const name = Buffer.from(entry.path);
  const isPlain = name.length <= longestName && name.length === entry.path.length;
  if (!isPlain) {
    const record = Buffer.from(paxRecord('path', entry.path));
    yield block({ path: 'PaxHeaders/path', mode: 0o644, size: record.length, type: 'x' });
    yield record;
    if (record.length % blockSize > 0) yield new Uint8Array(blockSize - (record.length % blockSize));
  }
  // Readers that do not support PAX get a name that is at least not the prefix of another entry.
  yield block(isPlain ? entry : { ...entry, path: name.subarray(0, longestName).toString('latin1') });
}

function block({ path, mode, size, type }: Header): Buffer {
  const bytes = Buffer.alloc(blockSize);
  bytes.write(path, 0, longestName, 'latin1');
  bytes.write(octal(mode, 8), 100, 'latin1');
  bytes.write(octal(0, 8), 108, 'latin1');
  bytes.write(octal(0, 8), 116, 'latin1');
  bytes.write(octal(size, 12), 124, 'latin1');
  bytes.write(octal(0, 12), 136, 'latin1');
  bytes.fill(' ', 148, 156);
  bytes.write(type, 156, 'latin1');
  bytes.write('ustar\u000000', 257, 'latin1');
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return bytes;
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

/** `LENGTH NAME=VALUE\n`, where LENGTH includes its own digits. */
function paxRecord(name: string, value: string): string {
  const rest = ` ${name}=${value}\n`;
  const length = Buffer.byteLength(rest);
  let digits = String(length).length;
  while (String(length + digits).length > digits) digits += 1;
  return `${length + digits}${rest}`;
}

/** `a/b/c.sql` -> `a`, `a/b` */
function foldersOf(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
