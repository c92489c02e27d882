import { transform } from 'esbuild';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * For esbuild. A command's file holds its specification and, behind it, its `run`. Where the table of commands imports the
 * specification, it gets the file up to `run`, without the imports that only `run` needs: help, completion and parsing
 * load nothing of what commands use. `run` comes with the file itself, by the table's `import()`.
 */
export const specsAlone = {
  name: 'specs-alone',
  setup({ onResolve, onLoad }) {
    const namespace = 'spec';
    onResolve({ filter: /^\.\/commands\// }, ({ kind, importer, resolveDir, path }) =>
      kind === 'import-statement' && importer.endsWith('/cli/table.ts')
        ? { path: resolve(resolveDir, path), namespace }
        : undefined,
    );
    onLoad({ filter: /./, namespace }, async ({ path }) => {
      const [spec, run] = readFileSync(path, 'utf8').split('\nexport const run');
      if (run === undefined) return { errors: [{ text: `${path} has no \`export const run\` behind its \`spec\`.` }] };
      // Like TypeScript, esbuild drops imports that nothing uses.
      const { code } = await transform(spec, { loader: 'ts', tsconfigRaw: {} });
      return { contents: code, resolveDir: dirname(path) };
    });
  },
};
