import { readdirSync, realpathSync, statSync, type Dirent } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { fault } from '../../kit/fault.ts';
import { err, ok, type Outcome } from '../../kit/outcome.ts';
import type { ByteSource, Folder, FolderEntry } from '../../migrate/contract/ports.ts';
import { memorySource, openFile, readSmallFile } from './byte-source.ts';
import { holdHeapGrowth } from './heap-growth.ts';
import { createHeldFiles } from './held-files.ts';

/**
 * Opens a folder of the file system.
 * @param path Path of the folder, absolute or relative to the working directory.
 * @param label Its name in findings, relative to the project: `migrations`.
 */
export function openFolder(path: string, label: string): Folder {
  const root = resolve(path);
  const opened = new Map<string, ByteSource>();
  const held = createHeldFiles(mostHeld);
  const bytesOf = (name: string): Uint8Array | undefined => {
    const known = held.get(name);
    if (known !== undefined || opened.has(name)) return known;
    const bytes = readSmallFile(root + sep + name);
    return bytes !== undefined && held.hold(name, bytes) ? held.get(name) : undefined;
  };
  const seen = (): number => held.count + opened.size;
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
    small(name) {
      if (!isPlainName(name)) return undefined;
      // Others get their turn when it is opened.
      return held.get(name) ?? (seen() % atOnce === atOnce - 1 ? undefined : bytesOf(name));
    },
    open(name) {
      const [first = '', ...rest] = name.split('/');
      if (!isPlainName(first)) return Promise.reject(notAName(name));
      if (rest.length > 0) return inner(first).open(rest.join('/'));
      try {
        const before = seen();
        const bytes = bytesOf(name);
        const source = opened.get(name) ?? (bytes === undefined ? openFile(root + sep + name) : memorySource(bytes));
        if (bytes === undefined) opened.set(name, source);
        return seen() > before && seen() % atOnce === 0
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

/**
 * So many bytes of small files are held, which are read when they are opened. They are read once, so what is sent is
 * what was hashed and analysed, even if the file is saved in between. Large files are read again, and refused when they
 * have changed.
 */
const mostHeld = 32 * 1024 * 1024;

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
