import { readdirSync, realpathSync, statSync, type Dirent } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { ByteSource, Folder, FolderEntry } from '../../migrate/contract/ports.ts';
import { openFile } from './byte-source.ts';
import { holdHeapGrowth } from './heap-growth.ts';

/**
 * Opens a folder of the file system.
 * @param path Path of the folder, absolute or relative to the working directory.
 * @param label Its name in findings, relative to the project: `migrations`.
 */
export function openFolder(path: string, label: string): Folder {
  const root = resolve(path);
  const opened = new Map<string, ByteSource>();
  const keeps = createMemory();
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
      if (listed.ok && listed.value.length > many) holdHeapGrowth();
      return Promise.resolve(listed);
    },
    open(name) {
      const [first = '', ...rest] = name.split('/');
      if (!isPlainName(first)) return Promise.reject(notAName(name));
      if (rest.length > 0) return inner(first).open(rest.join('/'));
      try {
        const known = opened.get(name);
        if (known !== undefined) return Promise.resolve(known);
        const source = openFile(root + sep + name, keeps);
        opened.set(name, source);
        return opened.size % atOnce === 0
          ? new Promise((resolve) => setImmediate(resolve, source))
          : Promise.resolve(source);
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

/** With more entries than this, memory matters more than the pace of garbage collection. */
const many = 1000;

/** After as many files, others get their turn: a connection that is being made, Ctrl-C. */
const atOnce = 64;

const mostKept = 32 * 1024 * 1024;

/**
 * Keeps the bytes of small files, which are read when they are opened. They are read once, so what is sent is what was
 * hashed and analysed, even if the file is saved in between. Large files are read again, and refused when they have
 * changed.
 */
function createMemory(): (size: number) => boolean {
  let bytes = 0;
  return (size) => {
    if (bytes + size > mostKept) return false;
    bytes += size;
    return true;
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

function typeOf(found: Pick<Dirent, 'isFile' | 'isDirectory'>): FolderEntry['type'] {
  return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other';
}

/** The list of names comes with their types: only links are looked at. */
function describe(root: string, real: string, entry: Dirent): FolderEntry {
  const { name } = entry;
  if (!entry.isSymbolicLink()) return { name, type: typeOf(entry), outside: false };
  try {
    const path = join(root, name);
    const outside = !realpathSync(path).startsWith(real + sep);
    return { name, type: typeOf(statSync(path)), outside };
  } catch {
    // A dangling link, or one that vanished meanwhile.
    return { name, type: 'other', outside: false };
  }
}
