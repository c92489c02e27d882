import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runProgram } from '../../src/cli/program.ts';
import type { RunEvent } from '../../src/migrate/contract/event.ts';

/** What a command printed and how it ended. */
interface Ran {
  readonly exitCode: number;
  /** Standard output. */
  readonly out: string;
  /** Standard error. */
  readonly err: string;
  /** What a person reads on a terminal: both streams, in the order of writing. */
  readonly shown: string;
  /** With `--json`: the events or documents on standard output. */
  readonly json: readonly (RunEvent & Record<string, unknown>)[];
}

/** A folder with a project in it; commands run in this process as a user would type them. */
export interface TestProject extends Disposable {
  readonly folder: string;
  write(path: string, text: string | Uint8Array): void;
  read(path: string): string;
  remove(path: string): void;
  run(...argv: readonly string[]): Promise<Ran>;
  /** The same with further environment variables. */
  runWith(env: Readonly<Record<string, string>>, ...argv: readonly string[]): Promise<Ran>;
}

/**
 * Makes a project with these files. `url` becomes DATABASE_URL; further variables may be given.
 *
 *     using project = createProject({ 'migrations/1_a.sql': 'create table a (id int)' }, database.url);
 *     expect((await project.run('up')).exitCode).toBe(0);
 */
export function createProject(
  files: Readonly<Record<string, string | Uint8Array>>,
  url?: string,
  env: Readonly<Record<string, string>> = {},
): TestProject {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-project-'));
  const variables = { HOME: folder, USER: 'tester', ...(url === undefined ? {} : { DATABASE_URL: url }), ...env };
  const project: TestProject = {
    folder,
    write(path, text) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    },
    read: (path) => readFileSync(join(folder, path), 'utf8'),
    remove: (path) => rmSync(join(folder, path), { recursive: true }),
    run: (...argv) => runHere(folder, variables, argv),
    runWith: (more, ...argv) => runHere(folder, { ...variables, ...more }, argv),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
  for (const [path, text] of Object.entries(files)) project.write(path, text);
  return project;
}

/** Runs godwit in this process, as a user would type it in this folder and with these variables. */
export async function runHere(
  cwd: string,
  env: Readonly<Record<string, string>>,
  argv: readonly string[],
): Promise<Ran> {
  let out = '';
  let err = '';
  let shown = '';
  const exitCode = await runProgram({
    argv,
    signal: new AbortController().signal,
    io: {
      cwd,
      env,
      out: (text) => {
        out += text;
        shown += text;
      },
      err: (text) => {
        err += text;
        shown += text;
      },
      terminal: false,
      interactive: false,
      columns: () => 100,
      ask: () => Promise.resolve(undefined),
      input: () => Promise.resolve(''),
    },
  });
  const json = argv.includes('--json')
    ? out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
    : [];
  return { exitCode, out, err, shown, json };
}
