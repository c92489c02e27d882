import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect } from 'vitest';
import { z } from 'zod';
import { buildCloud, type Cloud } from '../support/cloud.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { until } from '../support/child.ts';
import { createMachine, type Machine } from '../support/machine.ts';
import { elapse } from '../support/elapse.ts';
import { test } from '../support/test.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await buildCloud();
});
afterAll(async () => await cloud[Symbol.asyncDispose]());

const schemaOf = (name: string) =>
  z.fromJSONSchema(JSON.parse(readFileSync(new URL(`../../schemas/${name}.json`, import.meta.url), 'utf8')));

const slow = { timeout: 120_000 };
const migrations = {
  'migrations/1_a.sql': 'create table a (id int primary key);\ninsert into a values (1), (2);',
  'migrations/1_a.down.sql': 'drop table a;',
  'migrations/2_b.sql': 'create table b (id int primary key, a int references a);',
  'migrations/2_b.down.sql': 'drop table b;',
};

/** Executions so far. */
const executed = (): number => cloud.emulator.calls.filter(({ method }) => method.endsWith('.CreateJob')).length;

let count = 0;
const nextProject = (): string => `acme-${process.pid}-${(count += 1)}`;

/** A machine with a project whose environment `dev` is a database that only jobs can reach. */
function machineFor(database: TestDatabase, files: Readonly<Record<string, string>> = migrations): Machine {
  const dev = cloud.environment('dev', database.url, { project: nextProject() });
  const config = JSON.stringify({ environments: { dev } });
  return createMachine({ ...files, 'godwit.config.json': config }, { ...cloud.env, GODWIT_LINES_PATIENCE: '2s' });
}

test(
  'up from a machine without a route applies, verifies, and leaves no job; what follows costs no execution',
  slow,
  async () => {
    await using database = await createTestDatabase();
    using ann = machineFor(database);
    const up = await ann.run('up', '-e', 'dev');
    expect(up.exitCode, up.err).toBe(0);
    expect(up.err.split('\n')[0]).toMatch(
      /^dev · Cloud Run acme-\S+\/us-central1 · secret database-url-dev, newest version$/,
    );
    expect(up.err).toContain(`/${database.name} as `);
    expect(up.err).toContain('2 migrations applied');
    expect(cloud.leaked()).toEqual([]);

    const before = executed();
    const status = await ann.run('status', '-e', 'dev', '--json');
    expect(status.json[0]).toMatchObject({ pending: 0, asOf: { by: 'ann', command: 'up' } });
    expect(status.json[0]?.['environment']).toMatchObject({ name: 'dev', database: database.name });
    const runs = await ann.run('runs', 'list', '-e', 'dev', '--json');
    expect(runs.json[0]?.['runs']).toMatchObject([{ outcome: 'done', applied: 2, by: 'ann' }]);
    expect((await ann.run('plan', '-e', 'dev', '--json')).json[0]).toMatchObject({ outcome: 'nothing-to-do' });
    expect(executed()).toBe(before);

    const fresh = await ann.run('status', '-e', 'dev', '--fresh', '--json');
    expect(fresh.json[0]).toMatchObject({ pending: 0 });
    expect(fresh.json[0]).not.toHaveProperty('asOf');
    expect(executed()).toBe(before + 1);
    expect(cloud.leaked()).toEqual([]);
  },
);

test('verify executes once, and again only when asked for or when another bundle asks', slow, async ({ database }) => {
  using ann = machineFor(database);
  await ann.run('up', '-e', 'dev');
  const before = executed();
  const first = await ann.run('verify', '-e', 'dev');
  expect(first.exitCode, first.shown).toBe(0);
  const second = await ann.run('verify', '-e', 'dev');
  expect(second.shown).toMatch(/as of .*, by run \w{8,26} \(verify, ann\); --fresh queries the database/);
  expect(executed()).toBe(before + 1);
  await database.query('drop table b');
  expect((await ann.run('verify', '-e', 'dev', '--fresh')).exitCode).toBe(50);
  expect((await ann.run('verify', '-e', 'dev')).exitCode).toBe(50);
  ann.write('migrations/3_c.sql', 'create table c (id int);');
  await ann.run('verify', '-e', 'dev');
  expect(executed()).toBe(before + 3);
});

test(
  'another machine sees runs and results of the first one, also before it has executed anything',
  slow,
  async ({ database }) => {
    using ann = machineFor(database);
    await ann.run('up', '-e', 'dev', '--to', '1');
    const before = executed();
    using bob = ann.clone();
    const status = await bob.run('status', '-e', 'dev', '--json');
    expect(status.json[0]).toMatchObject({ pending: 1, asOf: { by: 'ann' } });
    const runs = await bob.run('runs', 'list', '-e', 'dev', '--json');
    expect(runs.json[0]?.['runs']).toMatchObject([{ by: 'ann', outcome: 'done', applied: 1 }]);
    expect(executed()).toBe(before);

    expect((await bob.run('up', '-e', 'dev')).exitCode).toBe(0);
    const after = await ann.run('status', '-e', 'dev', '--json');
    expect(after.json[0]).toMatchObject({ pending: 0, asOf: { by: 'bob' } });
    const [run] = (await ann.run('runs', 'list', '-e', 'dev', '--json')).part('runs') as { run: string }[];
    const shown = await ann.run('runs', 'show', '-e', 'dev', (run?.run ?? '').slice(0, 20), '--json');
    expect(shown.json[0]).toMatchObject({ run: { by: 'bob' }, attempt: { cleanup: 'done' } });
    expect((shown.part('statements') as unknown[]).length).toBeGreaterThan(0);
    const count = executed();
    await ann.run('runs', 'show', '-e', 'dev', run?.run ?? '');
    expect(executed()).toBe(count);
  },
);

test('an answer older than a change of any machine is not shown: the database is asked', slow, async ({ database }) => {
  using ann = machineFor(database);
  await ann.run('up', '-e', 'dev', '--to', '1');
  await ann.run('verify', '-e', 'dev');
  using bob = ann.clone();
  await bob.run('up', '-e', 'dev');
  const before = executed();
  const verify = await ann.run('verify', '-e', 'dev');
  expect(verify.shown).not.toContain('as of');
  expect(executed()).toBe(before + 1);
});

test(
  'a run that never reached the database is listed everywhere, and the next one carries it into the history',
  slow,
  async () => {
    await using database = await createTestDatabase();
    using ann = machineFor(database);
    cloud.emulator.faults.onExecution({ secret: 'denied' });
    const failed = await ann.run('up', '-e', 'dev');
    expect([10, 30], failed.err).toContain(failed.exitCode);
    expect(cloud.leaked()).toEqual([]);
    const [entry] = ann.ledger();
    expect(entry).toMatchObject({ recorded: false, cleanup: 'done' });

    using bob = ann.clone();
    const before = executed();
    const listed = await bob.run('runs', 'list', '-e', 'dev', '--json');
    expect(listed.json[0]?.['runs']).toMatchObject([{ run: entry?.run, by: 'ann' }]);
    const shown = await bob.run('runs', 'show', '-e', 'dev', entry?.run ?? '');
    expect(shown.shown).toContain(entry?.run);
    expect(executed()).toBe(before);
    expect((await bob.run('up', '-e', 'dev')).exitCode).toBe(0);
    const rows = await database.query('select run, by_whom from godwit.run order by started_at');
    expect(rows).toMatchObject([{ run: entry?.run, by_whom: 'ann' }, { by_whom: 'bob' }]);
  },
);

test(
  'a plan made from the newest known history is followed exactly, and refused when the history has moved',
  slow,
  async () => {
    await using database = await createTestDatabase();
    using ann = machineFor(database);
    await ann.run('up', '-e', 'dev', '--to', '1');
    using bob = ann.clone();
    const before = executed();
    const plan = await bob.run('plan', '-e', 'dev', '--out', 'p.json', '--json');
    expect(plan.json[0]?.['plan']).toMatchObject({ steps: [{ id: '2' }] });
    expect(executed()).toBe(before);
    const made = await bob.run('plan', '-e', 'dev', '--fresh', '--json');
    expect((made.part('plan') as { hash: string }).hash).toBe((plan.part('plan') as { hash: string }).hash);
    const up = await bob.run('up', '-e', 'dev', '--plan', 'p.json');
    expect(up.exitCode, up.err).toBe(0);
    const again = await bob.run('up', '-e', 'dev', '--plan', 'p.json');
    expect(again.exitCode).toBe(0);
    expect(again.err).toContain('[plan-applied]');
    await ann.run('down', '-e', 'dev');
    const undone = await bob.run('up', '-e', 'dev', '--plan', 'p.json');
    expect([undone.exitCode, undone.err]).toEqual([10, expect.stringContaining('[plan-changed]')]);
  },
);

test('--dry-run says what a run would make and cost, and costs nothing itself', slow, async ({ database }) => {
  using ann = machineFor(database);
  await ann.run('up', '-e', 'dev', '--to', '1');
  const before = executed();
  const dry = await ann.run('up', '-e', 'dev', '--dry-run');
  expect(dry.exitCode, dry.shown).toBe(0);
  expect(dry.shown).toContain('It would take 1 execution.');
  expect(dry.shown).toMatch(/bundle {3}\d.* in a variable of the job/);
  const json = await ann.run('up', '-e', 'dev', '--dry-run', '--json');
  expect(json.json.map(({ kind }) => kind)).toEqual(['plan', 'cost', 'run.finished']);
  expect(executed()).toBe(before);
});

test('down, adopt and the audit chain work from afar (`adopt-rows`)', slow, async ({ database }) => {
  using ann = machineFor(database);
  await database.query('create table a (id int primary key); insert into a values (1), (2)');
  const adopted = await ann.run('adopt', '-e', 'dev', '1');
  expect(adopted.exitCode, adopted.err).toBe(0);
  expect(adopted.err).toContain('Rehearsing 1 migration on PostgreSQL');
  expect(adopted.err).toContain('[adopt-rows]');
  expect((await ann.run('verify', '-e', 'dev')).exitCode).toBe(0);
  expect((await ann.run('up', '-e', 'dev')).exitCode).toBe(0);
  const down = await ann.run('down', '-e', 'dev');
  expect(down.exitCode, down.err).toBe(0);
  expect((await ann.run('status', '-e', 'dev', '--json')).json[0]).toMatchObject({
    pending: 1,
    asOf: { command: 'down' },
  });
  const chain = await ann.run('runs', 'verify-chain', '-e', 'dev', '--json');
  expect(chain.exitCode, chain.err).toBe(0);
  expect((chain.part('chains') as unknown[]).length).toBe(3);
  expect(cloud.leaked()).toEqual([]);
});

test('a detached run is followed and cancelled from another machine', slow, async ({ database }) => {
  using ann = machineFor(database, {
    ...migrations,
    'migrations/3_sleep.sql': 'create table c (id int);\nselect pg_sleep(60);',
  });
  const detached = await ann.run('up', '-e', 'dev', '--detach');
  expect(detached.exitCode, detached.err).toBe(0);
  const run = /runs attach -e dev (\w+)/.exec(detached.err)?.[1] ?? '';
  await until(
    'it sleeps',
    async () => {
      const sleepers = "select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()";
      return (await database.query(sleepers)).length > 0;
    },
    240_000,
  );
  using bob = ann.clone();
  const listed = await bob.run('runs', 'list', '-e', 'dev');
  expect(listed.shown).toContain(run);
  const attached = bob.start('runs', 'attach', '-e', 'dev', run.slice(0, 18), '--json');
  await elapse(300, 'it follows the run');
  const cancelled = await bob.run('runs', 'cancel', '-e', 'dev', run);
  expect(cancelled.exitCode, cancelled.err).toBe(0);
  const ended = await attached.ended;
  expect(ended.exitCode, ended.err).toBe(130);
  expect(ended.json.filter(({ kind }) => kind === 'migration.applied').length).toBe(2);
  expect(cloud.leaked()).toEqual([]);
  expect((await ann.run('status', '-e', 'dev', '--json')).json[0]).toMatchObject({ pending: 1 });
  const again = await ann.run('runs', 'attach', '-e', 'dev', run);
  expect(again.exitCode).toBe(130);
});

test('what dev has and prod lacks is told by migration', slow, async () => {
  await using dev = await createTestDatabase();
  await using prod = await createTestDatabase();
  const environments = {
    dev: cloud.environment('dev', dev.url, { project: nextProject() }),
    prod: { ...cloud.environment('prod', prod.url, { project: nextProject() }), protected: false },
  };
  using ann = createMachine({ ...migrations, 'godwit.config.json': JSON.stringify({ environments }) }, cloud.env);
  await ann.run('up', '-e', 'dev');
  await ann.run('up', '-e', 'prod', '--to', '1');
  const before = executed();
  const compared = await ann.run('status', '--compare', 'dev,prod');
  expect(compared.exitCode, compared.shown).toBe(0);
  expect(compared.shown).toContain('prod lacks 1 migration that dev has:');
  expect(compared.shown).toContain('2 b');
  const json = await ann.run('status', '--compare', 'dev,prod', '--json');
  expect(json.json[0]).toMatchObject({
    environments: [
      { name: 'dev', applied: 2 },
      { name: 'prod', applied: 1 },
    ],
    gaps: [{ environment: 'prod', than: 'dev', lacks: [{ id: '2', name: 'b' }], differs: [] }],
  });
  const everywhere = await ann.run('runs', 'list', '--json');
  expect(everywhere.json[0]?.['runs']).toMatchObject([{ environment: 'prod' }, { environment: 'dev' }]);
  expect(executed()).toBe(before);
  expect((await ann.run('status', '--compare', 'dev')).exitCode).toBe(2);
});

test('what is printed with --json far away fits the published schemas', slow, async ({ database }) => {
  using ann = machineFor(database);
  const lines = [
    ...(await ann.run('up', '-e', 'dev', '--to', '1', '--json')).json,
    ...(await ann.run('up', '-e', 'dev', '--dry-run', '--json')).json,
  ];
  expect(lines.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['history', 'runs', 'cost', 'run.finished']));
  for (const line of lines) expect(schemaOf('event').safeParse(line)).toMatchObject({ success: true });
  const [run] = ann.ledger();
  for (const argv of [
    ['status', '-e', 'dev'],
    ['plan', '-e', 'dev'],
    ['runs', 'list', '-e', 'dev'],
    ['runs', 'list'],
    ['runs', 'show', '-e', 'dev', run?.run ?? ''],
    ['status', '--compare', 'dev,dev'],
  ]) {
    const { json } = await ann.run(...argv, '--json');
    expect([argv, schemaOf('document').safeParse(json[0])]).toMatchObject([argv, { success: true }]);
  }
});
