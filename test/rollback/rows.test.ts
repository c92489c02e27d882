import { expect } from 'vitest';
import { createTestDatabase, majors } from '../support/database.ts';
import { appliedProject, count } from './applied.ts';
import { test } from '../support/test.ts';

test.each(majors)(
  'rows that the migration did not create stop the rollback and are named (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    using project = await appliedProject(database, {
      'migrations/1_shop.sql':
        'create table users (id int);\ncreate table orders (id int);\ninsert into users values (1), (2);\n',
      'migrations/1_shop.down.sql': 'drop table orders;\ndrop table users;\n',
    });
    await database.query('insert into users values (3); insert into orders values (1), (2)');
    const refused = await project.run('down');
    expect(refused.exitCode).toBe(10);
    expect(refused.err).toContain('[down-loses-rows]');
    expect(refused.err).toContain(
      'The rollback destroys 5 rows (orders 2, users 3), of which the migration created 2; no more may be lost',
    );
    expect(refused.err).toContain('`--allow-row-loss 3`');
    expect(refused.err).toContain('migrations/1_shop.down.sql');
    expect(await count(database, 'users')).toBe(3);
    expect(await count(database, "godwit.migration where kind = 'reverted'")).toBe(0);

    const small = await project.run('down', '--allow-row-loss', '2');
    expect(small.exitCode).toBe(10);
    expect(small.err).toContain('--allow-row-loss allows 2 more');
    const covered = await project.run('down', '--allow-row-loss', '3');
    expect(covered.exitCode, covered.err).toBe(0);
    expect(await database.query("select to_regclass('users') as users")).toEqual([{ users: null }]);
  },
);

test('rows of the migration’s own INSERTs and COPYs may go without --allow-row-loss', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_seeds.sql':
      'create table a (id int);\ncreate table b (id int);\ninsert into a values (1), (2);\ncopy b from stdin;\n1\n2\n3\n\\.\n',
    'migrations/1_seeds.down.sql': 'drop table b;\ndrop table a;',
  });
  const down = await project.run('down');
  expect(down.exitCode, down.err).toBe(0);
});

test('seed rows of one table do not excuse the rows of another', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_seeds.sql': 'create table a (id int);\ncreate table b (id int);\ninsert into a values (1), (2);',
    'migrations/1_seeds.down.sql': 'drop table b;\ndrop table a;',
  });
  await database.query('delete from a; insert into b values (1), (2)');
  const refused = await project.run('down');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain('The rollback destroys 2 rows (b 2), none of which the migration created');
});

test('a dropped column loses its values, but not the constant that it gives to every row', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_users.sql': 'create table users (id int);',
    'migrations/2_columns.sql':
      "alter table users add state text not null default 'new', add age int, add twice int generated always as (id * 2) stored;",
    'migrations/2_columns.down.sql':
      'alter table users drop column state, drop column age, drop column twice, drop column if exists never;',
  });
  await database.query('insert into users (id) values (1), (2)');
  const before = await project.run('down');
  expect(before.exitCode, before.err).toBe(0);
  await project.run('up');
  await database.query("update users set age = 3 where id = 1; update users set state = 'old' where id = 2");
  const refused = await project.run('down');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain('(users.state 1, users.age 1)');
  expect((await project.run('down', '--allow-row-loss', '2')).exitCode).toBe(0);
});

test('DELETE with a condition is judged by the rows that go, not by those that are there', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_prompts.sql': 'create table prompts (name text primary key, own boolean default false);',
    'migrations/2_seeds.sql': "insert into prompts values ('a'), ('b');",
    'migrations/2_seeds.down.sql': "delete from prompts where name in ('a', 'b') or own;",
  });
  await database.query("insert into prompts select 'p' || n from generate_series(1, 50) n");
  const down = await project.run('down');
  expect(down.exitCode, down.err).toBe(0);
  expect(await count(database, 'prompts')).toBe(50);

  await project.run('up');
  await database.query("update prompts set own = true where name in ('p1', 'p2')");
  const refused = await project.run('down');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain('[down-loses-rows]');
  expect(refused.err).toContain(
    'The rollback destroys 4 rows (prompts 4), of which the migration created 2; no more may be lost.',
  );
  expect(await count(database, 'prompts')).toBe(52);
  expect((await project.run('down', '--allow-row-loss', '2')).exitCode).toBe(0);
  expect(await count(database, 'prompts')).toBe(48);
});

test('TRUNCATE … CASCADE counts the tables that point to its own', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_tables.sql': 'create table a (id int primary key);\ncreate table b (a int references a);',
    'migrations/2_seed.sql': 'insert into a values (1);',
    'migrations/2_seed.down.sql': 'truncate a cascade;',
  });
  await database.query('insert into b values (1), (1)');
  const refused = await project.run('down');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain('(a 1, b 2), of which the migration created 1');
  const down = await project.run('down', '--allow-row-loss', '2');
  expect(down.exitCode, down.err).toBe(0);
});

test('a deleted row takes along what ON DELETE CASCADE says, and that counts', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_tables.sql':
      'create table a (id int primary key);\ncreate table b (a int references a on delete cascade);',
    'migrations/2_seed.sql': 'insert into a values (1), (2);',
    'migrations/2_seed.down.sql': 'delete from a where id in (1, 2);',
  });
  await database.query('insert into b values (1), (1)');
  const refused = await project.run('down');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain('The rollback destroys 4 rows (a 2, b 2), of which the migration created 2');
  expect(await count(database, 'b')).toBe(2);
  expect((await project.run('down', '--allow-row-loss', '2')).exitCode).toBe(0);
});

test('DELETE without a condition and a TRUNCATE are refused like a DROP', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_a.sql': 'create table a (id int);\ncreate table b (id int);',
    'migrations/2_b.sql': 'create table c (id int);',
    'migrations/2_b.down.sql': 'delete from a;\ntruncate b;\ndrop table c;',
  });
  await database.query('insert into a values (1); insert into b values (1)');
  const refused = await project.run('down');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain('(a 1, b 1)');
});

test('--allow-row-loss is for the whole rollback, and seeds of one undone migration may go with the table of another', async ({
  database,
}) => {
  using project = await appliedProject(database, {
    'migrations/1_a.sql': 'create table a (id int);',
    'migrations/1_a.down.sql': 'drop table a;',
    'migrations/2_b.sql': 'create table b (id int);\ninsert into a values (1), (2);',
    'migrations/2_b.down.sql': 'drop table b;',
  });
  await database.query('insert into a values (3), (4); insert into b values (1), (2)');
  const refused = await project.run('down', '--to', '0', '--allow-row-loss', '3');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain('`--allow-row-loss 4`');
  const down = await project.run('down', '--to', '0', '--allow-row-loss', '4');
  expect(down.exitCode, down.err).toBe(0);
});

test('a table that an earlier step of the rollback renames back is counted under its present name', async ({
  database,
}) => {
  using project = await appliedProject(database, {
    'migrations/1_users.sql': 'create table users (id int);\ninsert into users values (1);',
    'migrations/1_users.down.sql': 'drop table users;',
    'migrations/2_rename.sql': 'alter table users rename to people;',
    'migrations/2_rename.down.sql': 'alter table people rename to users;',
  });
  await database.query('insert into people values (2)');
  const refused = await project.run('down', '--to', '0');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain('(people 2), of which the undone migrations created 1');
  const down = await project.run('down', '--to', '0', '--allow-row-loss', '1');
  expect(down.exitCode, down.err).toBe(0);
});

test('a table renamed and then dropped by the same down file is not lost in silence', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_users.sql': 'create table users (id int, age int);',
    'migrations/1_users.down.sql':
      'alter table users rename column age to years;\nalter table users drop column years;\nalter table users rename to gone;\ndrop table gone;',
  });
  await database.query('insert into users values (1, 1)');
  expect((await project.run('down')).exitCode).toBe(10);
  const down = await project.run('down', '--allow-row-loss', '1');
  expect(down.exitCode, down.err).toBe(0);
});

test('unqualified names are counted in the schema that the role’s search_path means', async ({ database }) => {
  await database.query('create schema app; create schema other; create table other.t (id int)');
  await database.query(`alter database ${database.name} set search_path to app, other`);
  using project = await appliedProject(database, {
    'migrations/1_t.sql': 'create table t (id int);\ninsert into t values (1);',
    'migrations/1_t.down.sql': 'drop table t;',
    'migrations/2_u.sql': 'set search_path to other;\ncreate table u (id int);',
    'migrations/2_u.down.sql': 'set search_path to other;\ndrop table u;',
  });
  await database.query(
    'insert into other.u values (1); insert into app.t values (2); insert into other.t values (1), (2)',
  );
  const refused = await project.run('down', '--to', '0');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain('(u 1)');
  expect(refused.err).toContain('(t 2)');
  const down = await project.run('down', '--to', '0', '--allow-row-loss', '2');
  expect(down.exitCode, down.err).toBe(0);
  expect(await count(database, 'other.t')).toBe(2);
});

test('views and materialized views hold no rows of their own; a partitioned table holds those of its partitions', async ({
  database,
}) => {
  using project = await appliedProject(database, {
    'migrations/1_base.sql': 'create table base (id int);',
    'migrations/2_views.sql': 'create view v as select * from base;\ncreate materialized view m as select * from base;',
    'migrations/2_views.down.sql': 'drop materialized view m;\ndrop view v;',
    'migrations/3_parts.sql':
      'create table p (id int) partition by range (id);\ncreate table p1 partition of p for values from (0) to (10);',
    'migrations/3_parts.down.sql': 'drop table p;',
  });
  await database.query('insert into base values (1); refresh materialized view m; insert into p values (1), (2)');
  const refused = await project.run('down');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain('(p 2)');
  expect((await project.run('down', '--allow-row-loss', '2')).exitCode).toBe(0);
  const views = await project.run('down');
  expect(views.exitCode, views.err).toBe(0);
});

test('DROP SCHEMA … CASCADE counts the rows of all its tables', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_app.sql':
      'create schema app;\ncreate table app.a (id int);\ncreate table app.b (id int);\ninsert into app.a values (1);',
    'migrations/1_app.down.sql': 'drop schema app cascade;',
  });
  await database.query('insert into app.b values (1), (2)');
  const refused = await project.run('down');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain('(app.a 1, app.b 2), of which the migration created 1');
  const down = await project.run('down', '--allow-row-loss', '2');
  expect(down.exitCode, down.err).toBe(0);
});
