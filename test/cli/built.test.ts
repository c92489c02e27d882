import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../dist/godwit.cjs', import.meta.url));

test.each([undefined, 'commonjs', 'module'])(
  'the built program reads the configuration that it writes into a package of type %s',
  (type) => {
    const folder = mkdtempSync(join(tmpdir(), 'godwit-built-'));
    const run = (...argv: readonly string[]) =>
      spawnSync(process.execPath, [program, ...argv], {
        cwd: folder,
        env: { PATH: process.env['PATH'], HOME: folder },
        encoding: 'utf8',
      });
    try {
      writeFileSync(
        join(folder, 'package.json'),
        JSON.stringify({ name: 'shop', ...(type === undefined ? {} : { type }) }),
      );
      expect(run('init')).toMatchObject({ status: 0 });
      expect(readdirSync(folder).filter((name) => name.startsWith('godwit.config.'))).toHaveLength(1);
      expect(run('check')).toMatchObject({ status: 0 });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
