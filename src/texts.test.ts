import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { catalogue } from './kit/catalogue/index.ts';
import { foreignPhrasesIn } from '../test/support/phrases.ts';

test('every fault of the catalogue is written as a native speaker would write it', () => {
  const found = Object.entries(catalogue).flatMap(([code, { title, why, fix }]) =>
    Object.entries({ title, why, fix }).flatMap(([field, text]) =>
      [...foreignPhrasesIn(text), ...badSentence(field, text)].map((phrase) => `${code}.${field}: ${phrase}`),
    ),
  );
  expect(found).toEqual([]);
});

/** A title is a phrase; a cause is a whole sentence that names its subject; so is a fix, or it is a command. */
function badSentence(field: string, text: string): readonly string[] {
  if (field === 'title') return text.endsWith('.') ? ['a title has no full stop'] : [];
  return [
    ...(/[.~]$|`$/.test(text) ? [] : ['a full stop is missing']),
    ...(field === 'why' && /^It (?!is not known)/.test(text) ? ['“It …”: name the subject'] : []),
  ];
}

const folder = import.meta.dirname;
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.ts') && !/\.test\.ts$|generated/.test(path),
);

test('every text in src is written as a native speaker would write it', () => {
  const found = sources.flatMap((path) =>
    textsIn(readFileSync(join(folder, path), 'utf8')).flatMap(({ line, text }) =>
      foreignPhrasesIn(text).map((phrase) => `src/${path}:${line}: ${phrase}`),
    ),
  );
  expect(found).toEqual([]);
});

/** The string literals of a source that read like prose, without what stands in backticks. */
function textsIn(source: string): readonly { readonly line: number; readonly text: string }[] {
  const code = source.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '');
  const literals = [...code.matchAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/gs)];
  return literals
    .filter(([text]) => /[a-z]{2,} [a-z]{2,}/.test(text) && !/pg_catalog|\b(?:select|from|where)\b/i.test(text))
    .map(({ 0: text, index }) => ({
      line: code.slice(0, index).split('\n').length,
      text: text
        .slice(1, -1)
        .replaceAll(/\$\{[^}]*\}/g, 'X')
        .replaceAll(/\\?`[^`]*`/g, '``'),
    }));
}
