import { createHash } from 'node:crypto';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Script } from 'node:vm';
import { privateFolder, readPrivate, writePrivate } from '../../adapters/files/private-cache.ts';
import { parse, render, type Kept } from './code-file.ts';
import type { Pack } from './pack.ts';

/*
 * V8 compiles a function when it is first called, and that is half of the time of a short command. So what it has
 * compiled by the end of a command is kept for the next start of the same command. Node’s own cache
 * (`module.enableCompileCache`, from 22) keeps a file as it is right after loading, when hardly a function is compiled:
 * measured, it saves a quarter of what this saves.
 */

/** A chunk that was loaded. */
interface CompiledChunk {
  readonly chunk: string;
  readonly script: Script;
  /** True when V8 took it from the cache. */
  readonly known: boolean;
}

export interface CodeCache {
  /** What V8 has made of a chunk in an earlier start. */
  codeOf(chunk: string): Buffer | undefined;
  add(chunk: CompiledChunk): void;
  /** Writes the cache if this start has brought something new. */
  keep(exitCode: number): void;
}

const nothing: Kept = { whole: false, code: new Map() };
const oldest = 60 * 24 * 3_600_000;
const most = 64;

/** Opens the cache for one command; undefined when there is no folder for it. */
export function openCodeCache(pack: Pack, argv: readonly string[], env: NodeJS.ProcessEnv): CodeCache | undefined {
  const folder = privateFolder('code', env);
  if (folder === undefined) return undefined;
  // V8 refuses what it has compiled with other flags.
  const flags = [...process.execArgv, env['NODE_OPTIONS'] ?? ''].join(' ');
  const key = createHash('sha256').update(`${pack.hash} ${flags}`).digest('hex').slice(0, 32);
  const file = join(folder, `${commandOf(argv, pack)}-${process.version}-${process.arch}-${key}`);
  const kept = read(file);
  const chunks: CompiledChunk[] = [];
  return {
    codeOf: (chunk) => kept.code.get(chunk),
    add: (chunk) => void chunks.push(chunk),
    keep(exitCode) {
      // Who presses Ctrl-C does not wait for this.
      if (exitCode > 128) return;
      const whole = kept.whole || exitCode === 0;
      // What V8 refuses later than the first chunk, it refuses because the program has changed a flag meanwhile.
      const grown = chunks[0]?.known === false || chunks.some(({ chunk }) => !kept.code.has(chunk));
      if (!grown && whole === kept.whole) return;
      const code = new Map(kept.code);
      for (const { chunk, script } of chunks) code.set(chunk, script.createCachedData());
      writePrivate(file, [render({ whole, code })]);
      removeOld(folder);
    },
  };
}

function read(file: string): Kept {
  try {
    const bytes = readPrivate(file);
    return bytes === undefined ? nothing : parse(bytes);
  } catch {
    return nothing;
  }
}

/** The command, or its group. A word that is neither is no name for a file: it may be a secret at a wrong place. */
function commandOf(argv: readonly string[], { commands }: Pack): string {
  return argv.find((word) => commands.includes(word)) ?? 'help';
}

/** Removes the files of other versions, in time: a file that is still used is soon written again. */
function removeOld(folder: string): void {
  try {
    const now = Date.now();
    const files = readdirSync(folder).map((name) => ({ path: join(folder, name), age: age(join(folder, name), now) }));
    files.sort((a, b) => a.age - b.age);
    for (const [place, { path, age }] of files.entries()) if (place >= most || age > oldest) rmSync(path);
  } catch {
    // Another start removes them at the same time.
  }
}

function age(path: string, now: number): number {
  return now - statSync(path).mtimeMs;
}
