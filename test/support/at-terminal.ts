import { runProgram } from '../../src/cli/program.ts';
import type { TestProject } from './project.ts';

/** A person at a terminal, who types these answers. */
export async function atTerminal(
  project: TestProject,
  env: Readonly<Record<string, string>>,
  line: string,
  answers: string[],
  columns = 100,
): Promise<{
  readonly exitCode: number;
  readonly err: string;
  readonly shown: string;
  readonly questions: readonly string[];
}> {
  let err = '';
  let shown = '';
  const questions: string[] = [];
  const exitCode = await runProgram({
    argv: line.split(' '),
    signal: new AbortController().signal,
    io: {
      cwd: project.folder,
      env: { ...env, NO_COLOR: '1', TERM: 'dumb' },
      out: (text) => (shown += text),
      err: (text) => {
        err += text;
        shown += text;
      },
      terminal: true,
      interactive: true,
      columns: () => columns,
      ask: (question) => {
        questions.push(question);
        return Promise.resolve(answers.shift());
      },
      input: () => Promise.resolve(''),
    },
  });
  return { exitCode, err, shown, questions };
}
