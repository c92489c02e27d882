import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const files = { 'migrations/1_a.sql': 'create table a (id int);', 'migrations/2_b.sql': 'create table b (id int);' };

test('runs that failed are listed beside those that did not, with what they failed at', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ ...files, 'migrations/3_c.sql': 'select oops;' }, database.url);
  await project.run('up');
  project.write('migrations/3_c.sql', 'select 1;');
  await project.run('up');
  const [document] = (await project.run('runs', 'list', '--json')).json as unknown as [
    { runs: Record<string, unknown>[] },
  ];
  expect(document.runs.map(({ outcome, exitCode, applied }) => ({ outcome, exitCode, applied }))).toEqual([
    { outcome: 'done', exitCode: 0, applied: 1 },
    { outcome: 'failed', exitCode: 40, applied: 2 },
  ]);
  expect(document.runs[1]!['failure']).toContain('statement-failed');
});

test('the audit of a run tells starts and ends in order', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  await project.run('up');
  const rows = await database.query(
    "select kind, body::json ->> 'migration' as migration from godwit.event order by n",
  );
  expect(rows).toEqual([
    { kind: 'run', migration: null },
    { kind: 'started', migration: '1' },
    { kind: 'applied', migration: '1' },
    { kind: 'started', migration: '2' },
    { kind: 'applied', migration: '2' },
    { kind: 'described', migration: null },
    { kind: 'finished', migration: null },
  ]);
});

test.each([
  ['an event was changed', 'update godwit.event set body = replace(body, \'"1"\', \'"9"\') where n = 3', 'event 3'],
  ['an event is missing', 'delete from godwit.event where n = 4', 'event 4 is missing'],
  ['the last events are missing', 'delete from godwit.event where n > 4', '7 events were written, 4 exist'],
  [
    'a row of the history was added',
    "insert into godwit.migration (seq, id, name, file, checksum, kind, run, head) select 9, '9', 'x', 'x', 'x', 'applied', run, 'x' from godwit.run",
    '2 migrations are in the audit, 3 in the history',
  ],
])('verify-chain finds that %s', async (_, damage, found) => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  await project.run('up');
  const before = await project.run('runs', 'verify-chain');
  expect(before.exitCode, before.shown).toBe(0);
  await database.query(damage);
  const after = await project.run('runs', 'verify-chain');
  expect(after.exitCode).toBe(50);
  expect(after.shown).toContain(found);
});

test('attempts that never reached the database are carried into the history by the next run', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url.replace(/:\d+\//, ':1/'));
  const refused = await project.run('up');
  expect(refused.exitCode).toBe(30);
  using second = createProject({}, database.url);
  const ledger = (await import('node:fs')).readdirSync(`${project.folder}/.godwit/runs`);
  for (const name of ledger) second.write(`.godwit/runs/${name}`, project.read(`.godwit/runs/${name}`));
  for (const [path, text] of Object.entries(files)) second.write(path, text);
  expect((await second.run('up')).exitCode).toBe(0);
  const rows = await database.query('select outcome, failure from godwit.run order by started_at');
  expect(rows).toMatchObject([{ outcome: 'never-connected' }, { outcome: 'done' }]);
  expect(String(rows[0]!['failure'])).toContain('connection-refused');
});

test('of several runs at once one applies, and all end well', async () => {
  await using database = await createTestDatabase();
  const many = Object.fromEntries(
    Array.from({ length: 30 }, (_, n) => [`migrations/${n + 1}_t.sql`, `create table t${n} (id int);`]),
  );
  using project = createProject(many, database.url);
  const ran = await Promise.all(Array.from({ length: 6 }, () => project.run('up')));
  expect(ran.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(
    await database.query('select count(*)::int as n, count(distinct id)::int as ids from godwit.migration'),
  ).toEqual([{ n: 30, ids: 30 }]);
});
