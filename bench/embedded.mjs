// Measures the embedded server: `node bench/embedded.mjs [major …]`. The binaries must be in the cache already.
// Per round: cold (no template yet), first (template there, new folder), later (the folder is there), join, stop.
// Folders are removed at the end only: ext4 makes files slowly for seconds after it has deleted many.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const rounds = 5;
const majors = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [15, 18];

const work = mkdtempSync(join(tmpdir(), 'godwit-bench-'));
chmodSync(work, 0o755);
const module = join(root, 'node_modules', `.godwit-bench-${process.pid}.mjs`);
try {
  await build({
    stdin: {
      contents: "export * from './src/adapters/embedded/server.ts'; export * from './src/adapters/embedded/fetch.ts';",
      resolveDir: root,
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['pg'],
    outfile: module,
    logLevel: 'error',
  });
  const { startEmbedded, ensureBinaries } = await import(pathToFileURL(module).href);
  for (const major of majors) await measure(major, { startEmbedded, ensureBinaries });
} finally {
  rmSync(module, { force: true });
  rmSync(work, { recursive: true, force: true });
}

async function measure(major, { startEmbedded, ensureBinaries }) {
  const binaries = await ensureBinaries(major);
  if (!binaries.ok) throw new Error(binaries.findings[0].why);
  const times = { cold: [], first: [], later: [], join: [], stop: [] };
  for (let round = 0; round < rounds; round += 1) {
    const cache = join(work, `cache-${major}-${round}`);
    mkdirSync(cache);
    symlinkSync(join(binaries.value.cache, 'postgres'), join(cache, 'postgres'));
    const start = (name) =>
      startEmbedded({
        dataDir: join(work, `${major}-${round}-${name}`),
        major,
        env: { ...process.env, GODWIT_CACHE: cache },
      });
    const cold = await timed(times.cold, () => start('a'));
    const guest = await timed(times.join, () => start('a'));
    await guest.value.stop();
    await timed(times.stop, () => cold.value.stop());
    await (await timed(times.first, () => start('b'))).value.stop();
    await (await timed(times.later, () => start('b'))).value.stop();
  }
  const cells = Object.entries(times).map(([name, list]) => {
    const sorted = list.toSorted((a, b) => a - b);
    return `${name} ${sorted[Math.floor(rounds / 2)]} (${sorted[0]}-${sorted.at(-1)})`;
  });
  console.log(`PostgreSQL ${major}, ms, median (range) of ${rounds}: ${cells.join(' | ')}`);
}

async function timed(list, work) {
  const began = performance.now();
  const result = await work();
  list.push(Math.round(performance.now() - began));
  if (result?.ok === false) throw new Error(result.findings[0].why);
  return result;
}
