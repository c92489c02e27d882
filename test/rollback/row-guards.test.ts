import { expect } from 'vitest';
import { appliedProject, count } from './applied.ts';
import { until } from '../support/child.ts';
import { test } from '../support/test.ts';

test('a row that comes between the count and the rollback stops it, and nothing is changed', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_a.sql': 'create table a (id int);\ncreate table other (id int);',
    'migrations/1_a.down.sql': 'drop table other;\ndrop table a;',
  });
  const busy = await database.connect();
  await busy.query('begin; insert into a values (1)');
  const undoing = project.run('down', '--json');
  // The rollback has counted no rows and waits for the lock on the table.
  const waiting = "pg_locks where not granted and relation = 'a'::regclass";
  await until('it waits for the table', async () => (await count(database, waiting)) > 0);
  await busy.query('commit');
  const refused = await undoing;
  expect(refused.exitCode, refused.out).toBe(10);
  const codes = refused.json.flatMap((event) => (event.kind === 'finding' ? [event.finding.code] : []));
  expect(codes).toContain('down-loses-rows');
  expect(await count(database, 'a')).toBe(1);
  expect(await count(database, 'other')).toBe(0);
  expect(await count(database, "godwit.migration where kind = 'reverted'")).toBe(0);
});

test('tables dropped before and after a concurrent statement are guarded each in its own transaction', async ({
  database,
}) => {
  using project = await appliedProject(database, {
    'migrations/1_mixed.sql':
      'create table a (id int);\ncreate table b (id int);\ncreate table c (id int);\ncreate index concurrently b_id on b (id);',
    'migrations/1_mixed.down.sql': 'drop table a;\ndrop index concurrently b_id;\ndrop table c;\ndrop table b;',
  });
  await database.query('insert into c values (1)');
  expect((await project.run('down')).exitCode).toBe(10);
  const down = await project.run('down', '--allow-row-loss', '1');
  expect(down.exitCode, down.err).toBe(0);
});

test('statement by statement, a deletion is judged by the rows that go', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_a.sql': 'create table a (id int);',
    'migrations/2_seed.sql': 'insert into a values (1);',
    'migrations/2_seed.down.sql': '-- godwit: transaction=none\ndelete from a where id < 3;',
  });
  await database.query('insert into a values (2), (3)');
  const refused = await project.run('down');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain(
    'The rollback destroys 2 rows (a 2), of which the migration created 1; no more may be lost.',
  );
  const down = await project.run('down', '--allow-row-loss', '1');
  expect(down.exitCode, down.err).toBe(0);
  expect(await count(database, 'a')).toBe(1);
});

test('statement by statement, a row that comes in between stops it too', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_a.sql': 'create table a (id int);',
    'migrations/1_a.down.sql': '-- godwit: transaction=none\ndrop table a;',
  });
  const busy = await database.connect();
  await busy.query('begin; insert into a values (1)');
  const undoing = project.run('down');
  const waiting = "pg_locks where not granted and relation = 'a'::regclass";
  await until('it waits for the table', async () => (await count(database, waiting)) > 0);
  await busy.query('commit');
  const refused = await undoing;
  expect(refused.exitCode, refused.err).toBe(10);
  expect(refused.err).toContain('[down-loses-rows]');
  expect(await count(database, 'a')).toBe(1);
  const again = await project.run('down', '--allow-row-loss', '1');
  expect(again.exitCode, again.err).toBe(0);
});

test('a down file whose effect cannot be seen says that its rows are not counted (`not-checked`)', async ({
  database,
}) => {
  using project = await appliedProject(database, {
    'migrations/1_a.sql': 'create table a (id int);',
    'migrations/1_a.down.sql': 'do $$ begin drop table a; end $$;',
  });
  const down = await project.run('down');
  expect(down.exitCode, down.err).toBe(0);
  expect(down.err).toContain('[not-checked]');
  expect(down.err).toContain('migrations/1_a.down.sql:1');
});

test('a down file that gives a column a narrower type says that shortened values are not counted', async ({
  database,
}) => {
  using project = await appliedProject(database, {
    'migrations/1_a.sql': 'create table a (id int primary key, price int, name text);',
    'migrations/2_b.sql': 'alter table a alter price type numeric(12,4), alter name type varchar(9);',
    'migrations/2_b.down.sql':
      'alter table a alter price type int using price::int;\nalter table a alter name type text;',
  });
  const down = await project.run('down');
  expect(down.exitCode, down.err).toBe(0);
  expect(down.err).toContain('migrations/2_b.down.sql:1');
  expect(down.err).toContain('column a.price');
  expect(down.err).not.toContain('column a.name');
});
