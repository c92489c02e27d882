import { expect } from 'vitest';
import { createProject } from '../support/project.ts';
import { running } from './detached.ts';
import { hurriedRun } from './hurried-run.ts';
import { startProxy } from './proxy.ts';
import { test } from '../support/test.ts';

test('connections that fall silent while the server works are given up, and each thing is applied once', async ({
  database,
}) => {
  await using proxy = await startProxy(database.url);
  using project = createProject({
    'migrations/1_a.sql': 'create table a (n int);',
    'migrations/2_b.sql': 'insert into a values (2);\nselect pg_sleep(3);',
    'migrations/3_c.sql': 'insert into a values (3);',
  });
  const going = hurriedRun(project, proxy.url, 20);
  await running(database, '%pg_sleep(3)%');
  proxy.mute('present');
  const { exitCode, events } = await going;
  expect(exitCode, JSON.stringify(events.slice(-5))).toBe(0);
  expect(events).toContainEqual(
    expect.objectContaining({ kind: 'notice', text: expect.stringContaining('abandoned a connection') }),
  );
  expect(await database.query('select n from a order by n')).toEqual([{ n: 2 }, { n: 3 }]);
});

test('silence during a concurrent build: the old build is ended before anybody looks, and the index is built', async ({
  database,
}) => {
  await using proxy = await startProxy(database.url);
  using project = createProject({
    'migrations/1_a.sql': 'create table a (n int);\ninsert into a values (1);',
    'migrations/2_b.sql':
      'create function slow(int) returns int immutable language sql as $$ select 1 from pg_sleep(3) $$;',
    'migrations/3_c.sql': 'create index concurrently a_n on a (slow(n));',
  });
  const going = hurriedRun(project, proxy.url, 20);
  await running(database, 'create index concurrently%');
  proxy.mute('present');
  const { exitCode, events } = await going;
  expect(exitCode, JSON.stringify(events.slice(-5))).toBe(0);
  expect(await database.query("select indisvalid as valid from pg_index where indrelid = 'a'::regclass")).toEqual([
    { valid: true },
  ]);
});

test('a database that stays silent: the outcome is not known, and nobody waits for ever (`outcome-unknown`)', async ({
  database,
}) => {
  await using proxy = await startProxy(database.url);
  using project = createProject(
    { 'migrations/1_a.sql': 'create table a (n int);\ninsert into a values (1);\nselect pg_sleep(3);' },
    database.url,
  );
  const going = hurriedRun(project, proxy.url, 20);
  await running(database, '%pg_sleep(3)%');
  proxy.mute('all');
  const { exitCode, events } = await going;
  expect(exitCode).toBe(42);
  expect(events).toContainEqual(
    expect.objectContaining({ kind: 'finding', finding: expect.objectContaining({ code: 'outcome-unknown' }) }),
  );
  await proxy[Symbol.asyncDispose]();
  const again = await project.run('up');
  expect(again.exitCode, again.err).toBe(0);
  expect(await database.query('select n from a')).toEqual([{ n: 1 }]);
});
