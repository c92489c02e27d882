// Builds dist/: the library (tsc), the one-file CLI, the one-file runner and the one-file emulator (esbuild).
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { analysisCode } from './analysis-code.mjs';
import { packed, sourcesOf } from './pack.mjs';
import { pgLogin } from './pg-login.mjs';
import { specsAlone } from './specs-alone.mjs';

await import('./embed-sql.mjs').then(({ render }) =>
  writeFileSync('src/migrate/runner/history/schema.generated.ts', render()),
);
// Only if Google's packages are installed; the file is committed to the repository.
const descriptors = await import('./descriptors.mjs').then(({ render }) => render());
if (descriptors !== undefined) writeFileSync('emulator/proto/descriptors.generated.ts', descriptors);
const code = JSON.stringify(await analysisCode());
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
rmSync('dist', { recursive: true, force: true });
mkdirSync('dist');

const shared = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  // Names are kept for stack traces; white space costs time at every start.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'linked',
  define: {
    'process.env.GODWIT_VERSION': JSON.stringify(version),
    'process.env.GODWIT_ANALYSIS_CODE': code,
    // `pg` checks for Cloudflare's sockets by this global, and on Node 20 the check alone loads fetch: 20 ms.
    Response: 'undefined',
  },
  // `pg` and its dependencies are CommonJS and call `require` for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  external: ['pg-native'],
  plugins: [pgLogin],
  logLevel: 'warning',
};

await Promise.all([
  // A few lines in CommonJS, which Node starts fastest, and the program in one file beside it.
  build({
    ...shared,
    format: 'cjs',
    entryPoints: { godwit: 'src/cli/launcher/main.ts' },
    outdir: 'dist',
    outExtension: { '.js': '.cjs' },
    banner: { js: '#!/usr/bin/env node' },
  }),
  buildPack(),
  // CommonJS: Node's loader for ES modules costs every start 6 ms.
  build({
    ...shared,
    entryPoints: { runner: 'src/job/main.ts' },
    outdir: 'dist',
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    banner: {},
  }),
  // Google Cloud for the demo of the private network; its gRPC front is only for tests and is left out.
  build({
    ...shared,
    entryPoints: { emulator: 'emulator/entry.ts' },
    outdir: 'dist',
    external: [...shared.external, '@grpc/*', 'protobufjs', 'proto3-json-serializer'],
  }),
]);

const tsc = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  stdio: 'inherit',
});
process.exitCode = tsc.status ?? 1;
if (tsc.status === 0) {
  const fingerprint = 'dist/lib/adapters/analyses/fingerprint.js';
  const text = readFileSync(fingerprint, 'utf8');
  writeFileSync(fingerprint, text.replace('process.env.GODWIT_ANALYSIS_CODE', code));
}

async function buildPack() {
  const result = await build({
    ...shared,
    entryPoints: { main: 'src/cli/main.ts' },
    plugins: [...shared.plugins, specsAlone],
    outdir: 'dist',
    define: { ...shared.define, 'import.meta.url': '__own.url' },
    write: false,
    metafile: true,
    // A command loads only its own part.
    splitting: true,
    chunkNames: '[name]-[hash]',
    banner: {},
    // Loaded only when needed; the first two include files of their own (a WASM module, Babel).
    external: [...shared.external, 'libpg-query', 'jiti', 'google-auth-library'],
  });
  writeFileSync('dist/godwit.pack', packed(result));
  writeFileSync('dist/godwit.sources.json', JSON.stringify(sourcesOf(result.metafile)));
  for (const { path, contents } of result.outputFiles) if (!path.endsWith('.js')) writeFileSync(path, contents);
}
