// Identity of the code that makes analyses: what the cache keeps of one build is not there for another.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const grammar = 'node_modules/libpg-query';

/** A hash over everything that an analysis is made by: the program from `analyse.ts` on, the grammar, the cache's form. */
export async function analysisCode() {
  const { outputFiles } = await build({
    stdin: {
      contents: [
        "export * from './src/migrate/read/analyse.ts';",
        "export * from './src/adapters/parser/libpg-query.ts';",
        "export * from './src/adapters/analyses/analysis-shape.ts';",
        "export * from './src/adapters/analyses/segment.ts';",
      ].join('\n'),
      resolveDir: '.',
      loader: 'ts',
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['libpg-query'],
    minifyWhitespace: true,
    legalComments: 'none',
    write: false,
    logLevel: 'warning',
  });
  const hash = createHash('sha256').update(outputFiles[0].contents);
  const { version } = JSON.parse(readFileSync(join(grammar, 'package.json'), 'utf8'));
  return hash
    .update(version)
    .update(readFileSync(join(grammar, 'wasm/libpg-query.wasm')))
    .digest('hex');
}
