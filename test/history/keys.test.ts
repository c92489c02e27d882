import { expect, test } from 'vitest';
import { historyFunctions, historySchema } from '../../src/migrate/runner/history/schema.generated.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { files, someHistory } from './some-history.ts';

test.each([
  ['a run that applied something', 'delete from godwit.run where n = 1'],
  ['a run that applied nothing', 'delete from godwit.run where n = 2'],
  ['the runs of last year (retention)', 'delete from godwit.run where started_at < now()'],
  ['a migration', 'delete from godwit.migration where seq = 2'],
  ['a run, emptied', 'truncate godwit.run'],
])('F1: the server itself refuses to delete %s', async (_, damage) => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  await someHistory(project);
  await expect(database.query(damage)).rejects.toThrow(/foreign key|referenced in a foreign key/);
  expect((await project.run('status')).exitCode).toBe(0);
});

test('F1: a history of version 2 that has lost rows is told of, and never fails for a key (`history-damaged`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int);' }, database.url);
  await database.query('create schema godwit; set check_function_bodies = off');
  await database.query(historySchema.slice(0, 2).join('\n'));
  await database.query(historyFunctions.join('\n').replaceAll(/own godwit\.run;/g, 'own record;'));
  await database.query(`insert into godwit.guard (schema_version, environment) values (2, 'local');
insert into godwit.epoch (epoch, runs) values (1, 1);
insert into godwit.event (run, n, kind, body, previous, hash) values ('01A', 1, 'run', '{}', '', 'x')`);
  const refused = await project.run('up');
  expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('[history-damaged]')]);
  expect(refused.err).toContain('godwit.epoch counts 1 runs, but 0 have a row');
  // What no command has to trust stays as it is, and is named by verify-chain.
  await database.query('update godwit.epoch set runs = 0');
  const up = await project.run('up');
  expect([up.exitCode, up.err]).toEqual([0, up.err]);
  expect(
    await database.query(
      "select conname, convalidated from pg_constraint where contype = 'f' and connamespace = 'godwit'::regnamespace order by 1",
    ),
  ).toEqual([
    { conname: 'event_run', convalidated: false },
    { conname: 'migration_run', convalidated: true },
    { conname: 'statement_migration', convalidated: true },
  ]);
  const chain = await project.run('runs', 'verify-chain');
  expect([chain.exitCode, chain.shown]).toEqual([
    50,
    expect.stringContaining('run 01A has lost its row; what remains of it: 1 events'),
  ]);
});
