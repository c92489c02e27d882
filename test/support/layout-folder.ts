import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openFolder } from '../../src/adapters/files/folder.ts';
import type { Folder } from '../../src/migrate/contract/ports.ts';

/** A project with these files, and its folder of migrations. */
export function createFolder(
  files: Readonly<Record<string, string>>,
  label = 'migrations',
): Folder & Disposable & { readonly path: string } {
  const root = mkdtempSync(join(tmpdir(), 'godwit-layout-'));
  const path = join(root, label);
  mkdirSync(path, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return {
    ...openFolder(path, label),
    path,
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}
