import { expect } from 'vitest';
import { createInterrupts } from '../../src/cli/interrupts.ts';
import type { Io } from '../../src/cli/io.ts';
import { runProgram } from '../../src/cli/program.ts';
import type { TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { running } from './detached.ts';
import { test } from '../support/test.ts';

const protectedDatabase =
  '{"environments":{"prod":{"database":{"env":"DATABASE_URL"},"protected":true,"checkpoint":"never"}}}';

/** One command on a terminal; questions go to `ask`. */
function onTerminal(project: TestProject, database: TestDatabase, argv: readonly string[], ask: Io['ask']) {
  const interrupts = createInterrupts(
    () => {},
    () => performance.now(),
  );
  let err = '';
  const going = runProgram({
    argv,
    signal: interrupts.signal,
    onCtrlC: interrupts.onCtrlC,
    io: {
      cwd: project.folder,
      env: { HOME: project.folder, USER: 'tester', DATABASE_URL: database.url },
      out: () => {},
      err: (text) => (err += text),
      terminal: false,
      interactive: true,
      columns: () => 100,
      ask,
      input: () => Promise.resolve(''),
    },
  });
  return { interrupts, ended: going.then((exitCode) => ({ exitCode, err })) };
}

test('a run that ends while it is still asked whether to stop waits for no answer', async ({ database }) => {
  using project = createProject({ 'migrations/1_a.sql': 'select pg_sleep(4);' }, database.url);
  let until: AbortSignal | undefined;
  const { interrupts, ended } = onTerminal(project, database, ['up'], async (_, over) => {
    until = over;
    await new Promise((resolve) => over?.addEventListener('abort', resolve));
    return undefined;
  });
  await running(database, '%pg_sleep(4)%');
  interrupts.interrupted();
  const { exitCode, err } = await ended;
  expect(exitCode, err).toBe(0);
  expect([until?.aborted, interrupts.signal.aborted]).toEqual([true, false]);
  expect(err).not.toContain('Stopping');
});

test('Ctrl-C at the question for consent is an interruption, not a refusal', async ({ database }) => {
  using project = createProject(
    { 'migrations/1_a.sql': 'create table a (n int);', 'godwit.config.json': protectedDatabase },
    database.url,
  );
  const { interrupts, ended } = onTerminal(project, database, ['up', '-e', 'prod'], () => {
    interrupts.interrupted();
    return Promise.resolve(undefined);
  });
  const { exitCode, err } = await ended;
  expect([exitCode, err]).toEqual([130, expect.stringContaining('nothing was changed')]);
  expect(await database.query("select to_regclass('a') as a")).toEqual([{ a: null }]);
});
