// Writes docs/cli.md, docs/faults.md and schemas/ from the sources. A test fails when they are out of date.
import { build } from 'esbuild';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { specsAlone } from './specs-alone.mjs';

function lazy({ kind, path }) {
  return kind === 'dynamic-import' ? { path, external: true } : undefined;
}

const sources = ['./src/cli/reference.ts', './src/cli/fault-reference.ts', './scripts/schemas/index.ts'];
const { outputFiles } = await build({
  stdin: { contents: sources.map((source) => `export * from '${source}';`).join('\n'), resolveDir: '.' },
  bundle: true,
  write: false,
  platform: 'node',
  format: 'esm',
  // The reference is made from the specifications; what is loaded lazily is not needed.
  plugins: [specsAlone, { name: 'no-lazy-code', setup: ({ onResolve }) => onResolve({ filter: /./ }, lazy) }],
  logLevel: 'warning',
});
const source = Buffer.from(outputFiles[0].contents).toString('base64');
const { cliReference, faultReference, schemas } = await import(`data:text/javascript;base64,${source}`);

mkdirSync('docs', { recursive: true });
writeFileSync('docs/cli.md', cliReference());
writeFileSync('docs/faults.md', faultReference(new Map(faultSamples())));
mkdirSync('schemas', { recursive: true });
for (const [name, schema] of Object.entries(schemas())) {
  writeFileSync(`schemas/${name}.json`, `${JSON.stringify(schema, null, 2)}\n`);
}

/** The output of real runs for a code; test/docs/fault-samples.test.ts makes these files. */
function faultSamples() {
  const folder = 'test/docs/fault-samples';
  return readdirSync(folder).map((name) => [name.replace(/\.txt$/, ''), readFileSync(`${folder}/${name}`, 'utf8')]);
}
