import { chownSync, existsSync, mkdirSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { createDataCopier } from '../../src/adapters/checkpoint/data-copy.ts';
import { dataFolder } from '../support/folder.ts';
import { startOwnServer } from '../support/own-server.ts';
import { createProject, type TestProject } from '../support/project.ts';

const env = {
  HOME: process.env['HOME'] ?? '',
  PATH: process.env['PATH'] ?? '',
  ...(process.env['GODWIT_CACHE'] === undefined ? {} : { GODWIT_CACHE: process.env['GODWIT_CACHE'] }),
};

const configured = (major: number) =>
  JSON.stringify({
    environments: { staging: { database: 'embedded', major, checkpoint: 'destructive' } },
  });

const files = {
  'migrations/1_users.sql': 'create table users (id int primary key, name text not null);',
  'migrations/2_drop.sql': 'drop table users;',
};

const inStaging = (project: TestProject, ...argv: readonly string[]) => project.run(...argv, '-e', 'staging');

async function rows(project: TestProject, sql: string): Promise<readonly (readonly (string | null)[])[]> {
  const ran = await inStaging(project, 'db', 'sql', sql, '--json');
  const [document] = ran.json as unknown as { results?: { rows: (string | null)[][] }[] }[];
  return document?.results?.at(-1)?.rows ?? [[ran.out]];
}

/** Bytes of all files below a folder, but for the label that was written beside them. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name !== 'backup_label')
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0);
}

const checkpointsOf = (project: TestProject): readonly string[] => {
  const folder = join(project.folder, '.godwit', 'checkpoints');
  return existsSync(folder) ? readdirSync(folder) : [];
};

test.each([14, 18])(
  'a migration that drops a table goes through with a copy of the data, and `db restore` brings every row back (%i)',
  async (major) => {
    using project = createProject({ ...files, 'godwit.config.json': configured(major) }, undefined, env);
    try {
      expect((await inStaging(project, 'db', 'start')).exitCode).toBe(0);
      expect((await inStaging(project, 'up', '--to', '1')).exitCode).toBe(0);
      expect(checkpointsOf(project)).toEqual([]);
      await inStaging(project, 'db', 'sql', "insert into users select n, 'name ' || n from generate_series(1, 5000) n");
      const before = await rows(project, 'select count(*), md5(string_agg(id || name, $$,$$ order by id)) from users');

      const planned = await inStaging(project, 'plan');
      expect(planned.shown).toContain('A checkpoint comes first: a copy of the embedded server’s data');

      const ran = await inStaging(project, 'up', '--destroy-rows', '--json');
      expect(ran.exitCode, ran.out).toBe(0);
      const taken = ran.json.find(({ kind }) => kind === 'checkpoint.taken') as unknown as {
        checkpoint: { means: string; id: string; restore: string; bytes: number };
      };
      const { checkpoint } = taken;
      expect(checkpoint).toMatchObject({ means: 'copy', restore: `godwit db restore -e staging ${checkpoint.id}` });
      expect(checkpoint.bytes).toBe(sizeOf(join(project.folder, '.godwit', 'checkpoints', checkpoint.id, 'data')));
      expect(ran.json.filter(({ kind }) => kind === 'finding' || kind === 'run.finished')).toMatchObject([
        { kind: 'run.finished', outcome: 'done' },
      ]);
      expect((await inStaging(project, 'runs', 'show', checkpoint.id)).shown).toContain(
        checkpoint.restore.slice(0, -18),
      );
      expect(checkpointsOf(project)).toEqual([checkpoint.id]);
      for (const name of ['', checkpoint.id]) {
        const folder = join(project.folder, '.godwit', 'checkpoints', name);
        expect((statSync(folder).mode & 0o777).toString(8)).toBe('700');
      }
      expect(await rows(project, "select to_regclass('users')")).toEqual([[null]]);

      expect((await inStaging(project, 'db', 'restore')).shown).toContain(checkpoint.id);
      const [, ...restore] = checkpoint.restore.split(' ');
      const restored = await project.run(...restore);
      expect(restored.exitCode, restored.shown).toBe(0);
      expect(await rows(project, 'select count(*), md5(string_agg(id || name, $$,$$ order by id)) from users')).toEqual(
        before,
      );
      // The history went back with it: the same migration is pending again, and goes through again.
      expect((await inStaging(project, 'status')).shown).toContain('2 drop');
      expect((await inStaging(project, 'up', '--destroy-rows')).exitCode).toBe(0);
      expect(checkpointsOf(project)).toHaveLength(2);
    } finally {
      await inStaging(project, 'db', 'stop');
    }
  },
  600_000,
);

test('a copy is whole although the server is written to all the while, and only the newest three are kept', async () => {
  using project = createProject(
    { 'godwit.config.json': JSON.stringify({ environments: { staging: { checkpoint: 'always' } } }) },
    undefined,
    env,
  );
  try {
    await inStaging(project, 'db', 'start');
    // Left behind by a run that was killed long ago.
    const half = join(project.folder, '.godwit', 'checkpoints', 'HALF.draft');
    mkdirSync(half, { recursive: true });
    utimesSync(half, 0, 0);
    const connectionString = (await inStaging(project, 'db', 'url')).out.trim();
    const client = new Client({ connectionString });
    await client.connect();
    await client.query(`create table busy (id int primary key, batch int, padding text) with (fillfactor = 40);
      insert into busy select n, 0, repeat('x', 500) from generate_series(1, 20000) n`);
    const over = new AbortController();
    const writer = (async () => {
      for (let batch = 1; !over.signal.aborted && batch < 10_000; batch += 1) {
        await client.query('update busy set batch = $1 where id % 20 = $2', [batch, batch % 20]);
        if (batch % 5 === 0) await client.query('checkpoint');
      }
      await client.end();
    })();
    for (let run = 1; run <= 5; run += 1) {
      project.write(`migrations/${run}_t.sql`, `create table t${run} (id int);`);
      const ran = await inStaging(project, 'up', '--to', String(run));
      expect(ran.exitCode, ran.err).toBe(0);
    }
    over.abort();
    await writer;
    const kept = checkpointsOf(project);
    expect(kept).toHaveLength(3);
    const newest = kept.toSorted().at(-1) ?? '';
    const restored = await inStaging(project, 'db', 'restore', newest);
    expect(restored.exitCode, restored.err).toBe(0);
    // What the copy holds is the state of one moment: each batch wrote a twentieth of all rows, in one statement.
    const whole = 'select count(*), count(distinct (batch, id % 20)) from busy';
    expect(await rows(project, whole)).toEqual([['20000', '20']]);
    expect(await rows(project, 'set enable_seqscan = off; select count(*) from busy where id > 0')).toEqual([
      ['20000'],
    ]);
    expect(await rows(project, "select to_regclass('t4') is not null, to_regclass('t5')")).toEqual([['t', null]]);
  } finally {
    await inStaging(project, 'db', 'stop');
  }
}, 600_000);

test('an aborted copy, or one of a server with tablespaces elsewhere, leaves nothing behind', async () => {
  const folder = dataFolder('copied');
  await using server = await startOwnServer({}, { folder: join(folder, 'server') });
  const checkpoints = join(folder, 'checkpoints');
  const copier = createDataCopier({
    dataDir: join(folder, 'server'),
    folder: checkpoints,
    environment: 'staging',
    restoreCommand: (id) => `godwit db restore ${id}`,
    env: process.env,
  });
  const request = { run: 'RUN1', before: '', server: 'PostgreSQL 15.1', onProgress: () => {} };
  const controller = new AbortController();
  const stopped = await copier.take({
    ...request,
    onProgress: (text) => (text.startsWith('copying') ? controller.abort() : undefined),
    signal: controller.signal,
  });
  expect(stopped).toMatchObject({ ok: false, findings: [{ code: 'interrupted' }] });
  expect(readdirSync(checkpoints)).toEqual([]);
  const place = join(server.embedded.dataDir, 'elsewhere');
  mkdirSync(place);
  const owner = statSync(join(server.embedded.dataDir, 'data'));
  chownSync(place, owner.uid, owner.gid);
  await server.query('postgres', `create tablespace elsewhere location '${place}'`);
  expect(await copier.take(request)).toMatchObject({
    ok: false,
    findings: [{ code: 'checkpoint-failed', why: expect.stringContaining('tablespaces') as string }],
  });
  expect(readdirSync(checkpoints)).toEqual([]);
  await server.query('postgres', 'drop tablespace elsewhere');
  expect((await copier.take(request)).ok).toBe(true);
}, 600_000);
