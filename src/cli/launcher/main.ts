import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { openCodeCache } from './code-cache.ts';
import { readPack } from './pack.ts';

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
const pack = readPack(readFileSync(join(here, 'godwit.pack'), 'latin1'));
const cache = openCodeCache(pack, process.argv.slice(2), process.env);
const loaded = new Map<string, unknown>();
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
  const source = pack.source(chunk);
  // A package, or one of Node’s own modules.
  if (source === undefined) return requireOutside(name);
  const exports = {};
  loaded.set(chunk, exports);
  compile(chunk, source)(exports, load, own);
  return exports;
}

function compile(chunk: string, source: string): Chunk {
  const cachedData = cache?.codeOf(chunk);
  const script = new Script(source, {
    filename: join(here, chunk),
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  cache?.add({ chunk, script, known: script.cachedDataRejected === false });
  return script.runInThisContext() as Chunk;
}

load('./main.js');
// Behind the program’s own last words.
process.on('exit', (exitCode) => cache?.keep(exitCode));
