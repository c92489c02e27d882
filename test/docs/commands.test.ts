import { hostname, userInfo } from 'node:os';
import { expect, test } from 'vitest';
import { createProject, type TestProject } from '../support/project.ts';
import { fencesOf, replaceFences, type Fence } from './fences.ts';

// These pages say how they are tested: a block `… file=PATH` is a file of the project; the commands of a block `sh run`
// are typed in it, and end with 0 or with `exit=N`; a block `text` is what the commands before it print.
// GODWIT_UPDATE_DOCS=1 writes what was printed into the blocks that differ: read the difference before you commit it.

const pages: Readonly<Record<string, readonly string[]>> = {
  'docs/tutorial.md': ['local'],
  'docs/migrations.md': ['local'],
  'docs/rollback.md': ['local'],
  'docs/adopt.md': ['legacy'],
  'docs/coming-from.md': ['old'],
  'docs/pipeline.md': ['local', 'prod'],
  'docs/exec.md': ['local'],
  'docs/fleet.md': ['local'],
};

const updating = process.env['GODWIT_UPDATE_DOCS'] === '1';

const env = {
  HOME: process.env['HOME'] ?? '',
  PATH: process.env['PATH'] ?? '',
  ...(process.env['GODWIT_CACHE'] === undefined ? {} : { GODWIT_CACHE: process.env['GODWIT_CACHE'] }),
};

test.each(Object.entries(pages))(
  'every command of %s does what the page says',
  async (page, environments) => {
    using project = createProject({}, undefined, env);
    const wrong: string[] = [];
    const corrected = new Map<Fence, string>();
    try {
      let printed = '';
      for (const fence of fencesOf(page)) {
        const file = /file=(\S+)/.exec(fence.terms)?.[1];
        if (file !== undefined) project.write(file, `${fence.text}\n`);
        const typed =
          fence.language === 'sh' && fence.terms.startsWith('run') ? await type(project, page, fence) : undefined;
        if (typed !== undefined) wrong.push(...typed.wrong);
        printed = typed?.printed ?? printed;
        const missing = fence.language === 'text' ? notPrinted(printed, page, fence) : [];
        if (missing.length > 0 && updating) corrected.set(fence, forReaders(printed));
        else wrong.push(...missing);
      }
      if (updating) replaceFences(page, corrected);
    } finally {
      for (const name of environments) await project.run('db', 'stop', '-e', name);
    }
    expect(wrong).toEqual([]);
  },
  600_000,
);

interface Typed {
  /** The commands, each followed by what it printed. */
  readonly printed: string;
  /** Commands that ended otherwise than the page says. */
  readonly wrong: readonly string[];
}

/** Runs the lines of a block. */
async function type(project: TestProject, page: string, { text, terms, line }: Fence): Promise<Typed> {
  const wanted = Number(/exit=(\d+)/.exec(terms)?.[1] ?? 0);
  const wrong: string[] = [];
  let printed = '';
  for (const command of text.split('\n')) {
    const [first = '', second = '', ...rest] = wordsOf(command);
    printed += `$ ${command}\n`;
    if (`${first} ${second}` !== 'npx godwit') wrong.push(`${page}:${line}: ${command}: cannot be tested`);
    else {
      const ran = await project.run(...rest);
      printed += `${ran.shown}\n`;
      if (ran.exitCode !== wanted) wrong.push(`${page}:${line}: ${command}: exit code ${ran.exitCode}\n${ran.shown}`);
    }
  }
  return { printed, wrong };
}

/** The words of a command line; double quotes hold one together. */
function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

/** Lines of the page that were not printed in their order; `…` stands for lines left out. */
function notPrinted(printed: string, page: string, { text, line }: Fence): readonly string[] {
  const actual = printed.split('\n').map(normal);
  const wrong: string[] = [];
  let from = 0;
  for (const [index, wanted] of text.split('\n').map(normal).entries()) {
    if (wanted === '' || wanted === '…') continue;
    const found = actual.indexOf(wanted, from);
    if (found === -1) wrong.push(`${page}:${line + 1 + index}: not printed: ${wanted}`);
    else from = found + 1;
  }
  return wrong;
}

/** A line without what differs from run to run: times, ids, addresses, who and where. */
function normal(line: string): string {
  return line
    .replaceAll(/\b01[0-9A-HJKMNP-TV-Z]{10,24}\b/g, 'RUN')
    .replaceAll(/\b\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z| UTC| [+-]\d\d:\d\d)?/g, 'TIME')
    .replaceAll(/\b[\d.]+ m?s\b/g, 'DURATION')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'ADDRESS')
    .replaceAll(/\S+@[\w.-]+(?= with|; since|$)/g, 'PERSON')
    .replaceAll(/\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b/g, 'HASH')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** What was printed, as a block of a page: without this machine, and a single command without its line. */
function forReaders(printed: string): string {
  const text = printed
    .replaceAll(/\n{3,}/g, '\n\n')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:40117')
    .replaceAll(`${userInfo().username}@${hostname()}`, 'you@laptop')
    .trim();
  return text.startsWith('$ ') && text.indexOf('\n$ ') === -1 ? text.slice(text.indexOf('\n') + 1) : text;
}
