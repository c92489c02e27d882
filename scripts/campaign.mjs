// Campaigns of random cases (test/FOLDER/main.ts) as programs: `npm run faults -- --help`, also `histories`, `damages`.
import { rmSync } from 'node:fs';
import { join, dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const [folder] = process.argv.splice(2, 1);
if (process.argv.includes('--peer')) (await import('../bench/support/peers.mjs')).installPeers();

const outfile = join(root, 'node_modules', `.godwit-${folder.replaceAll('/', '-')}-${process.pid}.mjs`);
process.on('exit', () => rmSync(outfile, { force: true }));
await build({
  entryPoints: [join(root, 'test', folder, 'main.ts')],
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  packages: 'external',
  outfile,
  logLevel: 'error',
});
await import(pathToFileURL(outfile).href);
