import { expect } from 'vitest';
import { createTestDatabase, majors } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { appliedProject, count, history } from './applied.ts';
import { test } from '../support/test.ts';

test.each(majors)(
  'each step is guarded by the catalogue that the step before it has left (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    using project = await appliedProject(database, {
      'migrations/1_a.sql': 'create table item (id int primary key);',
      'migrations/1_a.down.sql': 'drop table item;',
      'migrations/2_b.sql': 'alter table item add column shown boolean not null default true;',
      'migrations/2_b.down.sql': 'alter table item drop column shown;',
      'migrations/3_c.sql': `create type state as enum ('Show', 'Hide');
alter table item alter shown drop default;
alter table item alter shown type state using case when shown then 'Show' else 'Hide' end::state;
alter table item alter shown set default 'Show';`,
      'migrations/3_c.down.sql': `alter table item alter shown drop default;
alter table item alter shown type boolean using shown = 'Show';
alter table item alter shown set default true;
drop type state;`,
    });
    const down = await project.run('down', '--to', '0');
    expect(down.exitCode, down.err).toBe(0);
    expect(await database.query("select to_regclass('item') as t, to_regtype('state') as s")).toEqual([
      { t: null, s: null },
    ]);
  },
);

test('a table that a newer step has dropped is not looked for by an older one', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_a.sql': 'create table build (id int primary key, host text not null);',
    'migrations/1_a.down.sql': 'drop table build;',
    'migrations/2_b.sql': 'alter table build alter host drop not null;',
    'migrations/2_b.down.sql': 'delete from build where host is null;\nalter table build alter host set not null;',
    'migrations/3_c.sql': 'create table build_log (build_id int not null references build (id) on delete cascade);',
    'migrations/3_c.down.sql': 'drop table build_log;',
  });
  const down = await project.run('down', '--to', '0');
  expect(down.exitCode, down.err).toBe(0);
  expect(await history(database)).toEqual([
    'applied 1',
    'applied 2',
    'applied 3',
    'reverted 3',
    'reverted 2',
    'reverted 1',
  ]);
});

test('what only running an older step tells stops there, and what was undone before it is recorded', async ({
  database,
}) => {
  using project = await appliedProject(database, {
    'migrations/1_a.sql': 'create table a (id int);\ncreate table b (id int);',
    'migrations/1_a.down.sql': 'drop table b;\ndelete from a where id > 5;\ndrop table a;',
    'migrations/2_b.sql': 'create table c (id int);',
    'migrations/2_b.down.sql': 'drop table c;\ndo $$ begin insert into b values (1), (2); end $$;',
  });
  const refused = await project.run('down', '--to', '0');
  expect(refused.exitCode, refused.err).toBe(40);
  expect(refused.err).toContain('[down-loses-rows]');
  expect(refused.err).toContain('migrations/1_a.down.sql:1:1');
  expect(refused.err).toContain('The rollback destroys 2 rows (b 2), none of which the undone migrations created');
  expect(await history(database)).toEqual(['applied 1', 'applied 2', 'reverted 2']);
  expect(await count(database, 'b')).toBe(2);
  const down = await project.run('down', '--to', '0', '--allow-row-loss', '2');
  expect(down.exitCode, down.err).toBe(0);
});

test('--allow-row-loss is spent once, also where only running the steps tells what goes', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_a.sql': 'create table a (id int);',
    'migrations/2_b.sql': 'insert into a values (1);',
    'migrations/2_b.down.sql': 'delete from a where id in (1, 11);',
    'migrations/3_c.sql': 'insert into a values (2);',
    'migrations/3_c.down.sql': 'delete from a where id in (2, 12);',
  });
  await database.query('insert into a values (11), (12)');
  const refused = await project.run('down', '--to', '1', '--allow-row-loss', '1');
  expect(refused.exitCode, refused.err).toBe(40);
  expect(refused.err).toContain('(a 2), of which the undone migrations created 1; no more may be lost');
  expect(refused.err).toContain('`--allow-row-loss 1`');
  expect(await history(database)).toEqual(['applied 1', 'applied 2', 'applied 3', 'reverted 3']);
  expect((await project.run('down', '--to', '1', '--allow-row-loss', '1')).exitCode).toBe(0);
  expect(await count(database, 'a')).toBe(0);
});

test('a row that loses a value in one step, and is lost itself in the next, counts once', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_a.sql': 'create table a (id int);',
    'migrations/1_a.down.sql': 'drop table a;',
    'migrations/2_b.sql': 'alter table a add column age int;',
    'migrations/2_b.down.sql': 'alter table a drop column age;',
  });
  await database.query('insert into a values (1, 1), (2, 2), (3, null)');
  expect((await project.run('down', '--to', '0', '--allow-row-loss', '2')).err).toContain('`--allow-row-loss 3`');
  const down = await project.run('down', '--to', '0', '--allow-row-loss', '3');
  expect(down.exitCode, down.err).toBe(0);
});

test('a partition that one step drops is not lost again with its parent', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_p.sql':
      'create table p (id int) partition by range (id);\ncreate table p1 partition of p for values from (0) to (10);',
    'migrations/1_p.down.sql': 'drop table p;',
    'migrations/2_q.sql': 'create table p2 partition of p for values from (10) to (20);',
    'migrations/2_q.down.sql': 'drop table p2;',
  });
  await database.query('insert into p values (1), (11), (12)');
  expect((await project.run('down', '--to', '0')).err).toContain('`--allow-row-loss 3`');
  const down = await project.run('down', '--to', '0', '--allow-row-loss', '3');
  expect(down.exitCode, down.err).toBe(0);
});

test('seed rows are known by their table, whatever newer migrations have called it since', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_a.sql': 'create table a (id int);',
    'migrations/1_a.down.sql': 'drop table a;',
    'migrations/2_b.sql':
      'insert into a values (1), (2);\nalter table a rename to old;\ncreate table a_new (id int);\nalter table a_new rename to a;',
    'migrations/2_b.down.sql': 'drop table a;\nalter table old rename to a;',
    'migrations/3_c.sql': 'alter table old rename to oldest;',
    'migrations/3_c.down.sql': 'alter table oldest rename to old;',
  });
  const down = await project.run('down', '--to', '0');
  expect(down.exitCode, down.err).toBe(0);
});

test('DELETE without a condition takes along only what a foreign key deletes', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_a.sql': `create table a (id int primary key);
create table keeps (a int references a on delete set null);
create table goes (a int references a on delete cascade);`,
    'migrations/2_b.sql': 'insert into a values (1);',
    'migrations/2_b.down.sql': 'delete from a;',
  });
  await database.query('insert into keeps values (1), (1); insert into goes values (1), (null)');
  const refused = await project.run('down');
  expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('(a 1, goes 1)')]);
  const down = await project.run('down', '--allow-row-loss', '1');
  expect(down.exitCode, down.err).toBe(0);
  expect([await count(database, 'keeps'), await count(database, 'goes')]).toEqual([2, 1]);
});

test('a name is looked for where the file has told the session to look, and a temporary table is no loss', async ({
  database,
}) => {
  using project = await appliedProject(database, {
    'migrations/1_a.sql':
      'create schema one;\ncreate schema two;\ncreate table two.t (id int);\ncreate table t (id int);',
    'migrations/2_b.sql': 'create table two.u (id int);',
    'migrations/2_b.down.sql': `set search_path to one, two;
create temp table u as select 1 as id;
drop table u;
drop table u;
delete from t;`,
  });
  await database.query('insert into two.u values (1); insert into two.t values (1); insert into t values (1), (2)');
  const refused = await project.run('down');
  expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('`--allow-row-loss 1`')]);
  const still = await project.run('down', '--allow-row-loss', '1');
  expect([still.exitCode, still.err]).toEqual([10, expect.stringContaining('`--allow-row-loss 2`')]);
  const down = await project.run('down', '--allow-row-loss', '2');
  expect(down.exitCode, down.err).toBe(0);
  expect(await count(database, 'public.t')).toBe(2);
});

test('a down file with COPY is guarded on its own connection', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_a.sql': 'create table a (id int);\ncreate table b (id int);',
    'migrations/2_b.sql': 'create table c (id int);',
    'migrations/2_b.down.sql': 'drop table c;\ncopy a from stdin;\n1\n2\n\\.\ndelete from b where id > 1;',
  });
  await database.query('insert into b values (1), (2)');
  const refused = await project.run('down');
  expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('(b 1)')]);
  expect(await count(database, 'a')).toBe(0);
  const down = await project.run('down', '--allow-row-loss', '1');
  expect(down.exitCode, down.err).toBe(0);
  expect([await count(database, 'a'), await count(database, 'b')]).toEqual([2, 1]);
});

test('rows that the role may see only as their owner are counted all the same', async ({ database }) => {
  const [owner, deployer] = [`owner_${database.name}`, `deployer_${database.name}`];
  await database.query(`create role ${owner}; create role ${deployer} login noinherit password 'pw' in role ${owner};
grant create on database ${database.name} to ${deployer}; grant all on schema public to ${owner}, ${deployer}`);
  const url = new URL(database.url);
  url.username = deployer;
  url.password = 'pw';
  using project = createProject(
    {
      'migrations/1_a.sql': `set role ${owner};
create table a (id int);
alter table a enable row level security;
alter table a force row level security;
create policy none on a using (false);
create table b (id int);`,
      'migrations/1_a.down.sql': `set role ${owner};\ndrop table b;\nalter table a disable row level security;\ndrop table a;`,
    },
    url.href,
  );
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  await database.query('insert into b values (1), (2)');
  const refused = await project.run('down');
  expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('(b 2), none of which')]);
  const down = await project.run('down', '--allow-row-loss', '2');
  expect(down.exitCode, down.err).toBe(0);
  await database.query(`drop owned by ${deployer}; drop owned by ${owner}; drop role ${deployer}; drop role ${owner}`);
});

test('rows that row security hides are not taken for none: without a count nothing is undone (`rows-uncounted`)', async ({
  database,
}) => {
  const deployer = `deployer_${database.name}`;
  await database.query(`create role ${deployer} login password 'pw';
grant create on database ${database.name} to ${deployer}; grant all on schema public to ${deployer}`);
  const url = new URL(database.url);
  url.username = deployer;
  url.password = 'pw';
  using project = createProject(
    {
      'migrations/1_a.sql': `create table a (id int);
alter table a enable row level security;
alter table a force row level security;
create policy none on a using (false);`,
      'migrations/1_a.down.sql': 'drop table a;',
    },
    url.href,
  );
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  await database.query('insert into a values (1)');
  const refused = await project.run('down');
  expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('[rows-uncounted]')]);
  expect(refused.err).toContain('migrations/1_a.down.sql:1:1');
  expect(await count(database, 'a')).toBe(1);
  await database.query(`drop owned by ${deployer}; drop role ${deployer}`);
});
