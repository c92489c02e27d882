import { runProgram } from '../../src/cli/program.ts';
import type { TestProject } from '../support/project.ts';

/** A command that goes on in this process until it is stopped, as by Ctrl-C. */
export interface GoingCommand {
  stop(): void;
  readonly ended: Promise<{ readonly exitCode: number; readonly err: string }>;
}

/** Starts a command of this project and does not wait for it. */
export function start(project: TestProject, url: string, ...argv: readonly string[]): GoingCommand {
  const controller = new AbortController();
  let err = '';
  const ended = runProgram({
    argv,
    signal: controller.signal,
    io: {
      cwd: project.folder,
      env: { HOME: project.folder, USER: 'tester', DATABASE_URL: url },
      out: () => {},
      err: (text) => (err += text),
      terminal: false,
      interactive: false,
      columns: () => 100,
      ask: () => Promise.resolve(undefined),
      input: () => Promise.resolve(''),
    },
  }).then((exitCode) => ({ exitCode, err }));
  return { stop: () => controller.abort(), ended };
}
