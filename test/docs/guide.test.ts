import { expect, test } from 'vitest';
import { createProject, type TestProject } from '../support/project.ts';
import { fencesOf, type Fence } from './fences.ts';

// These pages say how they are tested: a block `… file=PATH` is a file of the project; the commands of a block `sh run`
// are typed in it, and end with 0 or with `exit=N`; a block `text` is what the commands before it print.

const env = {
  HOME: process.env['HOME'] ?? '',
  PATH: process.env['PATH'] ?? '',
  ...(process.env['GODWIT_CACHE'] === undefined ? {} : { GODWIT_CACHE: process.env['GODWIT_CACHE'] }),
};

test.each(['docs/guide.md', 'docs/exec.md'])(
  'every command of %s does what the page says',
  async (page) => {
    using project = createProject({}, undefined, env);
    const wrong: string[] = [];
    try {
      let printed = '';
      for (const fence of fencesOf(page)) {
        const file = /file=(\S+)/.exec(fence.terms)?.[1];
        if (file !== undefined) project.write(file, `${fence.text}\n`);
        const typed =
          fence.language === 'sh' && fence.terms.startsWith('run') ? await type(project, page, fence) : undefined;
        if (typed !== undefined) wrong.push(...typed.wrong);
        printed = typed?.printed ?? printed;
        if (fence.language === 'text') wrong.push(...notPrinted(printed, page, fence));
      }
    } finally {
      for (const name of page === 'docs/guide.md' ? ['local', 'legacy', 'prod'] : ['local'])
        await project.run('db', 'stop', '-e', name);
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
    if (first === 'rm') project.remove(second);
    else if (`${first} ${second}` !== 'npx godwit') wrong.push(`${page}:${line}: ${command}: cannot be tested`);
    else {
      const ran = await project.run(...rest);
      printed += `${ran.err}\n${ran.out}\n`;
      if (ran.exitCode !== wanted) wrong.push(`${page}:${line}: ${command}: exit code ${ran.exitCode}\n${ran.err}`);
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
    .replaceAll(/\b01[0-9A-HJKMNP-TV-Z]{24}\b/g, 'RUN')
    .replaceAll(/\b\d{4}-\d\d-\d\d[T ][\d:.]+Z?/g, 'TIME')
    .replaceAll(/\b[\d.]+ m?s\b/g, 'DURATION')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'ADDRESS')
    .replaceAll(/\S+@[\w.-]+(?= with|; since|$)/g, 'PERSON')
    .replaceAll(/\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b/g, 'HASH')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
