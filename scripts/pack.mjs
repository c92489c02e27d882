import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { Script } from 'node:vm';

/**
 * Puts what esbuild has split into one file, which src/cli/launcher reads: a line of JSON with the place of each chunk,
 * then the chunks, each a function as Node makes one of a CommonJS module. Node’s loader for ES modules takes longer
 * for 50 files than `status` for its work.
 *
 * @param result of esbuild: ES modules, with `metafile`, and not written
 * @returns the text, in ASCII
 */
export function packed({ outputFiles, metafile }) {
  const outputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output]));
  const imports = new Map([...outputs].map(([name, output]) => [name, output.imports]));
  const chunks = outputFiles
    .filter(({ path }) => path.endsWith('.js'))
    .map(({ path, text }) => [basename(path), asFunction(basename(path), text, outputs.get(basename(path)))]);
  refuseCircles(imports);
  const places = {};
  let at = 0;
  for (const [name, code] of chunks) {
    places[name] = [at, code.length];
    at += code.length;
  }
  const code = chunks.map(([, part]) => part).join('');
  const hash = createHash('sha256').update(code).digest('hex').slice(0, 32);
  const head = JSON.stringify({ hash, commands: commandWords(), chunks: places });
  // So much of it is read at once (src/cli/launcher/pack.ts).
  if (head.length >= 32 * 1024) throw new Error(`The head of the pack has ${head.length} characters.`);
  return `${head}\n${code}`;
}

// As esbuild prints them without white space.
const importStatement = /(?<=^|[;}\n])import(?: ([\w$]+)|\*as ([\w$]+))?,?(?:\{([^{}"]*)\})? ?(?:from)?"([^"]+)";?/g;
const exportStatement = /(?<=^|[;}\n])export\{([^{}"]*)\};?/g;
const defaultExport = /(?<=^|[;}\n])export default /g;
const dynamicImport = /\bimport\(("[^"]+")\)/g;
// A file whose name is not fixed, such as a configuration, is imported by Node.
const trueImport = /(?<![.\w$])import\((?!["'])/g;

function asFunction(name, text, { imports, exports }) {
  // Whatever is assigned later would not arrive in the chunks that import it.
  if (/__esm\(\{"[^"]+"\(\)\{(?!\})/.test(text)) throw new Error(`${name} has a module that is executed late.`);
  const required = [];
  const exported = [];
  let later = 0;
  const body = text
    .replace(importStatement, (_, ...parts) => {
      required.push(requireOf(parts));
      return '';
    })
    .replace(exportStatement, (_, names) =>
      pairs(names)
        .map(([local, as]) => {
          exported.push(as);
          return `exports.${as}=${local};`;
        })
        .join(''),
    )
    .replace(defaultExport, (statement) => {
      // A text for people may hold one.
      if (!exports.includes('default') || exported.includes('default')) return statement;
      exported.push('default');
      return 'exports.default=';
    })
    .replace(dynamicImport, (_, target) => ((later += 1), `__own.load(${target})`))
    .replace(trueImport, '__own.import(');
  const statements = imports.filter(({ kind }) => kind === 'import-statement').length;
  if (required.length !== statements)
    throw new Error(`${name} has ${statements} imports; ${required.length} were found.`);
  if (exported.length !== exports.length || exports.some((one) => !exported.includes(one)))
    throw new Error(`${name} exports ${exports.join()}; found were ${exported.join()}.`);
  const expected = imports.filter(({ kind }) => kind === 'dynamic-import').length;
  if (later !== expected) throw new Error(`${name} has ${expected} dynamic imports, and ${later} were found.`);
  // esbuild leaves regular expressions as they are.
  const ascii = body.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const code = `(function(exports,require,__own){"use strict";${required.join('')}${ascii}})\n`;
  // An import or export that was not found is refused here: a function has none.
  if (!isFunction(code)) throw new Error(`${name} has an import or export that is not understood, or no valid code.`);
  return code;
}

function isFunction(code) {
  try {
    return new Script(code) instanceof Script;
  } catch {
    return false;
  }
}

function requireOf([single, namespace, names, from]) {
  const source = `require(${JSON.stringify(from)})`;
  const whole = single ?? namespace;
  // What is not a chunk is Node’s own or CommonJS, and its default is the whole.
  if (single !== undefined && from.startsWith('./')) return `const{default:${single}}=${source};`;
  const picked =
    names === undefined ? '' : `{${pairs(names).map(([name, as]) => (name === as ? name : `${name}:${as}`))}}`;
  if (whole === undefined) return picked === '' ? `${source};` : `const${picked}=${source};`;
  return `const ${whole}=${source}${picked === '' ? '' : `,${picked}=${whole}`};`;
}

/** `a,b as c` → [[a, a], [b, c]] */
function pairs(names) {
  return names
    .split(',')
    .filter((part) => part !== '')
    .map((part) => part.trim().split(' as '))
    .map(([name, as = name]) => [name, as]);
}

/** A chunk has to be complete before another one uses it. */
function refuseCircles(imports) {
  const done = new Set();
  const visit = (name, path) => {
    if (path.includes(name)) throw new Error(`Chunks in a circle: ${[...path, name].join(' -> ')}`);
    if (done.has(name)) return;
    for (const { path: next, kind } of imports.get(name) ?? [])
      if (kind === 'import-statement') visit(basename(next), [...path, name]);
    done.add(name);
  };
  for (const name of imports.keys()) visit(name, []);
}

/** Each command has a file, and each group of commands has a folder. */
function commandWords() {
  return [...new Set(readdirSync('src/cli/commands').map((name) => name.split('.', 1)[0]))];
}

/**
 * What each chunk is made of, for those who ask why a command loads it (scripts/loads.mjs).
 *
 * @param metafile of esbuild
 * @returns by chunk, the bytes of each source
 */
export function sourcesOf({ outputs }) {
  return Object.fromEntries(
    Object.entries(outputs).map(([path, { inputs }]) => [
      basename(path),
      Object.fromEntries(Object.entries(inputs).map(([input, { bytesInOutput }]) => [input, bytesInOutput])),
    ]),
  );
}
