import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A Node process that runs some of our modules, for tests in which a process must die. */
export interface TestChild {
  readonly process: ChildProcess;
  readonly pid: number;
  /** The next line that it writes, parsed as JSON. */
  next(): Promise<unknown>;
  /** Sends a signal and waits until the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Waits until it ends on its own. */
  ended(): Promise<number | null>;
}

/**
 * Runs a TypeScript program (its imports relative to the repository's root, as `./src/…`) in its own Node process.
 * `next()` reads what it writes with `console.log(JSON.stringify(…))`.
 */
export async function startChild(program: string, options: SpawnOptions = {}): Promise<TestChild> {
  const folder = mkdtempSync(join(tmpdir(), `godwit-test-${process.pid}-child-`));
  chmodSync(folder, 0o755);
  const built = await build({
    stdin: { contents: program, resolveDir: root, loader: 'ts' },
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    external: ['pg-native'],
    write: false,
  });
  const file = join(folder, 'child.cjs');
  writeFileSync(file, built.outputFiles[0]!.text, { mode: 0o644 });
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'], cwd: folder, ...options });
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const ended = once(child, 'exit').then(([code]) => {
    rmSync(folder, { recursive: true, force: true });
    return code as number | null;
  });
  return {
    process: child,
    pid: child.pid!,
    async next() {
      const { value, done } = await lines.next();
      if (done === true) throw new Error('the child ended without a further line');
      return JSON.parse(value) as unknown;
    },
    async kill(signal) {
      child.kill(signal);
      await ended;
    },
    ended: () => ended,
  };
}

/** Waits until a condition holds; fails after a time that is long on a busy machine, too. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, withinMs = 90_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
