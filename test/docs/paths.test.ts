import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './fences.ts';

const everywhere = ['src', 'sql', 'scripts', 'test', 'emulator', 'bench'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
);

/** Is there such a file or folder? Pages may leave out the beginning of its path. */
function isThere(path: string): boolean {
  const plain = path.replace(/\/$/, '');
  return existsSync(join(root, plain)) || everywhere.some((one) => one === plain || one.endsWith(`/${plain}`));
}

test.each(['ARCHITECTURE.md', 'CONTRIBUTING.md', 'test/faults/README.md'])(
  'the files and folders that %s names are there',
  (page) => {
    const text = readFileSync(join(root, page), 'utf8').replaceAll(/^```.*?^```/gms, '');
    const named = [...text.matchAll(/`([\w./-]+)`/g)]
      .map(([, name]) => name ?? '')
      .filter((name) => /\w\.(?:ts|mjs|sql|md|json)$/.test(name) || /^[\w-]+\/[\w/-]*$/.test(name))
      .filter((name) => name !== 'godwit/testing');
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !isThere(name))).toEqual([]);
  },
);
