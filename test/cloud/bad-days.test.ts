import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { someone } from '../../emulator/core/iam.ts';
import { buildCloud, type Cloud } from '../support/cloud.ts';
import { until } from '../support/child.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createMachine, type Machine } from '../support/machine.ts';
import { test } from '../support/test.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await buildCloud();
});
afterEach(() => cloud.emulator.faults.clear());
afterAll(async () => await cloud[Symbol.asyncDispose]());

const slow = { timeout: 120_000 };
const migrations = {
  'migrations/1_a.sql': 'create table a (id int primary key);',
  'migrations/2_b.sql': 'create table b (id int primary key);\nselect pg_sleep(2);',
};

const executed = (): number => cloud.emulator.calls.filter(({ method }) => method.endsWith('.CreateJob')).length;

let count = 0;
function machineFor(database: TestDatabase, files: Readonly<Record<string, string>> = migrations): Machine {
  count += 1;
  const dev = cloud.environment('dev', database.url, { project: `acme-${process.pid}-${count}` });
  const config = JSON.stringify({ environments: { dev } });
  return createMachine({ ...files, 'godwit.config.json': config }, { ...cloud.env, GODWIT_LINES_PATIENCE: '1s' });
}

const fast = { 'migrations/1_a.sql': 'create table a (id int primary key);' };

async function asleep(database: TestDatabase): Promise<void> {
  const sleepers = "select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()";
  await until('it sleeps', async () => (await database.query(sleepers)).length > 0, 30_000);
}

test('an answer with a missing line is asked for once more, and is then whole', slow, async ({ database }) => {
  using ann = machineFor(database, fast);
  const before = executed();
  let lost = false;
  const loseOne = (_line: number, text: string): boolean => {
    const now = !lost && text.includes('\\"history\\"');
    lost ||= now;
    return now;
  };
  cloud.emulator.faults.onLogs({ lose: loseOne });
  const status = await ann.run('status', '-e', 'dev', '--json');
  expect(status.exitCode, status.err).toBe(0);
  expect(status.json[0]).toMatchObject({ pending: 1 });
  expect([lost, executed()]).toEqual([true, before + 2]);
  expect(cloud.leaked()).toEqual([]);
});

test(
  'an answer that never arrives whole is none: 42, and the log channel is named (`lines-missing`)',
  slow,
  async () => {
    await using database = await createTestDatabase();
    using ann = machineFor(database, fast);
    const before = executed();
    cloud.emulator.faults.onLogs({ lose: (_line, text) => text.includes('\\"history\\"') });
    const status = await ann.run('status', '-e', 'dev', '--json');
    expect(status.exitCode, status.err).toBe(42);
    expect(status.json[0]).toMatchObject({ outcome: 'unknown', findings: [{ code: 'lines-missing' }] });
    expect(status.json[0]).not.toHaveProperty('migrations');
    const [finding] = status.part('findings') as { fix: string }[];
    expect(finding?.fix, 'U2').toContain('Does a sink exclude `resource.type=cloud_run_job`?');
    expect(executed()).toBe(before + 2);
    expect(cloud.leaked()).toEqual([]);
  },
);

test(
  'N9: an apply whose lines are missing takes its verdict from the exit code, and counts nothing',
  slow,
  async ({ database }) => {
    using ann = machineFor(database, fast);
    cloud.emulator.faults.onLogs({ lose: (_line, text) => text.includes('\\"migration.applied\\"') });
    const before = executed();
    const up = await ann.run('up', '-e', 'dev', '--json');
    expect(up.exitCode, up.err).toBe(0);
    expect(up.json.at(-1)).toMatchObject({ kind: 'run.finished', outcome: 'done', exitCode: 0 });
    expect(up.json.some(({ finding }) => (finding as { code?: string })?.code === 'lines-lost')).toBe(true);
    expect(executed()).toBe(before + 1);
    expect(ann.ledger()[0]).toMatchObject({ outcome: 'done', exitCode: 0 });
    expect(ann.ledger()[0]).not.toHaveProperty('applied');
    cloud.emulator.faults.clear();
    // What it said is not whole: nobody is answered by it.
    const status = await ann.run('status', '-e', 'dev', '--json');
    expect(status.json[0]).toMatchObject({ pending: 0 });
    expect(executed()).toBe(before + 2);
  },
);

test(
  'an apply that the platform kills is decided by the history, and the next one goes on',
  slow,
  async ({ database }) => {
    using ann = machineFor(database);
    cloud.emulator.faults.onExecution({ killAfterMs: 1_200 });
    const up = await ann.run('up', '-e', 'dev');
    expect([130, 42], up.err).toContain(up.exitCode);
    expect(cloud.leaked()).toEqual([]);
    const again = await ann.run('up', '-e', 'dev');
    expect(again.exitCode, again.err).toBe(0);
    expect(cloud.leaked()).toEqual([]);
  },
);

test(
  'a controller that is killed: the run goes on, and the next command takes its result and clears up',
  slow,
  async () => {
    await using database = await createTestDatabase();
    using ann = machineFor(database);
    const up = ann.start('up', '-e', 'dev');
    await asleep(database);
    up.process.kill('SIGKILL');
    await up.ended;
    const [entry] = ann.ledger();
    expect(entry).not.toHaveProperty('finishedAt');
    expect(cloud.leaked().length).toBe(1);

    using bob = ann.clone();
    const listed = await bob.run('runs', 'list', '-e', 'dev', '--json');
    expect(listed.json[0]?.['runs']).toMatchObject([{ run: entry?.run, by: 'ann', outcome: 'unfinished' }]);
    await until(
      'it has ended',
      () => {
        const [execution] = cloud.emulator.state.executions;
        return execution === undefined || 'completionTime' in execution;
      },
      240_000,
    );
    // Whether it is still at work cannot be told for a moment: then it is left as it is.
    cloud.emulator.faults.onCall({ method: 'GetExecution', kind: 'status', status: 'PERMISSION_DENIED' });
    await ann.run('status', '-e', 'dev', '--fresh');
    expect(ann.ledger().find(({ run }) => run === entry?.run)).not.toHaveProperty('outcome');
    const verify = await ann.run('verify', '-e', 'dev');
    expect(verify.exitCode, verify.shown).toBe(0);
    expect(ann.ledger().find(({ run }) => run === entry?.run)).toMatchObject({
      outcome: 'done',
      exitCode: 0,
      recorded: true,
    });
    expect(cloud.leaked()).toEqual([]);
    const status = await bob.run('status', '-e', 'dev', '--json');
    expect(status.json[0]).toMatchObject({ pending: 0 });
  },
);

test(
  'a run of another machine that is under way is told beside what was known before it (`run-under-way`)',
  slow,
  async () => {
    await using database = await createTestDatabase();
    using ann = machineFor(database, {
      ...migrations,
      'migrations/2_b.sql': 'create table b (id int);\nselect pg_sleep(30);',
    });
    await ann.run('up', '-e', 'dev', '--to', '1');
    const up = ann.start('up', '-e', 'dev');
    await asleep(database);
    using bob = ann.clone();
    const status = await bob.run('status', '-e', 'dev', '--json');
    const underWay = ann.ledger()[0]?.run;
    expect(status.json[0]).toMatchObject({ pending: 1, asOf: { command: 'up', underWay } });
    const shown = await bob.run('status', '-e', 'dev');
    expect(shown.shown).toContain('[run-under-way]');
    up.process.kill('SIGTERM');
    const ended = await up.ended;
    expect(ended.exitCode, ended.err).toBe(130);
    expect(cloud.leaked()).toEqual([]);
  },
);

test('without the right to read the log nothing is begun: the permission is named', slow, async ({ database }) => {
  using ann = machineFor(database, fast);
  cloud.emulator.iam.revoke(someone, 'logging.logEntries.list');
  try {
    const before = executed();
    const up = await ann.run('up', '-e', 'dev');
    expect(up.exitCode, up.err).toBe(10);
    expect(up.err).toContain('logging.logEntries.list');
    expect(executed()).toBe(before);
  } finally {
    cloud.emulator.iam.grant(someone, ['logging.logEntries.list']);
  }
});

test(
  'with a log that refuses to be read a run is told by its exit code, and an answer is refused by name (`log-unreadable`)',
  slow,
  async () => {
    await using database = await createTestDatabase();
    using ann = machineFor(database, fast);
    const refuse = { method: 'ListLogEntries', kind: 'status', status: 'PERMISSION_DENIED', times: 10_000 } as const;
    cloud.emulator.faults.onCall({ ...refuse, message: 'Permission logging.logEntries.list denied' });
    const up = await ann.run('up', '-e', 'dev', '--json');
    expect(up.exitCode, up.out).toBe(0);
    const codes = up.json.flatMap(({ finding }) => (finding as { code?: string } | undefined)?.code ?? []);
    expect(codes).toEqual(expect.arrayContaining(['log-unreadable', 'lines-lost']));
    const before = executed();
    const status = await ann.run('status', '-e', 'dev', '--json');
    expect(status.exitCode, status.err).toBe(42);
    const findings = status.part('findings') as { code: string; why: string }[];
    const finding = findings.find(({ code }) => code === 'lines-missing');
    expect(finding?.why).toContain('logging.logEntries.list');
    expect(executed()).toBe(before + 1);
    cloud.emulator.faults.clear();
    expect((await ann.run('status', '-e', 'dev', '--json')).json[0]).toMatchObject({ pending: 0 });
    expect(cloud.leaked()).toEqual([]);
  },
);

test('a run that was cancelled and did not say how it ended is decided by the history', slow, async ({ database }) => {
  const sleeping = 'create table b (id int);\nselect pg_sleep(30);';
  using ann = machineFor(database, { ...migrations, 'migrations/2_b.sql': sleeping });
  cloud.emulator.faults.onLogs({ lose: (_line, text) => text.includes('\\"run.finished\\"') });
  const before = executed();
  const up = ann.start('up', '-e', 'dev', '--json');
  await asleep(database);
  up.process.kill('SIGTERM');
  await until('the history is asked', () => executed() > before + 1, 60_000);
  cloud.emulator.faults.clear();
  const ended = await up.ended;
  expect(ended.exitCode, ended.out).toBe(130);
  expect(ended.json.at(-1)).toMatchObject({ kind: 'run.finished', outcome: 'interrupted' });
  expect(ann.ledger().find(({ kind }) => kind === 'apply')).toMatchObject({ exitCode: 130, applied: 1 });
  expect(cloud.leaked()).toEqual([]);
});

test('nothing of the password is anywhere a controller or the platform keeps', slow, async ({ database }) => {
  const role = await database.role('canary');
  await database.query(
    `grant all on database ${database.name} to ${role.name}; grant all on schema public to ${role.name}`,
  );
  const { password } = new URL(role.url);
  const dev = cloud.environment('dev', role.url, { project: `acme-${process.pid}-canary` });
  const config = JSON.stringify({ environments: { dev } });
  using ann = createMachine({ ...fast, 'godwit.config.json': config }, cloud.env);
  const up = await ann.run('up', '-e', 'dev');
  expect(up.exitCode, up.err).toBe(0);
  expect(up.err + up.out + JSON.stringify(ann.ledger())).not.toContain(password);
  expect(JSON.stringify(cloud.emulator.state.logs)).not.toContain(password);
});

test(
  'a run that is refused before its job is made names itself to programs, as it stands in the ledger',
  slow,
  async () => {
    await using database = await createTestDatabase();
    using ann = machineFor(database, fast);
    cloud.emulator.faults.onCall({ method: 'GetSecretVersion', kind: 'status', status: 'PERMISSION_DENIED', times: 9 });
    const refused = await ann.run('up', '-e', 'dev', '--json');
    expect(refused.exitCode).toBe(10);
    expect(refused.json.at(-1)).toMatchObject({ kind: 'run.finished', exitCode: 10, run: ann.ledger()[0]?.run });
  },
);
