import { readdirSync, readFileSync } from 'node:fs';

/** All files of tests, by their path from the root of the repository. */
export function testFiles(): readonly { readonly path: string; readonly text: string }[] {
  return ['src', 'emulator', 'test'].flatMap((root) =>
    readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => `${root}/${name}`)
      .filter((path) => !path.startsWith('test/rules/'))
      .map((path) => ({ path, text: readFileSync(path, 'utf8') })),
  );
}
