import { expect, test } from 'vitest';
import { createInterrupts } from '../../src/cli/interrupts.ts';
import { runProgram } from '../../src/cli/program.ts';
import { until } from '../support/child.ts';
import { buildCloud, type Cloud } from '../support/cloud.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

/** `up -e dev` on a terminal at which Ctrl-C is pressed once the migration sleeps, and answered so. */
async function interrupted(cloud: Cloud, project: TestProject, database: TestDatabase, answer: string) {
  const interrupts = createInterrupts(
    () => {},
    () => performance.now(),
  );
  let err = '';
  let asked = '';
  const going = runProgram({
    argv: ['up', '-e', 'dev'],
    signal: interrupts.signal,
    onCtrlC: interrupts.onCtrlC,
    io: {
      cwd: project.folder,
      env: { ...cloud.env, HOME: project.folder, USER: 'tester' },
      out: () => {},
      err: (text) => (err += text),
      terminal: false,
      interactive: true,
      columns: () => 100,
      ask: (question) => {
        asked += question;
        return Promise.resolve(answer);
      },
      input: () => Promise.resolve(''),
    },
  });
  const sleepers = "select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()";
  await until('it sleeps', async () => (await database.query(sleepers)).length > 0, 60_000);
  interrupts.interrupted();
  return { exitCode: await going, err, asked };
}

test.each([
  ['c', 130, 'Stopping at the next safe point', 0],
  ['l', 130, 'runs attach -e dev', 1],
  ['', 0, 'Done', 0],
] as const)(
  'Ctrl-C asks what becomes of a run far away; the answer "%s" ends the command with %i',
  { timeout: 120_000 },
  async (answer, exitCode, told, left) => {
    await using cloud = await buildCloud();
    await using database = await createTestDatabase();
    const config = JSON.stringify({ environments: { dev: cloud.environment('dev', database.url) } });
    const seconds = answer === '' ? 3 : 20;
    using project = createProject({
      'migrations/1_a.sql': `create table a (id int);\nselect pg_sleep(${seconds});`,
      'godwit.config.json': config,
    });
    const ended = await interrupted(cloud, project, database, answer);
    expect(ended.exitCode, ended.err).toBe(exitCode);
    expect(ended.asked).toContain('[c]ancel at the next safe point');
    expect(ended.err).toContain(told);
    expect(cloud.leaked().length).toBe(left);
  },
);

test(
  'N11: Ctrl-C that the platform refuses to pass on is said, and the database stops the run (`cancel-refused`)',
  { timeout: 120_000 },
  async () => {
    await using cloud = await buildCloud();
    await using database = await createTestDatabase();
    cloud.emulator.faults.onCall({ method: 'CancelExecution', kind: 'status', status: 'PERMISSION_DENIED' });
    const config = JSON.stringify({ environments: { dev: cloud.environment('dev', database.url) } });
    using project = createProject({
      'migrations/1_a.sql': 'create table a (id int);\nselect pg_sleep(60);',
      'godwit.config.json': config,
    });
    const ended = await interrupted(cloud, project, database, 'c');
    expect(ended.exitCode, ended.err).toBe(130);
    expect(ended.err).toContain('cancel-refused');
    expect(ended.err).toContain('asks the database to stop the run');
    expect(await database.query('select outcome, exit_code from godwit.run')).toEqual([
      { outcome: 'interrupted', exit_code: 130 },
    ]);
    expect(cloud.leaked()).toEqual([]);
  },
);

test(
  'a protected environment far away shows the plan and takes its name typed: one execution for each',
  { timeout: 120_000 },
  async () => {
    await using cloud = await buildCloud();
    await using database = await createTestDatabase();
    const prod = { ...cloud.environment('prod', database.url), protected: true };
    using project = createProject({
      'migrations/1_a.sql': 'create table a (id int);',
      'godwit.config.json': JSON.stringify({ environments: { prod } }),
    });
    const interrupts = createInterrupts(
      () => {},
      () => performance.now(),
    );
    let err = '';
    const up = async (answer: string): Promise<number> =>
      await runProgram({
        argv: ['up', '-e', 'prod'],
        signal: interrupts.signal,
        io: {
          cwd: project.folder,
          env: { ...cloud.env, HOME: project.folder, USER: 'tester' },
          out: () => {},
          err: (text) => (err += text),
          terminal: false,
          interactive: true,
          columns: () => 100,
          ask: () => Promise.resolve(answer),
          input: () => Promise.resolve(''),
        },
      });
    const executed = (): number => cloud.emulator.calls.filter(({ method }) => method.endsWith('.CreateJob')).length;
    expect(await up('dev'), err).toBe(10);
    expect([executed(), err.includes('1 migration would run')]).toEqual([1, true]);
    expect(await up('prod'), err).toBe(0);
    expect(executed()).toBe(3);
    project.write('migrations/2_b.sql', 'create table b (id int);');
    // The history is known from the run before: the plan costs nothing.
    expect(await up('prod'), err).toBe(0);
    expect(executed()).toBe(4);
    expect(cloud.leaked()).toEqual([]);
  },
);
