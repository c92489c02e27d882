// The fault harness (test/faults/harness) as a program: `npm run faults -- --help`.
import { rmSync } from 'node:fs';
import { join, dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
if (process.argv.includes('--peer')) (await import('../bench/support/workshop.mjs')).installPeers();

const outfile = join(root, 'node_modules', `.godwit-faults-${process.pid}.mjs`);
process.on('exit', () => rmSync(outfile, { force: true }));
await build({
  entryPoints: [join(root, 'test', 'faults', 'harness', 'main.ts')],
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  packages: 'external',
  outfile,
  logLevel: 'error',
});
await import(pathToFileURL(outfile).href);
