// Writes docs/cli.md, docs/faults.md and schemas/ from the sources. A test fails when they are out of date.
import { build } from 'esbuild';
import { mkdirSync, writeFileSync } from 'node:fs';
import { schemas } from './schemas.mjs';
import { specsAlone } from './specs-alone.mjs';

function lazy({ kind, path }) {
  return kind === 'dynamic-import' ? { path, external: true } : undefined;
}

const { outputFiles } = await build({
  entryPoints: ['src/cli/reference.ts'],
  bundle: true,
  write: false,
  platform: 'node',
  format: 'esm',
  // The reference is made from the specifications; what is loaded lazily is not needed.
  plugins: [specsAlone, { name: 'no-lazy-code', setup: ({ onResolve }) => onResolve({ filter: /./ }, lazy) }],
  packages: 'external',
  logLevel: 'warning',
});
const source = Buffer.from(outputFiles[0].contents).toString('base64');
const { cliReference, faultReference } = await import(`data:text/javascript;base64,${source}`);

mkdirSync('docs', { recursive: true });
writeFileSync('docs/cli.md', cliReference());
writeFileSync('docs/faults.md', faultReference());
mkdirSync('schemas', { recursive: true });
for (const [name, schema] of Object.entries(schemas())) {
  writeFileSync(`schemas/${name}.json`, `${JSON.stringify(schema, null, 2)}\n`);
}
