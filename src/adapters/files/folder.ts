import { readdirSync, realpathSync, statSync, type Dirent } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { ByteSource, Folder, FolderEntry } from '../../migrate/contract/ports.ts';
import { fileSource } from './byte-source.ts';

/**
 * Opens a folder of the file system.
 * @param path Path of the folder, absolute or relative to the working directory.
 * @param label Its name in findings, relative to the project: `migrations`.
 */
export function openFolder(path: string, label: string): Folder {
  const root = resolve(path);
  const sizes = new Map<string, number>();
  const opened = new Map<string, ByteSource>();
  const memory = createMemory();
  const inners = new Map<string, Folder>();
  const inner = (name: string): Folder => {
    if (!isPlainName(name)) throw notAName(name);
    const known = inners.get(name) ?? openFolder(join(root, name), label === '' ? name : `${label}/${name}`);
    inners.set(name, known);
    return known;
  };
  return {
    label,
    list() {
      const listed = listFolder(root, label);
      if (listed.ok) for (const { name, type, size } of listed.value) if (type === 'file') sizes.set(name, size);
      return Promise.resolve(listed);
    },
    open(name) {
      const [first = '', ...rest] = name.split('/');
      if (!isPlainName(first)) return Promise.reject(notAName(name));
      if (rest.length > 0) return inner(first).open(rest.join('/'));
      try {
        const known = opened.get(name);
        if (known !== undefined) return Promise.resolve(known);
        const file = join(root, name);
        const source = memory.keep(fileSource(file, sizes.get(name) ?? statSync(file).size));
        opened.set(name, source);
        return Promise.resolve(source);
      } catch (error) {
        return Promise.reject(error instanceof Error ? error : new Error(String(error)));
      }
    },
    inner,
    around: () => Promise.resolve(listAround(root, label)),
  };
}

function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name);
}

function notAName(name: string): Error {
  return new Error(`not a name of a file in a folder: ${JSON.stringify(name)}`);
}

/** The entries of the folders around one, up to the project that its label is relative to. */
function listAround(root: string, label: string): readonly string[] {
  const depth = label === '' || label === '.' ? 0 : label.split('/').length;
  return Array.from({ length: depth }, (_, at) => '../'.repeat(at + 1)).flatMap((up) => {
    try {
      return readdirSync(join(root, up)).map((name) => `${up}${name}`);
    } catch {
      return [];
    }
  });
}

const smallFile = 256 * 1024;
const mostKept = 32 * 1024 * 1024;

/**
 * Keeps the bytes of small files from their first read on. They are read once, so what is sent is what was hashed and
 * analysed, even if the file is saved in between. Large files are read again, and refused when they have changed.
 */
function createMemory(): { keep(source: ByteSource): ByteSource } {
  let bytes = 0;
  return {
    keep(source) {
      if (source.size > smallFile || bytes + source.size > mostKept) return source;
      bytes += source.size;
      let content: Promise<Uint8Array> | undefined;
      return {
        size: source.size,
        async read(start, end) {
          content ??= source.read(0, source.size);
          return (await content).subarray(start, end);
        },
      };
    },
  };
}

function listFolder(root: string, label: string): Outcome<readonly FolderEntry[]> {
  let entries: readonly Dirent[];
  let real: string;
  try {
    entries = readdirSync(root, { withFileTypes: true });
    real = realpathSync(root);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const where = { file: label };
    if (code === 'ENOENT') return err(fault('folder-missing', { why: `There is no folder ${label}.`, where }));
    if (code === 'ENOTDIR') return err(fault('folder-missing', { why: `${label} is not a folder.`, where }));
    return err(
      fault('file-unreadable', { why: `The folder ${label} cannot be read: ${code ?? 'unknown error'}.`, where }),
    );
  }
  return ok(entries.map((entry) => describe(root, real, entry)));
}

function describe(root: string, real: string, entry: Dirent): FolderEntry {
  const { name } = entry;
  const path = join(root, name);
  try {
    if (entry.isFile()) return { name, type: 'file', outside: false, size: statSync(path).size };
    if (entry.isDirectory()) return { name, type: 'folder', outside: false, size: 0 };
    if (!entry.isSymbolicLink()) return { name, type: 'other', outside: false, size: 0 };
    const outside = !realpathSync(path).startsWith(real + sep);
    const stat = statSync(path);
    return { name, type: stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : 'other', outside, size: stat.size };
  } catch {
    // A dangling link, or an entry that vanished meanwhile.
    return { name, type: 'other', outside: false, size: 0 };
  }
}
