import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
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

const slow = { timeout: 180_000 };
const created = (): number => cloud.emulator.calls.filter(({ method }) => method.endsWith('.CreateJob')).length;
let count = 0;
function machineFor(database: TestDatabase, files: Readonly<Record<string, string>>, more = {}): Machine {
  count += 1;
  const dev = cloud.environment('dev', database.url, { project: `acme-r${process.pid}-${count}`, ...more });
  const config = JSON.stringify({ environments: { dev } });
  return createMachine({ ...files, 'godwit.config.json': config }, { ...cloud.env, GODWIT_LINES_PATIENCE: '1s' });
}
const fast = { 'migrations/1_a.sql': 'create table a (id int primary key);' };
async function asleep(database: TestDatabase): Promise<void> {
  const sleepers = "select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()";
  await until('it sleeps', async () => (await database.query(sleepers)).length > 0, 30_000);
}

async function hasTable(database: TestDatabase, name: string): Promise<boolean> {
  const rows = await database.query(`select 1 as there where to_regclass('${name}') is not null`);
  return rows.length > 0;
}

test(
  'what is shown while somebody else changes the environment says so, also when it is newer',
  slow,
  async ({ database }) => {
    using ann = machineFor(database, fast);
    await ann.run('up', '-e', 'dev');
    ann.write('migrations/2_b.sql', 'select pg_sleep(8);\ncreate table b (id int);');
    using bob = ann.clone();
    const up = ann.start('up', '-e', 'dev');
    await asleep(database);
    const fresh = await bob.run('status', '-e', 'dev', '--fresh', '--json');
    expect(fresh.json[0], fresh.err).toMatchObject({ pending: 1 });
    const known = await bob.run('status', '-e', 'dev');
    expect(known.shown).toContain('(status, bob)');
    expect(known.shown).toContain('[run-under-way]');

    // Her machine dies; the job goes on, and nobody writes down its end.
    up.process.kill('SIGKILL');
    await up.ended;
    await until('it is applied', () => hasTable(database, 'b'), 60_000);
    const before = created();
    const status = await ann.run('status', '-e', 'dev', '--json');
    expect(status.json[0], status.err).toMatchObject({ pending: 0 });
    expect(created(), 'asked the database').toBeGreaterThan(before);
  },
);

test('a status that needs no execution settles the run of a controller that was killed', slow, async ({ database }) => {
  using ann = machineFor(database, { 'migrations/1_a.sql': 'create table a (id int);\nselect pg_sleep(3);' });
  const up = ann.start('up', '-e', 'dev');
  await asleep(database);
  up.process.kill('SIGKILL');
  await up.ended;
  const [entry] = ann.ledger();
  expect(entry).not.toHaveProperty('finishedAt');
  const own = () => cloud.emulator.state.executions.filter(({ name }) => name === entry?.execution);
  await until('its job has ended', () => own().every(({ completionTime }) => completionTime !== undefined), 60_000);
  const before = created();
  const status = await ann.run('status', '-e', 'dev', '--json');
  expect(status.json[0], status.err).toMatchObject({ pending: 0, asOf: { run: entry?.run } });
  expect(created(), 'did not ask the database').toBe(before);
  expect(ann.ledger().find(({ run }) => run === entry?.run)).toMatchObject({ outcome: 'done', cleanup: 'done later' });
  expect(cloud.leaked().filter((name) => name.includes(entry?.execution?.split('/')[1] ?? 'none'))).toEqual([]);
});

test('F2: no earlier answer is shown when the ledger was not read to its end', slow, async ({ database }) => {
  using ann = machineFor(database, fast);
  await ann.run('up', '-e', 'dev');
  const before = created();
  cloud.emulator.faults.onLogs({ emptyPages: (filter) => (filter.includes('godwit-ledger') ? 100 : 0) });
  const status = await ann.run('status', '-e', 'dev');
  expect([status.exitCode, status.err]).toEqual([0, expect.stringContaining('[ledger-incomplete]')]);
  expect(status.err).not.toContain('as of');
  expect(created(), 'asked the database').toBe(before + 1);
});

test('nothing of another place is shown after the environment was pointed elsewhere', slow, async ({ database }) => {
  await using other = await createTestDatabase();
  using ann = machineFor(database, fast);
  await ann.run('up', '-e', 'dev');
  count += 1;
  const dev = cloud.environment('dev', other.url, { project: `acme-s${process.pid}-${count}` });
  ann.write('godwit.config.json', JSON.stringify({ environments: { dev } }));
  // It is pinned to the database of before.
  const status = await ann.run('status', '-e', 'dev', '--json');
  expect(status.json[0], status.err).not.toHaveProperty('asOf');
  ann.write('godwit.lock.json', JSON.stringify({ version: 1, environments: {} }));
  const again = await ann.run('status', '-e', 'dev', '--json');
  expect(again.json[0], again.err).toMatchObject({ pending: 1, environment: { database: other.name } });
});

test(
  'a run that was refused because its database is another one tells nothing of the environment',
  slow,
  async ({ database }) => {
    using ann = machineFor(database, fast);
    expect((await ann.run('up', '-e', 'dev')).exitCode).toBe(0);
    await database.query("update godwit.guard set environment = 'prod'");
    using bob = ann.clone();
    bob.write('godwit.lock.json', JSON.stringify({ version: 1, environments: {} }));
    for (const [command, exitCode] of [
      ['up', 10],
      ['status', 0],
      ['plan', 0],
      ['status', 0],
    ] as const) {
      const told = await bob.run(command, '-e', 'dev');
      expect([told.exitCode, told.err], command).toEqual([exitCode, expect.stringContaining('[wrong-database]')]);
    }
    const lock = join(bob.folder, 'godwit.lock.json');
    expect(JSON.parse(readFileSync(lock, 'utf8'))).toMatchObject({ environments: {} });
    const settled = await bob.run('adopt', '--identity', '--reason', 'a copy', '-e', 'dev');
    expect(settled.exitCode, settled.err).toBe(0);
    expect(await database.query('select environment, environment_id::text as id from godwit.guard')).toEqual([
      { environment: 'dev', id: JSON.parse(readFileSync(lock, 'utf8')).environments.dev.id },
    ]);
    const status = await bob.run('status', '-e', 'dev');
    expect([status.exitCode, status.shown]).toEqual([0, expect.not.stringContaining('[wrong-database]')]);
  },
);

test('a command of the user’s own makes what was known before it old', slow, async ({ database }) => {
  using ann = machineFor(database, fast);
  await ann.run('up', '-e', 'dev');
  const known = await ann.run('verify', '-e', 'dev', '--json');
  expect(known.exitCode, known.err).toBe(0);
  const executed = await ann.run('exec', '-e', 'dev', '--', 'true');
  expect(executed.exitCode, executed.err).toBe(0);
  const before = created();
  await ann.run('verify', '-e', 'dev', '--json');
  expect(created()).toBe(before + 1);
});

test('Ctrl-C while a run is prepared: nothing is made', slow, async ({ database }) => {
  using ann = machineFor(database, fast);
  cloud.emulator.faults.onCall({ method: 'GetSecretVersion', kind: 'slow', delayMs: 3_000, times: 1 });
  const before = created();
  const looked = cloud.emulator.calls.length;
  const up = ann.start('up', '-e', 'dev');
  await until(
    'it looks',
    () => cloud.emulator.calls.slice(looked).some(({ method }) => method.endsWith('.GetConnector')),
    240_000,
  );
  up.process.kill('SIGINT');
  const ended = await up.ended;
  expect(ended.exitCode, ended.err).toBe(130);
  expect(created()).toBe(before);
  expect(await hasTable(database, 'a')).toBe(false);
  expect(ann.ledger()[0]).toMatchObject({ outcome: 'interrupted', exitCode: 130 });
});

test(
  'an execution that its platform ended is judged by the history, not by the platform’s exit code (`job-cancelled`)',
  slow,
  async () => {
    await using database = await createTestDatabase();
    using ann = machineFor(database, fast);
    cloud.emulator.faults.onExecution({ startDelayMs: 4_000 });
    const before = created();
    const up = ann.start('up', '-e', 'dev');
    await until('the job is made', () => created() > before, 20_000);
    up.process.kill('SIGINT');
    const ended = await up.ended;
    expect(ended.exitCode, ended.err).toBe(130);
    expect(ended.err).toContain('[job-cancelled]');
    expect(ended.err).not.toContain('According to its exit code');
    expect(cloud.leaked()).toEqual([]);
  },
);

test('the end of a run that nobody has waited for is known from what it has said', slow, async ({ database }) => {
  using ann = machineFor(database, fast);
  const detached = await ann.run('up', '-e', 'dev', '--detach', '--json');
  const run = detached.part('run') as string;
  await until('it is applied', () => hasTable(database, 'a'), 60_000);
  await until('it has ended', () => cloud.emulator.state.executions.every((one) => 'completionTime' in one), 60_000);
  using bob = ann.clone();
  const before = created();
  const status = await bob.run('status', '-e', 'dev');
  expect(status.shown).toContain(`by run ${run.slice(0, 12)}`);
  expect(status.shown).not.toContain('[run-under-way]');
  const listed = await bob.run('runs', 'list', '-e', 'dev', '--json');
  expect(listed.part('runs')).toMatchObject([{ run, outcome: 'done', exitCode: 0, applied: 1 }]);
  expect(created(), 'nothing is executed').toBe(before);
  const attached = await bob.run('runs', 'attach', run, '-e', 'dev');
  expect(attached.exitCode, attached.err).toBe(0);
  const cancelled = await bob.run('runs', 'cancel', run, '-e', 'dev');
  expect([cancelled.exitCode, cancelled.err]).toEqual([
    0,
    expect.stringMatching(`Run ${run.slice(0, 12)}\\w* has ended: done\\.`),
  ]);
  expect(created(), 'nothing is executed').toBe(before);
});

test('each of the environments that are compared has its target named', slow, async ({ database }) => {
  await using other = await createTestDatabase();
  using ann = machineFor(database, fast);
  const config = JSON.parse(readFileSync(join(ann.folder, 'godwit.config.json'), 'utf8')) as {
    environments: Record<string, unknown>;
  };
  const qa = cloud.environment('qa', other.url, { project: `acme-q${process.pid}` });
  ann.write('godwit.config.json', JSON.stringify({ environments: { ...config.environments, qa } }));
  const compared = await ann.run('status', '--compare', 'dev,qa');
  expect(compared.exitCode, compared.shown).toBe(0);
  expect(compared.shown).toContain(`/${database.name} as`);
  expect(compared.shown).toContain(`/${other.name} as`);
});

test('the beginning of several ids names none of them', slow, async ({ database }) => {
  using ann = machineFor(database, fast);
  await ann.run('up', '-e', 'dev');
  await ann.run('status', '-e', 'dev', '--fresh');
  const attached = await ann.run('runs', 'attach', '0', '-e', 'dev');
  expect(attached.exitCode).toBe(2);
  expect(attached.err).toContain('2 runs begin with "0".');
});
