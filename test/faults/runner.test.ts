import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Manifest } from '../../src/adapters/bundle/manifest.ts';
import { readBundleFolder } from '../../src/adapters/bundle/bundle-folder.ts';
import { nodeHashing } from '../../src/adapters/files/hashing.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { until } from '../support/child.ts';
import { elapse } from '../support/elapse.ts';
import { namedRun } from '../support/named-run.ts';

const table = 'create table a (n int);\n';

async function detached(project: TestProject, database: TestDatabase): Promise<{ run: string; pid: number }> {
  const started = await project.run('up', '--detach');
  const run = namedRun(project.folder, started.err);
  const sleeping = "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
  await until('its statement sleeps', async () => (await database.query(sleeping)).length > 0);
  return { run, pid: Number.parseInt(project.read(`.godwit/runs/${run}/pid`), 10) };
}

async function sessionsGone(database: TestDatabase): Promise<void> {
  const sessions =
    "select 1 from pg_stat_activity where datname = current_database() and application_name like 'godwit%'";
  await until('all sessions are gone', async () => (await database.query(sessions)).length === 0);
}

test('a runner that was killed: attach asks the history how it ended, the list says that it is over, up goes on', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { 'migrations/1_a.sql': table, 'migrations/2_b.sql': 'insert into a values (1);\nselect pg_sleep(1.5);' },
    database.url,
  );
  const { run, pid } = await detached(project, database);
  process.kill(pid, 'SIGKILL');
  const attached = await project.run('runs', 'attach', run, '--json');
  expect(attached.exitCode).toBe(130);
  expect(attached.json.slice(-2)).toMatchObject([
    { kind: 'finding', finding: { code: 'interrupted', why: expect.stringContaining('applied and recorded: 1.') } },
    { kind: 'run.finished', outcome: 'interrupted', exitCode: 130, events: attached.json.length },
  ]);
  await sessionsGone(database);
  expect((await project.run('runs', 'list')).shown).toContain('interrupted');
  const ran = await project.run('up');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(await database.query('select n from a')).toEqual([{ n: 1 }]);
});

test('a runner that was killed, and a database out of reach: nobody knows yet', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { 'migrations/1_a.sql': table, 'migrations/2_b.sql': 'select pg_sleep(5);' },
    database.url,
  );
  const { run, pid } = await detached(project, database);
  process.kill(pid, 'SIGKILL');
  const away = createProject({}, 'postgresql://u@127.0.0.1:1/d');
  using _ = away;
  cpSync(join(project.folder, '.godwit'), join(away.folder, '.godwit'), { recursive: true });
  const attached = await away.run('runs', 'attach', run, '--json');
  expect(attached.exitCode).toBe(42);
  expect(attached.json.slice(-2)).toMatchObject([
    { kind: 'finding', finding: { code: 'outcome-unknown' } },
    { kind: 'run.finished', outcome: 'unknown', exitCode: 42, events: attached.json.length },
  ]);
});

test('a runner whose last lines are missing ended as the history says (`lines-lost`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': table, 'migrations/2_b.sql': 'select 1 / 0;' }, database.url);
  const run = namedRun(project.folder, (await project.run('up', '--detach')).err);
  expect((await project.run('runs', 'attach', run)).exitCode).toBe(40);
  const lines = project.read(`.godwit/runs/${run}/events.ndjson`).split('\n');
  project.write(`.godwit/runs/${run}/events.ndjson`, `${lines.slice(0, 4).join('\n')}\n`);
  const attached = await project.run('runs', 'attach', run);
  expect([attached.exitCode, attached.err]).toEqual([40, expect.stringContaining('[lines-lost]')]);
});

test('a frozen runner whose session was ended finds out that another one has taken over, and changes nothing (`taken-over`)', async () => {
  await using database = await createTestDatabase();
  const rows = Array.from({ length: 60 }, (_, n): [string, string] => [
    `migrations/${n + 2}_row.sql`,
    `insert into a values (${n});${n === 5 ? ' select pg_sleep(1);' : ''}`,
  ]);
  using project = createProject({ 'migrations/1_a.sql': table, ...Object.fromEntries(rows) }, database.url);
  const { run, pid } = await detached(project, database);
  process.kill(pid, 'SIGSTOP');
  try {
    await database.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'godwit%'",
    );
    const second = await project.run('up');
    expect(second.exitCode, second.err).toBe(0);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  const attached = await project.run('runs', 'attach', run);
  expect([attached.exitCode, attached.err]).toEqual([20, expect.stringContaining('[taken-over]')]);
  expect(attached.err).not.toContain('nothing was changed');
  expect(await database.query('select count(*)::int as n, count(distinct n)::int as different from a')).toEqual([
    { n: 60, different: 60 },
  ]);
});

test('another process that bears the pid of a runner is not stopped for it', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': table }, database.url);
  const run = namedRun(project.folder, (await project.run('up', '--detach')).err);
  expect((await project.run('runs', 'attach', run)).exitCode).toBe(0);
  project.write(`.godwit/runs/${run}/pid`, `${process.pid} another-start`);
  let signals = 0;
  const count = (): void => void (signals += 1);
  process.on('SIGTERM', count);
  await project.run('runs', 'cancel', run);
  await elapse(50, 'a signal would have come');
  process.off('SIGTERM', count);
  expect(signals).toBe(0);
});

test('a bundle that was changed on its way is refused as damaged, whatever was changed', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': `${table}create table b (n int);` }, database.url);
  const run = namedRun(project.folder, (await project.run('up', '--detach')).err);
  expect((await project.run('runs', 'attach', run)).exitCode).toBe(0);
  const bundle = join(project.folder, '.godwit/runs', run, 'bundle');
  const manifest = join(bundle, 'manifest.json');
  const [name = ''] = readdirSync(join(bundle, 'bodies'));
  const body = join(bundle, 'bodies', name);
  const text = { manifest: readFileSync(manifest, 'utf8'), body: readFileSync(body, 'utf8') };
  type Mutable = { migrations: unknown; analyses: Record<string, { segments: unknown; statements: unknown[] }> };
  const edited = (edit: (whole: Mutable) => void): string => {
    const whole = JSON.parse(text.manifest) as Manifest & Mutable;
    edit(whole);
    return JSON.stringify(whole);
  };
  const up = (whole: Mutable): Mutable['analyses'][string] => whole.analyses['1:up']!;
  const damages: readonly (readonly [string, string])[] = [
    [text.manifest, text.body.replace('(n int)', '(n oid)')],
    [text.manifest, text.body.slice(1)],
    [text.manifest.slice(0, -9), text.body],
    ['null', text.body],
    [edited((whole) => (up(whole).segments = [{ kind: 'transaction', first: 0, last: 0 }])), text.body],
    [edited((whole) => (up(whole).segments = [])), text.body],
    [edited((whole) => up(whole).statements.pop()), text.body],
    [edited((whole) => (whole.migrations = 7)), text.body],
  ];
  for (const [newManifest, newBody] of damages) {
    writeFileSync(manifest, newManifest);
    writeFileSync(body, newBody);
    const read = await readBundleFolder(bundle, nodeHashing);
    expect(read.ok ? 'accepted' : read.findings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['bundle-damaged']),
    );
  }
  writeFileSync(manifest, text.manifest);
  writeFileSync(body, text.body);
  expect((await readBundleFolder(bundle, nodeHashing)).ok).toBe(true);
});
