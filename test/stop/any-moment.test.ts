import { expect } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { start } from './command.ts';
import { running, sessionsGone } from './detached.ts';
import { elapse } from '../support/elapse.ts';
import { test } from '../support/test.ts';

const files = Object.fromEntries(
  Array.from({ length: 60 }, (_, n): [string, string] => [
    `migrations/${n + 1}_row.sql`,
    n === 0
      ? 'select 1;'
      : n % 20 === 10
        ? `insert into log values (${n});\ncreate index concurrently log_${n} on log (n);`
        : n % 20 === 15
          ? `copy log (n) from stdin;\n${n}\n\\.\n`
          : `insert into log values (${n});`,
  ]),
);

/**
 * What must hold at every moment: each applied migration has its row exactly once, and no other has one. A file that
 * stands in part has its row before its own record.
 */
const agree = `select count(*)::int as wrong from (select n from log group by n having count(*) > 1
  union all (select n from log except select id::int - 1 from godwit.migration
    except select migration::int - 1 from godwit.statement where seq is null)
  union all (select id::int - 1 from godwit.migration where id <> '1' except select n from log)) as x`;

test.each([0, 40, 80, 120, 160, 200, 240, 280, 320, 400])(
  'stopped after %i ms, whatever it is doing, a run tells the truth, and the next one goes on',
  async (ms) => {
    await using database = await createTestDatabase();
    await database.query('create table log (n int)');
    using project = createProject({ 'migrations/1_row.sql': 'select 1;' }, database.url);
    await project.run('up');
    for (const [path, text] of Object.entries(files)) project.write(path, text);
    const run = start(project, database.url, 'up', '--no-verify');
    await elapse(ms, 'any moment');
    run.stop();
    const { exitCode, err } = await run.ended;
    expect([0, 130], err).toContain(exitCode);
    await sessionsGone(database);
    expect(await database.query(agree)).toEqual([{ wrong: 0 }]);
    const again = await project.run('up', '--no-verify');
    expect(again.exitCode, again.err).toBe(0);
    expect(await database.query(agree)).toEqual([{ wrong: 0 }]);
    expect(await database.query('select count(*)::int as n from log')).toEqual([{ n: 59 }]);
    expect(await database.query('select 1 from pg_index where not indisvalid')).toEqual([]);
  },
);

test('a role that may have one connection only is told so once; its run goes well, and is stopped by its own key (`no-control-connection`)', async ({
  database,
}) => {
  const role = await database.role('single', 'CONNECTION LIMIT 1');
  await database.query(
    `grant create on database ${database.name} to ${role.name}; grant all on schema public to ${role.name}`,
  );
  using project = createProject({ 'migrations/1_a.sql': 'create table a (n int);\nselect pg_sleep(0.3);' }, role.url);
  const ran = await project.run('up', '--json');
  expect(ran.exitCode, ran.out).toBe(0);
  const told = ran.json.filter((event) => event.kind === 'finding');
  expect(told).toMatchObject([{ finding: { code: 'no-control-connection', severity: 'warning' } }]);
  project.write('migrations/2_b.sql', 'create table b (n int);\nselect pg_sleep(60);');
  const run = start(project, role.url, 'up');
  await running(database, '%pg_sleep(60)%');
  run.stop();
  const { exitCode, err } = await run.ended;
  expect(exitCode, err).toBe(130);
  expect(await database.query("select to_regclass('b') as b")).toEqual([{ b: null }]);
});
