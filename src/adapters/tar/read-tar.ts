/** One entry of a tar archive. Read its body, if at all, before you request the next entry. */
export interface TarEntry {
  /** The name as written in the archive. */
  readonly name: string;
  /** The path without a leading `./` or `/`, and without a trailing `/`. */
  readonly path: string;
  readonly type: 'file' | 'folder' | 'link' | 'symlink' | 'other';
  /** The target of a link. */
  readonly target: string;
  readonly mode: number;
  readonly size: number;
  body(): AsyncIterable<Buffer>;
}

const blockSize = 512;
/** Names and attributes are short; an archive with a longer one is not a valid tar. */
const longestText = 1024 * 1024;

/**
 * The entries of a tar archive of the kinds that npm packages and image layers use: ustar, with PAX and GNU names.
 * @throws Error when the archive is cut short or is not a tar.
 */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const input = createInput(source);
  let next: { path?: string; target?: string; size?: number } = {};
  for (;;) {
    const header = await input.take(blockSize);
    if (header === undefined || header.every((byte) => byte === 0)) return;
    const entry = parseHeader(header);
    const type = entry.flag;
    if (type === 'x' || type === 'g' || type === 'L' || type === 'K') {
      const text = await input.text(entry.size);
      if (type === 'x') next = { ...next, ...attributes(text) };
      if (type === 'L') next.path = text.replace(/\0.*$/s, '');
      if (type === 'K') next.target = text.replace(/\0.*$/s, '');
      continue;
    }
    const size = hasBody(type) ? (next.size ?? entry.size) : 0;
    const body = input.body(size);
    const name = next.path ?? entry.path;
    yield {
      name,
      path: clean(name),
      type: kinds[type] ?? 'other',
      target: next.target ?? entry.target,
      mode: entry.mode,
      size,
      body: () => body.read(),
    };
    await body.finish();
    next = {};
  }
}

const kinds: Readonly<Record<string, TarEntry['type']>> = {
  '': 'file',
  '0': 'file',
  '7': 'file',
  '1': 'link',
  '2': 'symlink',
  '5': 'folder',
};

function hasBody(flag: string): boolean {
  return kinds[flag] === 'file' || kinds[flag] === undefined;
}

interface Input {
  /** Reads this many bytes; undefined at the end. */
  take(size: number): Promise<Buffer | undefined>;
  text(size: number): Promise<string>;
  body(size: number): { read(): AsyncGenerator<Buffer>; finish(): Promise<void> };
}

function createInput(source: AsyncIterable<Uint8Array>): Input {
  const pieces = source[Symbol.asyncIterator]();
  let rest = Buffer.alloc(0);
  const more = async (): Promise<boolean> => {
    const next = await pieces.next();
    if (next.done === true) return false;
    rest = rest.length === 0 ? Buffer.from(next.value) : Buffer.concat([rest, next.value]);
    return true;
  };
  const cut = (): Error => new Error('the archive is cut short');
  const take = async (size: number): Promise<Buffer | undefined> => {
    while (rest.length < size) {
      if (await more()) continue;
      if (rest.length === 0) return undefined;
      throw cut();
    }
    const taken = rest.subarray(0, size);
    rest = rest.subarray(size);
    return taken;
  };
  return {
    take,
    async text(size) {
      if (size > longestText) throw new Error('this is not a tar archive');
      const bytes = await take(Math.ceil(size / blockSize) * blockSize);
      if (bytes === undefined && size > 0) throw cut();
      return bytes?.toString('utf8', 0, size) ?? '';
    },
    body(size) {
      let left = size;
      let padding = (blockSize - (size % blockSize)) % blockSize;
      async function* read(): AsyncGenerator<Buffer> {
        while (left > 0) {
          if (rest.length === 0 && !(await more())) throw cut();
          const piece = rest.subarray(0, left);
          rest = rest.subarray(piece.length);
          left -= piece.length;
          yield piece;
        }
      }
      return {
        read,
        async finish() {
          for await (const piece of read()) void piece;
          if (padding > 0 && (await take(padding)) === undefined) throw cut();
          padding = 0;
        },
      };
    },
  };
}

function parseHeader(header: Buffer): { path: string; target: string; mode: number; size: number; flag: string } {
  const field = (from: number, to: number): string => header.toString('utf8', from, to).replace(/\0.*$/s, '');
  const octal = (from: number, to: number): number => Number.parseInt(field(from, to).trim() || '0', 8);
  let sum = 8 * 0x20;
  for (const [index, byte] of header.entries()) if (index < 148 || index >= 156) sum += byte;
  if (octal(148, 156) !== sum) throw new Error('this is not a tar archive');
  const prefix = field(257, 262) === 'ustar' && field(257, 265) !== 'ustar  ' ? field(345, 500) : '';
  const path = prefix === '' ? field(0, 100) : `${prefix}/${field(0, 100)}`;
  return {
    path,
    target: field(157, 257),
    mode: octal(100, 108) & 0o7777,
    size: sizeOf(header, octal),
    flag: field(156, 157),
  };
}

/** The size is octal, or, for very large files, binary with the first bit set. */
function sizeOf(header: Buffer, octal: (from: number, to: number) => number): number {
  const isBinary = ((header[124] ?? 0) & 0x80) !== 0;
  const size = isBinary ? Number(header.readBigUInt64BE(128)) : octal(124, 136);
  if (!Number.isSafeInteger(size) || size < 0) throw new Error('this is not a tar archive');
  return size;
}

function attributes(text: string): { path?: string; target?: string; size?: number } {
  const found: { path?: string; target?: string; size?: number } = {};
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    const length = Number.parseInt(bytes.toString('latin1', at, at + 12), 10);
    if (!(length > 0)) break;
    const record = bytes.toString('utf8', at, at + length).replace(/\n$/, '');
    const [, name, value = ''] = /^\d+ ([^=]+)=(.*)$/s.exec(record) ?? [];
    if (name === 'path') found.path = value;
    if (name === 'linkpath') found.target = value;
    if (name === 'size') found.size = Number(value);
    at += length;
  }
  return found;
}

function clean(path: string): string {
  return path.replace(/^(?:\.?\/)+/, '').replace(/\/+$/, '');
}
