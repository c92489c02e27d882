import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, afterAll, expect, test } from 'vitest';
import { nodeHashing } from '../../src/adapters/files/hashing.ts';
import { createLineDecoder } from '../../src/migrate/contract/event-lines.ts';
import type { ExecTask } from '../../src/migrate/contract/task.ts';
import { until } from '../support/child.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { namedRun } from '../support/named-run.ts';

let database: TestDatabase;
let project: TestProject;
let first: string;

/** Appends a line each time it is executed, and then waits for a file. */
const script = `const { appendFileSync, existsSync } = require('node:fs');
  appendFileSync('ran', process.env.GODWIT_RUN + '\\n');
  const look = setInterval(() => { if (existsSync('go')) clearInterval(look); }, 20)`;

beforeAll(async () => {
  database = await createTestDatabase();
  project = createProject({ go: '' }, database.url);
  const started = await project.run('exec', '--detach', '--', process.execPath, '-e', script);
  first = namedRun(project.folder, started.err);
  await project.run('runs', 'attach', first);
});

afterAll(async () => {
  project[Symbol.dispose]();
  await database[Symbol.asyncDispose]();
});

let runs = 0;

/** A folder with the same task under a new id. */
function another(change: Partial<ExecTask> = {}): { readonly run: string; readonly folder: string } {
  runs += 1;
  const run = `01ONCE${String(runs).padStart(20, '0')}`;
  const folder = join(project.folder, '.godwit/runs', run);
  cpSync(join(project.folder, '.godwit/runs', first), folder, { recursive: true });
  const task = JSON.parse(readFileSync(join(folder, 'task.json'), 'utf8')) as ExecTask;
  writeFileSync(join(folder, 'task.json'), JSON.stringify({ ...task, run, ...change }));
  return { run, folder };
}

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly end: number | string; readonly codes: readonly string[]; readonly why: string }>;
}

/** What a platform does that starts a container: the runner with its task. */
function start({ run, folder }: { readonly run: string; readonly folder: string }): Started {
  const child = spawn(process.execPath, [resolve('dist/runner.cjs'), folder], {
    cwd: project.folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], DATABASE_URL: database.url },
  });
  let text = '';
  child.stdout.on('data', (data: Buffer) => (text += data.toString()));
  const ended = once(child, 'close').then(([code, signal]) => {
    const decoder = createLineDecoder(run, nodeHashing);
    const findings = text
      .split('\n')
      .flatMap((line) => decoder.push(line))
      .flatMap((event) => (event.kind === 'finding' ? [event.finding] : []));
    const why = findings.map((finding) => `${finding.why} ${finding.fix}`).join('\n');
    return { end: (code ?? signal) as number | string, codes: findings.map(({ code }) => code), why };
  });
  return { child, ended };
}

function executions(run: string): number {
  if (!existsSync(join(project.folder, 'ran'))) return 0;
  return project
    .read('ran')
    .split('\n')
    .filter((line) => line === run).length;
}

const refusal = { end: 42, codes: ['job-repeated'] };

test.each([
  ['with the lock', {}],
  ['without the lock', { alone: false }],
] as const)(
  'N1: a command that is started twice at once, and again after its end, is executed once, %s (`job-repeated`)',
  async (_, change) => {
    const task = another(change);
    const ended = await Promise.all([start(task).ended, start(task).ended]);
    expect(ended.toSorted((a, b) => Number(a.end) - Number(b.end))).toMatchObject([{ end: 0 }, refusal]);
    const after = await start(task).ended;
    expect(after).toMatchObject(refusal);
    expect(after.why).toContain('This run has ended before: done, exit code 0. The command was not executed again.');
    expect(after.why).toContain(`godwit runs show ${task.run}`);
    expect(executions(task.run)).toBe(1);
    const rows = await database.query(`select outcome, exit_code from godwit.run where run = '${task.run}'`);
    expect(rows).toEqual([{ outcome: 'done', exit_code: 0 }]);
    const events = await database.query<{ kind: string }>(
      `select kind from godwit.event where run = '${task.run}' order by n`,
    );
    expect(events.map(({ kind }) => kind)).toEqual(['run', 'exec', 'finished']);
  },
);

test('N1: a second start neither waits for the first one nor takes over from it, and after its SIGKILL executes nothing', async () => {
  project.remove('go');
  const task = another({ waitMs: 600_000 });
  const working = start(task);
  await until('the command works', () => executions(task.run) === 1, 30_000);
  const forceful = another();
  writeFileSync(
    join(forceful.folder, 'task.json'),
    JSON.stringify({ ...JSON.parse(readFileSync(join(task.folder, 'task.json'), 'utf8')), takeOver: true }),
  );
  const twins = [start(task), start({ run: task.run, folder: forceful.folder })];
  const [waiting, taking] = await Promise.all(twins.map(({ ended }) => ended));
  expect([waiting, taking]).toMatchObject([refusal, refusal]);
  expect(waiting?.why).toContain('Another process has started the command of this run, and no end of it is recorded.');
  working.child.kill('SIGKILL');
  expect(await working.ended).toMatchObject({ end: 'SIGKILL' });
  expect(await start(task).ended).toMatchObject(refusal);
  expect(executions(task.run)).toBe(1);
  // The database is free for everybody else.
  project.write('go', '');
  expect(await start(another({ waitMs: 30_000 })).ended).toMatchObject({ end: 0 });
});

test('N2: a runner that was taken over ends, also when its command traps SIGTERM, and leaves no session', async () => {
  const words = ['sh', '-c', 'trap "echo A term; exit 9" TERM; echo >>trapped; sleep 30 & wait'];
  const task = another({ words });
  const taken = start(task);
  await until('the command works', () => existsSync(join(project.folder, 'trapped')), 30_000);
  expect(await start(another({ takeOver: true })).ended).toMatchObject({ end: 0, codes: ['took-over'] });
  expect(await taken.ended).toMatchObject({ end: 20, codes: expect.arrayContaining(['taken-over']) });
  const sessions = `select 1 from pg_stat_activity where application_name like 'godwit ${task.run}%'`;
  await until('its sessions are gone', async () => (await database.query(sessions)).length === 0);
});
