import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';
import { openProject } from '../../src/project/open.ts';
import { runTask } from '../../src/operations/run-task.ts';
import { applyTask } from '../../src/operations/tasks.ts';
import { wire } from '../../src/project/wire.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

const files = {
  'godwit.config.json': JSON.stringify({ environments: { dev: { database: { env: 'DEV' } } } }),
  'migrations/1_users.sql': 'create table users (id int primary key);',
  'migrations/2_drop.sql': 'drop table users;',
};

/** A folder with a pg_dump and a pg_restore that do what the script says. */
function fakeTools(script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-tools-'));
  for (const name of ['pg_dump', 'pg_restore']) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

const version = (major: number) =>
  `case "$1" in --version) echo "$(basename "$0") (PostgreSQL) ${major}.1"; exit 0;; esac`;

async function prepared(path: string, only = false): Promise<{ database: TestDatabase; project: TestProject }> {
  const database = await createTestDatabase();
  const project = createProject(files, undefined, {
    DEV: database.url,
    ...(only ? { GODWIT_PG_BIN: path } : { PATH: path }),
  });
  expect((await project.run('up', '-e', 'dev', '--to', '1')).exitCode).toBe(0);
  return { database, project };
}

test('without a pg_dump a run that needs a checkpoint is refused before anything changes, with every way out (`needs-checkpoint`)', async () => {
  const { database, project } = await prepared(fakeTools(version(9)), true);
  await using _database = database;
  using _project = project;
  const planned = await project.run('plan', '-e', 'dev');
  expect(planned.shown).toContain('A checkpoint comes first:');
  const ran = await project.run('up', '-e', 'dev');
  expect([ran.exitCode, ran.err]).toEqual([10, expect.stringContaining('[needs-checkpoint]')]);
  expect(ran.err.match(/\[needs-checkpoint\]/g)).toHaveLength(1);
  expect(ran.err).toContain('pg_dump 9 on this machine is older than the server (15)');
  for (const way of ['postgresql-client-15', '--waive-checkpoint', '"checkpoint": "never"'])
    expect(ran.err).toContain(way);
  expect(await database.query("select to_regclass('users')::text as t")).toEqual([{ t: 'users' }]);
  const listed = await project.run('runs', 'list', '-e', 'dev', '--json');
  expect(listed.json[0]).toMatchObject({ runs: [{ outcome: 'refused', exitCode: 10 }, { outcome: 'done' }] });
});

test('the password is in no argument, no variable and no file that stays', async () => {
  const trace = mkdtempSync(join(tmpdir(), 'godwit-trace-'));
  const spying = `${version(99)}
echo "$0 $*" >> ${trace}/said; env >> ${trace}/said
if [ -n "$PGPASSFILE" ]; then cp "$PGPASSFILE" ${trace}/passfile; stat -c %a "$PGPASSFILE" > ${trace}/mode; fi
case "$0" in */pg_dump) for a; do case "$a" in --file=*) echo dump > "\${a#--file=}";; esac; done;; esac`;
  const { database, project } = await prepared(`${fakeTools(spying)}:/usr/bin:/bin`);
  await using _database = database;
  using _project = project;
  const { password } = new URL(database.url);
  const ran = await project.run('up', '-e', 'dev', '--json');
  expect(ran.exitCode, ran.out).toBe(0);
  const { checkpoint } = ran.json.find(({ kind }) => kind === 'checkpoint.taken') as unknown as {
    checkpoint: { id: string; sha256: string; bytes: number };
  };
  expect(readFileSync(join(trace, 'said'), 'utf8')).toContain('--format=custom');
  expect(readFileSync(join(trace, 'said'), 'utf8')).not.toContain(password);
  expect(readFileSync(join(trace, 'passfile'), 'utf8')).toBe(`*:*:*:*:${password}\n`);
  expect(readFileSync(join(trace, 'mode'), 'utf8')).toBe('600\n');
  const folder = join(project.folder, '.godwit', 'checkpoints', checkpoint.id);
  expect(readdirSync(folder).toSorted()).toEqual(['checkpoint.json', 'database.dump']);
  expect((statSync(join(folder, 'database.dump')).mode & 0o777).toString(8)).toBe('600');
  expect(checkpoint).toMatchObject({ bytes: 5, sha256: createHash('sha256').update('dump\n').digest('hex') });
  expect(ran.out + ran.err + readFileSync(join(folder, 'checkpoint.json'), 'utf8')).not.toContain(password);
  // It is in the record, and in the audit chain.
  const [row] = await database.query<{ checkpoint: string }>(
    'select checkpoint from godwit.run order by started_at desc',
  );
  expect(row?.checkpoint).toContain(`dump ${checkpoint.id} (sha256 ${checkpoint.sha256})`);
});

test.each([
  [
    'pg_dump fails',
    `${version(99)}\necho "pg_dump: error: permission denied for table secret" >&2; exit 1`,
    'permission denied for table secret',
  ],
  [
    'the dump cannot be read back',
    `${version(99)}\ncase "$0" in */pg_restore) echo "input file does not appear to be a valid archive" >&2; exit 1;; esac`,
    'valid archive',
  ],
])('when %s the run is refused, and nothing half is kept', async (_what, script, why) => {
  const { database, project } = await prepared(`${fakeTools(script)}:/usr/bin:/bin`);
  await using _database = database;
  using _project = project;
  const ran = await project.run('up', '-e', 'dev', '--json');
  expect(ran.exitCode).toBe(10);
  expect(ran.json.filter(({ kind }) => kind === 'finding')).toMatchObject([
    { finding: { code: 'checkpoint-failed', why: expect.stringContaining(why) as string } },
  ]);
  expect(ran.json.at(-1)).toMatchObject({ kind: 'run.finished', outcome: 'refused', exitCode: 10 });
  expect(readdirSync(join(project.folder, '.godwit', 'checkpoints'))).toEqual([]);
  expect(await database.query("select to_regclass('users')::text as t")).toEqual([{ t: 'users' }]);
});

test('Ctrl-C while the dump is made ends it, and changes nothing', async () => {
  const trace = mkdtempSync(join(tmpdir(), 'godwit-trace-'));
  const slow = `${version(99)}\ntrap 'touch ${trace}/stopped; exit 1' INT\ntouch ${trace}/begun\nfor i in 1 2 3 4 5 6 7 8 9; do for j in 1 2 3 4 5 6 7 8 9; do sleep 0.2; done; done`;
  const { database, project } = await prepared(`${fakeTools(slow)}:/usr/bin:/bin`);
  await using _database = database;
  using _project = project;
  const { runProgram } = await import('../../src/cli/program.ts');
  const controller = new AbortController();
  let err = '';
  const running = runProgram({
    argv: ['up', '-e', 'dev'],
    signal: controller.signal,
    io: {
      cwd: project.folder,
      env: { DEV: database.url, PATH: `${fakeTools(slow)}:/usr/bin:/bin`, USER: 'tester' },
      out: () => {},
      err: (text) => (err += text),
      terminal: false,
      interactive: false,
      columns: () => 100,
      ask: () => Promise.resolve(undefined),
      input: () => Promise.resolve(''),
    },
  });
  await expect.poll(() => existsSync(join(trace, 'begun')), { timeout: 120_000 }).toBe(true);
  controller.abort();
  expect(await running, err).toBe(130);
  expect(existsSync(join(trace, 'stopped'))).toBe(true);
  expect(readdirSync(join(project.folder, '.godwit', 'checkpoints'))).toEqual([]);
  expect(await database.query("select to_regclass('users')::text as t")).toEqual([{ t: 'users' }]);
});

const making = `${version(99)}
case "$0" in */pg_dump) for a; do case "$a" in --file=*) echo dump > "\${a#--file=}";; esac; done;; esac`;

test('a rollback that drops a table takes one as well; one that only needs it by policy says so beforehand', async () => {
  const { database, project } = await prepared(`${fakeTools(making)}:/usr/bin:/bin`);
  await using _database = database;
  using _project = project;
  project.write('migrations/1_users.down.sql', 'drop table users;');
  const down = await project.run('down', '-e', 'dev');
  expect([down.exitCode, down.err]).toEqual([0, expect.stringContaining('checkpoint: dump')]);
  expect((await project.run('plan', '-e', 'dev', '--to', '1', '--json')).json[0]).toMatchObject({
    checkpoint: { needed: false },
  });
  const planned = await project.run('plan', '-e', 'dev', '--json');
  expect(planned.json[0]).toMatchObject({ checkpoint: { needed: true, means: 'dump' } });
  expect((await project.run('up', '-e', 'dev', '--dry-run')).shown).toContain('A checkpoint comes first: a dump');
});

test('a protected environment takes one before every run, but only once the run is approved', async () => {
  await using database = await createTestDatabase();
  const config = JSON.stringify({ environments: { prod: { database: { env: 'PROD' } } } });
  using project = createProject(
    { 'godwit.config.json': config, 'migrations/1_users.sql': 'create table users (id int primary key);' },
    undefined,
    { PROD: database.url, PATH: `${fakeTools(making)}:/usr/bin:/bin` },
  );
  const unapproved = await project.run('up', '-e', 'prod', '--yes');
  expect([unapproved.exitCode, unapproved.err]).toEqual([10, expect.stringContaining('[needs-approval]')]);
  expect(existsSync(join(project.folder, '.godwit', 'checkpoints'))).toBe(false);
  expect((await project.run('plan', '-e', 'prod', '--out', 'p.json')).exitCode).toBe(0);
  const ran = await project.run('up', '-e', 'prod', '--plan', 'p.json');
  expect([ran.exitCode, ran.err]).toEqual([0, expect.stringContaining('checkpoint: dump')]);
  const again = await project.run('up', '-e', 'prod', '--plan', 'p.json');
  expect([again.exitCode, again.err]).toEqual([0, expect.stringContaining('[plan-applied]')]);
  expect(readdirSync(join(project.folder, '.godwit', 'checkpoints'))).toHaveLength(1);
});

test('whoever leaves the run while its checkpoint is taken leaves nothing that goes on', async () => {
  const trace = mkdtempSync(join(tmpdir(), 'godwit-trace-'));
  const slow = `${version(99)}\ncase "$0" in */pg_dump) touch ${trace}/begun; exec sleep 20;; esac`;
  const { database, project } = await prepared(`${fakeTools(slow)}:/usr/bin:/bin`);
  await using _database = database;
  using _project = project;
  const env = { DEV: database.url, PATH: `${fakeTools(slow)}:/usr/bin:/bin` };
  const opened = await openProject({ cwd: project.folder, env, environment: 'dev' });
  if (!opened.ok) throw new Error(opened.findings.map(({ why }) => why).join());
  const wired = await wire(opened.value, { migrations: true, detached: false });
  if (!wired.ok) throw new Error(wired.findings.map(({ why }) => why).join());
  const leaving = new AbortController();
  const actor = { by: 'ann', from: 'here', commit: '', tool: '0' };
  const task = await applyTask(opened.value, actor, {
    command: 'up',
    selection: { direction: 'up', outOfOrder: false },
  });
  const running = runTask(opened.value, wired.value, task, { command: 'up', onEvent: () => {}, leave: leaving.signal });
  await expect.poll(() => existsSync(join(trace, 'begun')), { timeout: 120_000 }).toBe(true);
  leaving.abort();
  const { execution } = await running;
  expect([execution.exitCode, execution.left]).toEqual([130, undefined]);
  expect(await database.query("select to_regclass('users')::text as t")).toEqual([{ t: 'users' }]);
  await wired.value.close();
});

test('what changed while the checkpoint was taken is not run over: the second execution is bound to the plan', async () => {
  const shared = mkdtempSync(join(tmpdir(), 'godwit-trace-'));
  mkdirSync(shared, { recursive: true });
  const waiting = `${version(99)}
case "$0" in */pg_dump) for a; do case "$a" in --file=*) echo dump > "\${a#--file=}";; esac; done; touch ${shared}/begun
i=0; while [ ! -e ${shared}/go ] && [ $i -lt 300 ]; do sleep 0.1; i=$((i+1)); done;; esac`;
  const { database, project } = await prepared(`${fakeTools(waiting)}:/usr/bin:/bin`);
  await using _database = database;
  using _project = project;
  project.write('migrations/3_more.sql', 'create table more (id int);');
  const running = project.run('up', '-e', 'dev');
  await expect.poll(() => existsSync(join(shared, 'begun')), { timeout: 120_000 }).toBe(true);
  expect((await project.run('up', '-e', 'dev', '--to', '2', '--waive-checkpoint', 'the other one')).exitCode).toBe(0);
  writeFileSync(join(shared, 'go'), '');
  const ran = await running;
  expect([ran.exitCode, ran.err]).toEqual([10, expect.stringContaining('[plan-changed]')]);
  expect(await database.query('select count(*)::int as n from godwit.migration')).toEqual([{ n: 2 }]);
});

test('a run that is left alone takes its checkpoint before it is started', async () => {
  const { database, project } = await prepared(`${fakeTools(making)}:/usr/bin:/bin`);
  await using _database = database;
  using _project = project;
  const started = await project.run('up', '-e', 'dev', '--detach');
  expect(started.exitCode, started.err).toBe(0);
  expect(started.err).toContain('checkpoint: dump');
  const [, run = ''] = /Run (\w{8,26})/.exec(started.err) ?? [];
  const attached = await project.run('runs', 'attach', '-e', 'dev', run);
  expect(attached.exitCode, attached.err).toBe(0);
  expect((await project.run('runs', 'show', '-e', 'dev', run)).shown).toContain(`dump ${run}`);
});
