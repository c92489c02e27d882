import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { openCodeCache } from './code-cache.ts';
import type { Kept } from './code-file.ts';
import { openPack } from './pack.ts';

/*
 * Starts the program: `godwit.pack` next to this file (scripts/pack.mjs) holds its chunks, of which a command loads its
 * own. What V8 has made of them is kept from one start to the next (code-cache.ts).
 */

/** What a chunk has in place of what only ES modules have: `import()` of what is fixed and what is not, its address. */
interface Own {
  load(name: string): Promise<unknown>;
  import(url: string): Promise<unknown>;
  readonly url: string;
}

/** As Node’s own loader calls a CommonJS module. */
type Chunk = (exports: unknown, require: (name: string) => unknown, own: Own) => void;

const here = __dirname;
const requireOutside = createRequire(__filename);
const path = join(here, 'godwit.pack');
const pack = openPack(path);
const cache = openCodeCache(pack, process.argv.slice(2), process.env);
const loaded = new Map<string, unknown>();
const together = cache === undefined ? undefined : compileTogether(cache.kept);
const own: Own = {
  load: async (name) => await Promise.resolve(name).then(load),
  // Here, because code from the cache no longer knows whom to ask for an import.
  import: async (url) => await import(url),
  url: pathToFileURL(__filename).href,
};

function load(name: string): unknown {
  const chunk = name.startsWith('./') ? name.slice(2) : '';
  const known = loaded.get(chunk);
  if (known !== undefined) return known;
  const start = together?.functions.get(chunk) ?? compile(chunk);
  // A package, or one of Node’s own modules.
  if (start === undefined) return requireOutside(name);
  const exports = {};
  loaded.set(chunk, exports);
  start(exports, load, own);
  return exports;
}

function compile(chunk: string): Chunk | undefined {
  const source = pack.source(chunk);
  if (source === undefined) return undefined;
  return new Script(source, { filename: join(here, chunk) }).runInThisContext() as Chunk;
}

/** One script of all chunks that this command has loaded before. */
function compileTogether({ chunks, code }: Kept) {
  const source = chunks.length === 0 ? undefined : pack.array(chunks);
  if (source === undefined) return undefined;
  const script = new Script(source, { filename: path, ...(code === undefined ? {} : { cachedData: code }) });
  const functions = script.runInThisContext() as readonly Chunk[];
  return { script, functions: new Map(chunks.map((chunk, at) => [chunk, functions[at]])) };
}

load('./main.js');
// Behind the program’s own last words.
process.on('exit', (exitCode) => cache?.keep({ exitCode, loaded: [...loaded.keys()], script: together?.script }));
