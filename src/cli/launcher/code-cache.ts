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
 * measured, it saves half of what this saves at best.
 *
 * A first start keeps only the names of the chunks that it has loaded: a new container, which never starts the command
 * again, does not spend a fifth of its time for nothing. The second start loads these chunks as one script, which costs
 * less than a hundred, and keeps its code; the third one is fast.
 */

export interface CodeCache {
  /** What an earlier start has kept. */
  readonly kept: Kept;
  /** Writes the cache if this start has brought something new. */
  keep(start: FinishedStart): void;
}

/** A start at its end. */
interface FinishedStart {
  readonly exitCode: number;
  /** The chunks that it has loaded. */
  readonly loaded: readonly string[];
  /** The script of the chunks that were kept, if there is one. */
  readonly script: Script | undefined;
}

const nothing: Kept = { whole: false, chunks: [] };
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
  const write = (what: Kept): void => {
    writePrivate(file, [render(what)]);
    removeOld(folder);
  };
  return {
    kept,
    keep({ exitCode, loaded, script }) {
      // Who presses Ctrl-C does not wait for this.
      if (exitCode > 128) return;
      const chunks = [...new Set([...kept.chunks, ...loaded])];
      if (script === undefined || chunks.length > kept.chunks.length) {
        write({ whole: false, chunks });
        return;
      }
      const whole = kept.whole || exitCode === 0;
      if (script.cachedDataRejected === false && whole === kept.whole) return;
      write({ whole, chunks, code: script.createCachedData() });
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
