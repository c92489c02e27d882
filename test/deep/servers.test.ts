import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { startRawServer } from '../support/raw-server.ts';
import { layLine } from '../support/slow-line.ts';

const files = { 'migrations/1_a.sql': 'create table a (n int);', 'bare.sql': 'create table b (n int);' };
const pending = { 'migrations/2_b.sql': 'insert into a values (2);' };
const changes = [
  ['up'],
  ['up', '--file', 'bare.sql'],
  ['down', '--to', '0', '--yes'],
  ['adopt'],
  ['up', '--take-over'],
];

test('a standby is refused by every command that changes something, and read by the others', async () => {
  await using primary = await startRawServer();
  using project = createProject(files, primary.url('postgres'));
  expect((await project.run('up')).exitCode).toBe(0);
  await primary.stop();
  project.write('migrations/2_b.sql', pending['migrations/2_b.sql']);
  project.write('migrations/1_a.down.sql', 'drop table a;');
  await using standby = await startRawServer({
    fill: (data) => {
      // With its owner: the copy belongs to the server's account as well.
      spawnSync('cp', ['-a', `${primary.data}/.`, data]);
      writeFileSync(join(data, 'standby.signal'), '');
    },
  });
  const at = { DATABASE_URL: standby.url('postgres') };
  for (const argv of changes) {
    const ran = await project.runWith(at, ...argv);
    expect([argv, ran.exitCode, ran.shown]).toEqual([argv, 10, expect.stringContaining('[database-read-only]')]);
  }
  expect((await project.runWith(at, 'status')).exitCode).toBe(0);
  expect((await project.runWith(at, 'plan')).exitCode).toBe(0);
  expect((await project.runWith(at, 'runs', 'list')).exitCode).toBe(0);
  expect(
    await standby.query('select pg_is_in_recovery() as standby, (select count(*)::int from godwit.run) as runs'),
  ).toEqual([{ standby: true, runs: 1 }]);
}, 240_000);

test('a server older than 14 is refused before anything is changed (`database-too-old`)', async () => {
  await using database = await createTestDatabase(15);
  const [found] = await database.query<{ n: string }>("select current_setting('server_version_num') as n");
  const [real, told] = [found?.n ?? '', (found?.n ?? '').replace(/^15/, '13')];
  await using line = await layLine(database.url, {
    answers: (bytes) => Buffer.from(bytes.toString('latin1').replaceAll(real, told), 'latin1'),
  });
  using project = createProject(files, line.url);
  for (const argv of [['up'], ['adopt'], ['up', '--file', 'bare.sql']]) {
    const ran = await project.run(...argv);
    expect([ran.exitCode, ran.err]).toEqual([10, expect.stringContaining('[database-too-old]')]);
  }
  expect(await database.query("select to_regnamespace('godwit') as g")).toEqual([{ g: null }]);
});

test.each([
  [
    'cannot load PL/pgSQL any more',
    "update pg_proc set probin = '$libdir/plpgsql_of_another_minor' where probin = '$libdir/plpgsql'",
  ],
  ['has no PL/pgSQL', 'drop extension plpgsql cascade'],
])(
  'a server that %s is refused, with a history and without one, and nothing is changed (`no-plpgsql`)',
  async (_, breaking) => {
    await using server = await startRawServer();
    await server.query('create database fresh');
    await server.query('create database used');
    using project = createProject(files, server.url('used'));
    expect((await project.run('up')).exitCode).toBe(0);
    project.write('migrations/2_b.sql', pending['migrations/2_b.sql']);
    for (const name of ['fresh', 'used']) {
      const kept = breaking.startsWith('drop') && name === 'used';
      // What depends on the language goes with it: that is a damaged history, and told as one.
      await server.query(breaking, name);
      // Libraries are loaded once a session; a new one finds that it does not fit.
      const ran = await project.runWith({ DATABASE_URL: server.url(name) }, 'up');
      expect([name, ran.exitCode, ran.err]).toEqual([
        name,
        10,
        expect.stringContaining(kept ? '[history-damaged]' : '[no-plpgsql]'),
      ]);
    }
    expect(await server.query("select to_regclass('a') as a, to_regnamespace('godwit') as g", 'fresh')).toEqual([
      { a: null, g: null },
    ]);
    expect(await server.query('select count(*)::int as n from a', 'used')).toEqual([{ n: 0 }]);
    expect(
      await server.query(
        'select (select count(*)::int from godwit.run) as runs, (select array_agg(id) from godwit.migration) as ids',
        'used',
      ),
    ).toEqual([{ runs: 1, ids: ['1'] }]);
  },
  240_000,
);
