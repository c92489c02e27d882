// What a job of the one-file runner is started with: its task and its bundle in variables, as the engine for Cloud Run
// sets them.
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { build } from 'esbuild';

import { root } from './workshop.mjs';

/** @returns {Promise<Record<string, string>>} the variables of a job that applies these migrations */
export async function jobVariables(workshop, migrations) {
  const tools = await loadTools();
  const bundle = await tools.bundleIn(dirname(workshop.folder('godwit', migrations)));
  const carried = await tools.carryBundle(bundle);
  if (!carried.ok || carried.value.kind !== 'variable') throw new Error('the bundle does not fit into a variable');
  return {
    GODWIT_TASK: tools.packedTask(tools.applyTask()),
    GODWIT_BUNDLE: carried.value.value,
    GODWIT_BUNDLE_HASH: bundle.hash,
    GODWIT_CONNECT_BUDGET: '120s',
  };
}

async function loadTools() {
  const contents = `
    export { applyTask, bundleIn } from './test/support/apply-task.ts';
    export { carryBundle } from './src/adapters/bundle/carry-bundle.ts';
    export { packedTask } from './src/adapters/engines/cloud-run/job-spec.ts';`;
  const outfile = join(root, 'node_modules', `.godwit-bench-job-${process.pid}.mjs`);
  const options = { bundle: true, platform: 'node', target: 'node20.19', format: 'esm', logLevel: 'error' };
  await build({ ...options, stdin: { contents, resolveDir: root, loader: 'ts' }, external: ['libpg-query'], outfile });
  try {
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(outfile, { force: true });
  }
}
