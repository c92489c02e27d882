import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../support/child.ts';
import { buildCloud, type Cloud } from '../support/cloud.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createMachine, type Machine } from '../support/machine.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await buildCloud();
});
afterAll(async () => await cloud[Symbol.asyncDispose]());

const slow = { timeout: 120_000 };
const migration = { 'migrations/1_a.sql': 'create table a (id int primary key);' };

let count = 0;

/** Executions so far. */
const executed = (): number => cloud.emulator.calls.filter(({ method }) => method.endsWith('.CreateJob')).length;

/** A machine with a project whose environment `dev` is a database that only jobs can reach. */
function machineFor(database: TestDatabase, more: object = {}): Machine {
  const dev = cloud.environment('dev', database.url, { project: `acme-exec-${process.pid}-${(count += 1)}` });
  const config = JSON.stringify({ environments: { dev: { ...dev, ...more } } });
  return createMachine({ ...migration, 'godwit.config.json': config }, { ...cloud.env, GODWIT_LINES_PATIENCE: '2s' });
}

test('a command is executed in a job, its output comes back by stream, and no job is left', slow, async () => {
  await using database = await createTestDatabase();
  using machine = machineFor(database);
  const script = `
    console.log('out ' + process.env.GODWIT_ENVIRONMENT + ' ' + (process.env.DATABASE_URL !== undefined) + ' ' + process.env.GODWIT_TASK);
    process.stderr.write('err');
    process.stdout.write(Buffer.from([0, 255, 254]));
    process.exit(7);`;
  const ran = await machine.run('exec', '-e', 'dev', '--', process.execPath, '-e', script);
  expect(ran.exitCode, ran.err).toBe(40);
  expect(ran.out).toMatch(/^out dev true undefined\n/);
  expect(ran.err).toContain('ended with exit code 7');
  const [row] = await database.query('select command, outcome, exit_code, about from godwit.run');
  expect(row).toMatchObject({ command: 'exec', outcome: 'failed', exit_code: 40 });
  expect(cloud.leaked()).toEqual([]);
  const listed = await machine.run('runs', 'list', '-e', 'dev', '--fresh', '--json');
  expect(listed.json[0]).toMatchObject({ runs: [{ command: 'exec', about: { exitCode: 7 } }] });
});

test('of a huge output of a job all lines arrive, within what a log takes, and no secret is in it', slow, async () => {
  await using database = await createTestDatabase();
  using machine = machineFor(database);
  const password = decodeURIComponent(new URL(database.url).password);
  const script = `
    const line = 'x'.repeat(99) + '\\n';
    console.log('the first line');
    process.stdout.write(line.repeat(200_000), () => {
      const secret = decodeURIComponent(new URL(process.env.DATABASE_URL).password);
      for (const part of [secret.slice(0, 2), secret.slice(2), '\\n' + process.env.DATABASE_URL]) process.stdout.write(part);
      process.stderr.write(Buffer.from(secret).toString('base64') + ' "\\u0001\\u0002" ');
      console.log('\\nthe last line');
    });`;
  const before = cloud.emulator.state.logs.length;
  const ran = await machine.run('exec', '-e', 'dev', '--json', '--', process.execPath, '-e', script);
  expect(ran.exitCode, ran.err).toBe(0);
  const lines = cloud.emulator.state.logs.slice(before).length;
  expect(lines).toBeLessThan(2_000);
  const text = ran.json.flatMap((event) => (event.kind === 'output' && event.stream === 'stdout' ? [event.text] : []));
  expect(text[0]).toMatch(/^the first line\n/);
  expect(text.at(-1)).toMatch(/\nthe last line\n$/);
  expect(ran.json.filter(({ kind }) => kind === 'output.dropped')).toHaveLength(1);
  for (const said of [ran.out, ran.err, JSON.stringify(cloud.emulator.state.logs.slice(before))]) {
    expect(said).not.toContain(password);
    expect(said).not.toContain(Buffer.from(password).toString('base64').replace(/=+$/, ''));
  }
});

test('a command in a job is cancelled from another machine', slow, async () => {
  await using database = await createTestDatabase();
  using ann = machineFor(database);
  using bob = ann.clone();
  const script = "console.log('it works'); setInterval(() => {}, 1000)";
  const going = ann.start('exec', '-e', 'dev', '--json', '--', process.execPath, '-e', script);
  const found: string[] = [];
  await until(
    'the command works',
    async () => {
      const there = await database.query("select to_regclass('godwit.run') is not null as there");
      if (there[0]?.['there'] !== true) return false;
      const [row] = await database.query("select run from godwit.run where outcome = 'running'");
      if (row !== undefined) found.push(String(row['run']));
      return row !== undefined;
    },
    240_000,
  );
  const cancelled = await bob.run('runs', 'cancel', '-e', 'dev', found[0] ?? '');
  expect(cancelled.exitCode, cancelled.err).toBe(0);
  const ended = await going.ended;
  expect(ended.exitCode, ended.err).toBe(130);
  const [row] = await database.query('select outcome, exit_code from godwit.run');
  expect(row).toMatchObject({ outcome: 'interrupted', exit_code: 130 });
  await until('no job is left', () => cloud.leaked().length === 0, 30_000);
});

test(
  'a job that is killed with its command leaves 42: what became of it is not known (`command-lost`)',
  slow,
  async () => {
    await using database = await createTestDatabase();
    using machine = machineFor(database);
    cloud.emulator.faults.onExecution({ killAfterMs: 3_000 });
    const ran = await machine.run('exec', '-e', 'dev', '--', process.execPath, '-e', 'setInterval(() => {}, 1000)');
    expect([ran.exitCode, ran.err]).toEqual([42, expect.stringContaining('[command-lost]')]);
    expect(cloud.leaked()).toEqual([]);
    cloud.emulator.faults.clear();
  },
);

test(
  'hooks far away: one execution each, none for those that have passed; and what is there is promoted',
  slow,
  async () => {
    await using first = await createTestDatabase();
    await using second = await createTestDatabase();
    const smoke = {
      name: 'smoke',
      command: [process.execPath, '-e', "console.log('smoke ' + process.env.GODWIT_ENVIRONMENT)"],
    };
    count += 1;
    const environments = {
      dev: {
        ...cloud.environment('dev', first.url, { project: `acme-exec-d${process.pid}-${count}` }),
        after: { up: [smoke] },
      },
      stage: {
        ...cloud.environment('stage', second.url, { project: `acme-exec-s${process.pid}-${count}` }),
        requires: 'dev',
      },
    };
    using machine = createMachine(
      { ...migration, 'godwit.config.json': JSON.stringify({ environments }) },
      { ...cloud.env, GODWIT_LINES_PATIENCE: '2s' },
    );
    const refused = await machine.run('up', '-e', 'stage');
    expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('[not-promoted]')]);
    const before = executed();
    const up = await machine.run('up', '-e', 'dev');
    expect([up.exitCode, up.out], up.err).toEqual([0, 'smoke dev\n']);
    expect(executed()).toBe(before + 2);
    const again = await machine.run('up', '-e', 'dev');
    expect([again.exitCode, again.out], again.err).toEqual([0, '']);
    expect(executed()).toBe(before + 3);
    const promoted = await machine.run('up', '-e', 'stage');
    expect(promoted.exitCode, promoted.err).toBe(0);
    // Dev answers by its newest known result.
    expect(executed()).toBe(before + 4);
    expect(cloud.leaked()).toEqual([]);
  },
);

test('an image of one’s own is what the job runs, and one that is not there is told before any job', slow, async () => {
  await using database = await createTestDatabase();
  using machine = machineFor(database);
  const own = cloud.emulator.seed.baseImage('acme/backend:1');
  const ran = await machine.run('exec', '-e', 'dev', '--image', own, '--', process.execPath, '-e', '0');
  expect(ran.exitCode, ran.err).toBe(0);
  const before = executed();
  const wrong = own.replace('backend:1', 'nowhere:1');
  const missing = await machine.run('exec', '-e', 'dev', '--image', wrong, '--', 'true');
  expect(missing.err).toContain('nowhere');
  expect([missing.exitCode === 0, executed()]).toEqual([false, before]);
  const local = await machine.run('exec', '-e', 'local', '--image', own, '--', 'true');
  expect([local.exitCode, local.err]).toEqual([2, expect.stringContaining('--image')]);
});
