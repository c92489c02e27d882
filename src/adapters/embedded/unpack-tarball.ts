import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

const blockSize = 512;

/** What the archive says about the entry that is being read. */
interface Entry {
  readonly kind: 'file' | 'folder' | 'long-name' | 'attributes' | 'ignored';
  readonly name: string;
  readonly mode: number;
  readonly size: number;
}

/**
 * Unpacks a gzipped tar as npm makes them into a folder, without the leading `package/`. Only plain files and
 * folders are accepted, and no name may leave the folder.
 *
 * @throws Error when the archive is cut short, has other kinds of entries or unsafe names.
 */
export async function unpackTarball(source: Readable, folder: string): Promise<void> {
  const gunzip = createGunzip();
  source.on('error', (error) => gunzip.destroy(error));
  const reader = createReader(folder);
  try {
    for await (const chunk of source.pipe(gunzip)) reader.take(chunk as Buffer);
    reader.end();
  } finally {
    reader.close();
    source.destroy();
  }
}

function createReader(folder: string): { take(chunk: Buffer): void; end(): void; close(): void } {
  const made = new Set<string>();
  let rest: Buffer = Buffer.alloc(0);
  let entry: Entry | undefined;
  let left = 0;
  let padding = 0;
  let file: number | undefined;
  let text: Buffer[] = [];
  let nextName: string | undefined;

  function open(header: Buffer): void {
    if (header.every((byte) => byte === 0)) return;
    entry = readHeader(header, nextName);
    left = entry.size;
    padding = (blockSize - (entry.size % blockSize)) % blockSize;
    if (entry.kind === 'file') file = openFile(entry);
    if (entry.kind === 'file' || entry.kind === 'folder') nextName = undefined;
    if (left === 0) finish();
  }

  function openFile({ name, mode }: Entry): number {
    const path = join(folder, safeName(name));
    const parent = dirname(path);
    if (!made.has(parent)) {
      mkdirSync(parent, { recursive: true, mode: 0o755 });
      made.add(parent);
    }
    return openSync(path, 'wx', (mode & 0o111) === 0 ? 0o644 : 0o755);
  }

  function body(chunk: Buffer): void {
    if (file !== undefined) for (let done = 0; done < chunk.length;) done += writeSync(file, chunk, done);
    else if (entry?.kind === 'long-name' || entry?.kind === 'attributes') text.push(chunk);
    left -= chunk.length;
    if (left === 0) finish();
  }

  function finish(): void {
    close();
    if (entry?.kind === 'long-name') nextName = Buffer.concat(text).toString('utf8').replace(/\0+$/, '');
    if (entry?.kind === 'attributes') nextName = pathAttribute(Buffer.concat(text)) ?? nextName;
    text = [];
    entry = undefined;
  }

  function close(): void {
    if (file !== undefined) closeSync(file);
    file = undefined;
  }

  return {
    take(chunk) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (;;) {
        const wanted = entry !== undefined ? left : padding > 0 ? padding : blockSize;
        if (rest.length === 0 || (entry === undefined && rest.length < wanted)) return;
        const piece = rest.subarray(0, wanted);
        rest = rest.subarray(piece.length);
        if (entry !== undefined) body(piece);
        else if (padding > 0) padding = 0;
        else open(piece);
      }
    },
    end() {
      if (entry !== undefined || padding > 0) throw new Error('the archive is cut short');
    },
    close,
  };
}

function readHeader(header: Buffer, longName: string | undefined): Entry {
  const field = (from: number, to: number): string => header.toString('utf8', from, to).replace(/\0.*$/s, '');
  const octal = (from: number, to: number): number => Number.parseInt(field(from, to).trim() || '0', 8);
  if (octal(148, 156) !== checksum(header)) throw new Error('the archive is damaged');
  const prefix = field(257, 262) === 'ustar' ? field(345, 500) : '';
  const name = longName ?? (prefix === '' ? field(0, 100) : `${prefix}/${field(0, 100)}`);
  const type = field(156, 157);
  const kinds: Readonly<Record<string, Entry['kind']>> = {
    '': 'file',
    '0': 'file',
    '5': 'folder',
    L: 'long-name',
    x: 'attributes',
    g: 'ignored',
  };
  const kind = kinds[type];
  if (kind === undefined) throw new Error(`the archive holds an entry of an unexpected kind: ${name}`);
  return { kind, name, mode: octal(100, 108), size: octal(124, 136) };
}

/** The sum of the header's bytes, its own field counted as spaces. */
function checksum(header: Buffer): number {
  let sum = 8 * 0x20;
  for (const [index, byte] of header.entries()) if (index < 148 || index >= 156) sum += byte;
  return sum;
}

function pathAttribute(records: Buffer): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(records.toString('utf8'))?.[1];
}

function safeName(name: string): string {
  const parts = name.split('/').slice(1);
  const unsafe =
    parts.length === 0 || parts.some((part) => part === '' || part === '.' || part === '..' || /[\0\\]/.test(part));
  if (unsafe || name.startsWith('/')) throw new Error(`the archive holds an unsafe name: ${name}`);
  return parts.join('/');
}
