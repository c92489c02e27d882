import { readdirSync, realpathSync, statSync, type Dirent } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { fault } from '../../kit/fault.ts';
import { bad, good, type Outcome } from '../../kit/outcome.ts';
import type { Folder, FolderEntry } from '../../migrate/ports.ts';
import { fileSource } from './byte-source.ts';

/**
 * A folder of the file system.
 * @param path Path of the folder, absolute or relative to the working directory.
 * @param label How findings name it, relative to the project: `migrations`.
 */
export function openFolder(path: string, label: string): Folder {
  const root = resolve(path);
  return {
    label,
    list: () => Promise.resolve(listFolder(root, label)),
    open(name) {
      if (name === '' || name === '.' || name === '..' || /[/\\\0]/.test(name)) {
        return Promise.reject(new Error(`not a name of a file in a folder: ${JSON.stringify(name)}`));
      }
      const file = join(root, name);
      try {
        return Promise.resolve(fileSource(file, statSync(file).size));
      } catch (error) {
        return Promise.reject(error instanceof Error ? error : new Error(String(error)));
      }
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
    if (code === 'ENOENT') return bad(fault('folder-missing', { why: `There is no folder ${label}.`, where }));
    if (code === 'ENOTDIR') return bad(fault('folder-missing', { why: `${label} is not a folder.`, where }));
    return bad(
      fault('file-unreadable', { why: `The folder ${label} cannot be read: ${code ?? 'unknown error'}.`, where }),
    );
  }
  return good(entries.map((entry) => describe(root, real, entry)));
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
    // A link to nothing, or an entry that vanished meanwhile.
    return { name, type: 'other', outside: false, size: 0 };
  }
}
