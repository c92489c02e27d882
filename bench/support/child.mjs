// Runs a Node program as users do: a whole process, timed from its start to its end.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const peakProbe = new URL('peak.mjs', import.meta.url).href;

/**
 * @param {readonly string[]} args the program and its arguments
 * @param {{ env?: Record<string, string | undefined>, cwd?: string, exits?: number, peak?: boolean }} options `exits` is
 *   the exit code that counts as success; `peak` also measures memory, and costs some milliseconds.
 * @returns {Promise<{ ms: number, stdout: string, stderr: string, peakMiB?: number, cpuMs?: number }>}
 */
export async function runNode(args, { env = {}, cwd, exits = 0, peak = false } = {}) {
  const notes = peak ? mkdtempSync(join(tmpdir(), 'godwit-peak-')) : undefined;
  const probe = notes === undefined ? {} : { NODE_OPTIONS: `--import ${peakProbe}`, GODWIT_BENCH_PEAK: notes };
  try {
    const result = await run(args, { cwd, env: { ...process.env, NO_COLOR: '1', ...env, ...probe } });
    if (result.code !== exits) {
      const text = `${result.stdout.slice(-2_000)}${result.stderr.slice(-4_000)}`;
      throw new Error(`node ${args.join(' ')} ended with ${result.code}:\n${text}`);
    }
    return notes === undefined ? result : { ...result, ...JSON.parse(readFileSync(join(notes, 'peak.json'), 'utf8')) };
  } finally {
    if (notes !== undefined) rmSync(notes, { recursive: true, force: true });
  }
}

function run(args, options) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(process.execPath, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    let ms = 0;
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.once('exit', () => (ms = performance.now() - began));
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ ms, code: code ?? signal, stdout, stderr }));
  });
}
