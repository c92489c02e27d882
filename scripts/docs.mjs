// Writes docs/cli.md, docs/faults.md and schemas/ from the compiled sources. A test fails when they are out of date.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cliReference, faultReference } from '../dist/lib/cli/reference.js';
import { schemas } from './schemas.mjs';

mkdirSync('docs', { recursive: true });
writeFileSync('docs/cli.md', cliReference());
writeFileSync('docs/faults.md', faultReference());
mkdirSync('schemas', { recursive: true });
for (const [name, schema] of Object.entries(schemas())) {
  writeFileSync(`schemas/${name}.json`, `${JSON.stringify(schema, null, 2)}\n`);
}
