import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './fences.ts';

const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
  'bench/README.md',
  'emulator/README.md',
  'examples/vividly/README.md',
  'test/faults/README.md',
];

/** GitHub's anchors of the headings of a page, and those that it sets itself. */
function anchorsOf(text: string): readonly string[] {
  const prose = text.replaceAll(/^```.*?^```/gms, '');
  const headings = [...prose.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    (heading ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return [...headings, ...[...prose.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id ?? '')];
}

/** Why a link of this page leads nowhere; undefined when it leads somewhere. */
function broken(page: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const target = join(root, path === '' ? page : join(dirname(page), path));
  if (!existsSync(target)) return `${link}: no such file`;
  if (anchor === undefined || anchorsOf(readFileSync(target, 'utf8')).includes(anchor)) return undefined;
  return `${link}: no such heading`;
}

test.each(pages)('the links of %s lead somewhere', (page) => {
  const text = readFileSync(join(root, page), 'utf8');
  const prose = text.replaceAll(/^```.*?^```/gms, '').replaceAll(/`[^`\n]*`/g, '');
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '');
  const own = links.filter((link) => !/^[a-z]+:/.test(link));
  expect(own.map((link) => broken(page, link)).filter(Boolean)).toEqual([]);
});

test('the pages that texts and comments of src name are there', () => {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const named = files.flatMap((name) =>
    [...readFileSync(join(root, 'src', name), 'utf8').matchAll(/\bdocs\/[\w-]+\.md(?:#[\w-]+)?/g)].map(
      ([link]) => link,
    ),
  );
  expect(named.length).toBeGreaterThan(10);
  expect([...new Set(named)].map((link) => broken('README.md', link)).filter(Boolean)).toEqual([]);
});
