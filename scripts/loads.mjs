// What a command of the built program loads. `node scripts/loads.mjs status` prints it, the largest source first;
// `loadsOf` gives it to the benchmark and to test/cli/loads.test.ts.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Runs a command and says what it has loaded.
 *
 * @param {readonly string[]} argv
 * @param {{ cwd?: string, env?: Readonly<Record<string, string | undefined>> }} options of the process
 * @returns the number of chunks and their bytes, the sources with their bytes, the public modules of Node, and how the
 *   command ended
 */
export function loadsOf(argv, { cwd = process.cwd(), env = process.env } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-loads-'));
  try {
    const file = join(folder, 'loads.json');
    const command = ['--require', at('loads-probe.cjs'), at('../dist/godwit.cjs'), ...argv];
    const ran = spawnSync(process.execPath, command, {
      cwd,
      env: { ...env, GODWIT_LOADS: file, GODWIT_NO_CACHE: '1' },
      encoding: 'utf8',
    });
    const { chunks, builtins } = JSON.parse(readFileSync(file, 'utf8'));
    const known = JSON.parse(readFileSync(at('../dist/godwit.sources.json'), 'utf8'));
    return {
      exitCode: ran.status,
      output: ran.stdout + ran.stderr,
      chunks: chunks.length,
      bytes: chunks.reduce((sum, [, length]) => sum + length, 0),
      sources: sourcesOf(chunks.map(([path]) => known[basename(path)])),
      builtins: builtins
        .map((name) => name.replace('NativeModule ', ''))
        .filter((name) => !/^internal\/|^_/.test(name)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The sources with their bytes, the largest first. */
function sourcesOf(chunks) {
  const bytes = new Map();
  for (const [source, length] of chunks.flatMap(Object.entries)) bytes.set(source, (bytes.get(source) ?? 0) + length);
  return [...bytes].sort((a, b) => b[1] - a[1]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { sources, builtins, chunks, bytes } = loadsOf(process.argv.slice(2));
  for (const [source, length] of sources) console.log(String(length).padStart(7), source);
  console.log(`${chunks} chunks, ${bytes} bytes, ${sources.length} sources; Node: ${builtins.join(' ')}`);
}
