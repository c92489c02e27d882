import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './fences.ts';

const generated = new Set(['docs/cli.md', 'docs/faults.md']);
const pages = ['README.md', 'CHANGELOG.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter(
  (page) => !generated.has(page),
);

/** The options of each command, as docs/cli.md lists them; those of every command under the empty name. */
function optionsByCommand(): ReadonlyMap<string, ReadonlySet<string>> {
  const sections = readFileSync(join(root, 'docs/cli.md'), 'utf8').split(/^#{2,3} /m);
  return new Map(
    sections.map((section) => {
      const title = /^.*/.exec(section)?.[0] ?? '';
      const options = [...section.matchAll(/^- `(.*?)`:/gm)].flatMap(
        ([, names = '']) => names.match(/--?[\w-]+/g) ?? [],
      );
      return [title === 'Options of every command' ? '' : title, new Set(options)];
    }),
  );
}

const known = optionsByCommand();
const all = new Set([...known.values()].flatMap((options) => [...options]));

/** Options of other programs that the pages name alone. */
const foreign = new Set(['--execute-now']);

/** What is wrong with what follows `godwit` on a command line; undefined when nothing is. */
function wrongWith(typed: string): string | undefined {
  const words = typed.replace(/ -- .*| [#>|].*/, '').split(/\s+/);
  const first = words[0] ?? '';
  if (!/^[a-z]/.test(first)) return undefined;
  const command = known.has(words.slice(0, 2).join(' ')) ? words.slice(0, 2).join(' ') : first;
  const group = [...known.keys()].some((name) => name.startsWith(`${first} `));
  if (!known.has(command) && !group) return `${first}: no such command`;
  const options = words.flatMap((word) => /^--?[a-z][\w-]*/.exec(word)?.[0] ?? []);
  const own = known.get(command) ?? known.get(`${first} list`) ?? new Set();
  const unknown = options.find((option) => !own.has(option) && known.get('')?.has(option) !== true);
  return unknown === undefined ? undefined : `godwit ${typed}: no option ${unknown}`;
}

test('docs/cli.md is read as it is meant', () => {
  expect(known.get('up')).toContain('--out-of-order');
  expect(known.get('')).toContain('-e');
  expect(wrongWith('up --out-of-odrer')).toBe('godwit up --out-of-odrer: no option --out-of-odrer');
  expect(wrongWith('rnus list')).toBe('rnus: no such command');
  expect(wrongWith('exec -e dev -- alembic upgrade --sql head')).toBe(undefined);
});

test.each(pages)('commands and options that %s names exist', (page) => {
  const text = readFileSync(join(root, page), 'utf8');
  const blocks = [...text.matchAll(/^ *```sh.*?$(.*?)^ *```$/gms)].flatMap(([, block = '']) => block.split('\n'));
  const spans = [...text.replaceAll(/^ *```.*?^ *```$/gms, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) =>
    code.replaceAll('\n', ' '),
  );
  const typed = [...blocks, ...spans].flatMap((line) => /^(?:\$ )?(?:npx )?godwit (.*)$/.exec(line.trim())?.[1] ?? []);
  const alone = spans.flatMap((span) => /^--[a-z][\w-]*/.exec(span)?.[0] ?? []);
  expect([
    ...typed.flatMap((line) => wrongWith(line) ?? []),
    ...alone.filter((option) => !all.has(option) && !foreign.has(option)),
  ]).toEqual([]);
});
