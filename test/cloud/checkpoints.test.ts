import { afterAll, beforeAll, expect } from 'vitest';
import type { SqlInstanceControl, SqlInstanceSeed } from '../../emulator/services/sql-admin/sql-admin.ts';
import type { Checkpoint } from '../../src/migrate/contract/checkpoint.ts';
import { until } from '../support/child.ts';
import { buildCloud, type Cloud } from '../support/cloud.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createMachine, type Ended, type Machine } from '../support/machine.ts';
import { test } from '../support/test.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await buildCloud();
});
afterAll(async () => await cloud[Symbol.asyncDispose]());

const slow = { timeout: 120_000 };
const migrations = {
  'migrations/1_users.sql': 'create table users (id int primary key);\ninsert into users values (1), (2);',
  'migrations/2_drop.sql': 'drop table users;',
};

let count = 0;

/** A machine whose environment `dev` is a Cloud SQL instance behind jobs; the first migration is applied. */
async function prepared(
  database: TestDatabase,
  seed: SqlInstanceSeed | 'none',
): Promise<{ readonly ann: Machine; readonly sql: SqlInstanceControl | undefined; readonly project: string }> {
  const project = `acme-cp-${process.pid}-${(count += 1)}`;
  const instance = seed === 'none' ? {} : { instance: 'dev-db' };
  const dev = { ...cloud.environment('dev', database.url, { project, ...instance }), checkpoint: 'destructive' };
  const sql = seed === 'none' ? undefined : cloud.emulator.seed.sqlInstance(`${project}:us-central1:dev-db`, seed);
  const files = { ...migrations, 'godwit.config.json': JSON.stringify({ environments: { dev } }) };
  const ann = createMachine(files, { ...cloud.env, GODWIT_LINES_PATIENCE: '2s' });
  const first = await ann.run('up', '-e', 'dev', '--to', '1');
  expect(first.exitCode, first.err).toBe(0);
  return { ann, sql, project };
}

const executed = (): number => cloud.emulator.calls.filter(({ method }) => method.endsWith('.CreateJob')).length;

function takenIn(ended: Ended): Checkpoint {
  const event = ended.json.find(({ kind }) => kind === 'checkpoint.taken');
  if (event === undefined) throw new Error(`no checkpoint: ${ended.out}${ended.err}`);
  return (event as unknown as { readonly checkpoint: Checkpoint }).checkpoint;
}

test(
  'a migration that drops a table takes a point in time, certainly before its first change',
  slow,
  async ({ database }) => {
    const { ann, project } = await prepared(database, { databases: ['postgres', 'reports'] });
    using _ann = ann;
    const planned = await ann.run('plan', '-e', 'dev', '--fresh');
    expect(planned.shown).toContain('A checkpoint comes first: a point in time of Cloud SQL instance dev-db');

    const before = executed();
    const refused = await ann.run('up', '-e', 'dev', '--json');
    const codes = refused.json.flatMap((event) => (event.kind === 'finding' ? [event.finding.code] : []));
    expect([refused.exitCode, codes]).toEqual([10, ['needs-checkpoint', 'destroys-rows']]);
    expect(executed()).toBe(before + 1);

    const ran = await ann.run('up', '-e', 'dev', '--destroy-rows', '--json');
    expect(ran.exitCode, ran.err).toBe(0);
    expect(executed()).toBe(before + 3);
    expect(cloud.leaked()).toEqual([]);
    const checkpoint = takenIn(ran);
    expect(checkpoint).toMatchObject({ means: 'point-in-time', kept: '7 days' });
    expect(checkpoint.restore).toContain(`--point-in-time=${checkpoint.takenAt} --project=${project}`);
    const finished = ran.json.filter(({ kind }) => kind === 'run.finished');
    expect(finished).toMatchObject([{ outcome: 'done', exitCode: 0 }]);

    // Between everything that was there and everything that this run has done, by the clock of the database.
    const runs = await database.query<{ started_at: Date; finished_at: Date }>(
      'select started_at, finished_at from godwit.run order by started_at',
    );
    expect(runs[0]?.finished_at.getTime()).toBeLessThan(Date.parse(checkpoint.takenAt));
    expect(runs.at(-1)?.started_at.getTime()).toBeGreaterThan(Date.parse(checkpoint.takenAt));

    using bob = ann.clone('bob');
    const { run } = ran.json.find(({ kind }) => kind === 'run.started') as unknown as { readonly run: string };
    const shown = await bob.run('runs', 'show', '-e', 'dev', run);
    expect(shown.shown, shown.out).toContain(checkpoint.restore);
  },
);

test(
  'where the log is not kept a backup is made and waited for, whoever is busy with the instance',
  slow,
  async ({ database }) => {
    const { ann, sql } = await prepared(database, { pointInTimeRecovery: false });
    using _ann = ann;
    const before = executed();
    const running = ann.run('up', '-e', 'dev', '--destroy-rows', '--json');
    await until('the execution that finds a checkpoint missing', () => executed() > before, 60_000);
    sql?.busy('UPDATE', 6_000);
    const ran = await running;
    expect(ran.exitCode, ran.err).toBe(0);
    const checkpoint = takenIn(ran);
    expect(checkpoint).toMatchObject({ means: 'backup', id: sql?.backups[0]?.name });
    expect(sql?.backups).toHaveLength(1);
    expect(ran.out).toContain('UPDATE by somebody@example.com');
    expect(ann.ledger()[0]?.checkpoint).toContain(checkpoint.restore);
  },
);

test(
  'a backup that fails, and an environment without an instance, change nothing and leave no job',
  slow,
  async ({ database }) => {
    const { ann } = await prepared(database, { pointInTimeRecovery: false, backupFault: 'fails' });
    using _ann = ann;
    const failed = await ann.run('up', '-e', 'dev', '--destroy-rows');
    expect([failed.exitCode, failed.err]).toEqual([10, expect.stringContaining('[checkpoint-failed]')]);

    await using other = await createTestDatabase();
    const { ann: carol } = await prepared(other, 'none');
    using _carol = carol;
    const refused = await carol.run('up', '-e', 'dev', '--destroy-rows');
    expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('[needs-checkpoint]')]);
    expect(refused.err).toContain('"instance": "NAME"');
    expect(
      (await carol.run('up', '-e', 'dev', '--destroy-rows', '--waive-checkpoint', 'a snapshot of noon')).exitCode,
    ).toBe(0);

    expect(await database.query("select to_regclass('users')::text as t")).toEqual([{ t: 'users' }]);
    expect(cloud.leaked()).toEqual([]);
  },
);

test(
  'a controller that is killed while the backup is made changes nothing; the next run takes its own',
  slow,
  async () => {
    await using database = await createTestDatabase();
    const { ann, sql } = await prepared(database, { pointInTimeRecovery: false, backupMs: 60_000 });
    using _ann = ann;
    const running = ann.start('up', '-e', 'dev', '--destroy-rows');
    await until('a backup', () => sql?.backups.length === 1, 60_000);
    running.process.kill('SIGKILL');
    await running.ended;
    expect(await database.query("select to_regclass('users')::text as t")).toEqual([{ t: 'users' }]);
    expect(cloud.leaked()).toEqual([]);
    expect((await ann.run('runs', 'list', '-e', 'dev', '--all')).shown).toContain('refused');
  },
);

test('a run that is left alone takes its checkpoint before it is started', slow, async ({ database }) => {
  const { ann } = await prepared(database, {});
  using _ann = ann;
  const started = await ann.run('up', '-e', 'dev', '--destroy-rows', '--detach');
  expect(started.exitCode, started.err).toBe(0);
  expect(started.err).toContain('checkpoint: point in time');
  const [, run = ''] = /Run (\w{8,26})/.exec(started.err) ?? [];
  const attached = await ann.run('runs', 'attach', '-e', 'dev', run);
  expect(attached.exitCode, attached.err).toBe(0);
  expect(await database.query("select to_regclass('users') as t")).toEqual([{ t: null }]);
  expect(cloud.leaked()).toEqual([]);
});
