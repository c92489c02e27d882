import { expect, test } from 'vitest';
import { createTestDatabase, majors, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { madeBy } from './together-state.ts';

function findingOf(ran: Awaited<ReturnType<TestProject['run']>>) {
  return ran.json.flatMap((event) => (event.kind === 'migration.failed' ? [event.finding] : []))[0];
}

async function tables(database: TestDatabase): Promise<readonly unknown[]> {
  return (
    await database.query(
      "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1",
    )
  ).map(({ relname }) => relname);
}

/** Files that leave traces for those behind them, write the same objects, and nest. */
const folder: Readonly<Record<string, string>> = {
  'migrations/1_users.sql': `create table users (id int primary key, name text not null, boss int references users deferrable initially deferred);
create table roles (id int primary key, of_user int references users deferrable initially immediate);
insert into users values (1, 'a', 2), (2, 'b', 1);`,
  'migrations/1_users.down.sql': 'drop table roles, users;',
  'migrations/2_settings.sql': `set search_path = pg_catalog;
set role pg_read_all_data;
reset role;
create temporary table scratch (n int);
prepare q as select 1;
set statement_timeout = '5s';
select set_config('search_path', 'pg_catalog', false);`,
  'migrations/3_saved.sql': `create table saved (n int primary key);
insert into saved values (1);
savepoint a;
insert into saved values (2);
create table undone (id int);
rollback to a;
insert into saved values (3);
savepoint b;
alter table saved add column note text default 'x';
insert into saved values (4, 'four');`,
  'migrations/4_nested.sql': `do $$ begin
  begin create table inner_one (id int); raise division_by_zero; exception when division_by_zero then create table instead (id int); end;
  begin alter table users add column nested int; exception when others then null; end;
end $$;`,
  'migrations/5_again.sql': `create temporary table scratch (n int);
prepare q as select 2;
alter table users add column mail text;
create index users_mail on users (mail);
create view named as select id, name from users;
create function one() returns int language sql as 'select 1';`,
  'migrations/6_deferred.sql': `insert into users values (3, 'c', 4);
insert into users values (4, 'd', 3);
insert into roles values (1, 3);
alter table roles add column title text;
create table late (id int primary key, other int references late deferrable initially deferred);
insert into late values (1, 2);
insert into late values (2, 1);`,
  'migrations/7_change.sql': `drop view named;
create view named as select id, name, mail from users;
comment on table users is 'people';
alter table saved rename column note to remark;
drop table instead;
update users set name = upper(name) where id = 1;`,
  'migrations/8_nothing.sql': 'select 1;',
  'migrations/8_nothing.verify.sql': 'select count(*) = 4 from users;',
};

test.each(majors)('on PostgreSQL %i all in one transaction does and records what one each does', async (major) => {
  await using each = await createTestDatabase(major);
  await using all = await createTestDatabase(major);
  using first = createProject(folder, each.url);
  using second = createProject(folder, all.url);
  const apart = await first.run('up', '--json');
  const together = await second.run('up', '--tx', 'all', '--json');
  expect(apart.err + together.err).toBe('');
  expect([apart.exitCode, together.exitCode]).toEqual([0, 0]);
  expect(await madeBy(all, together)).toEqual(await madeBy(each, apart));
  const [top] = await all.query(
    'select count(distinct xmin::text)::int as n, count(distinct at)::int as times from godwit.migration',
  );
  expect(top).toEqual({ n: 8, times: 8 });
  for (const project of [first, second]) {
    expect((await project.run('verify', '--strict')).exitCode).toBe(0);
    expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
    expect((await project.run('up', '--tx', 'all')).shown).toContain('Nothing to do');
  }

  // On a database that has a baseline, in which objects are dropped and made again.
  for (const project of [first, second]) {
    project.write('migrations/9_drop.sql', 'drop table late;\ndrop function one();');
    project.write(
      'migrations/10_more.sql',
      "insert into saved values (10, 'ten');\nalter table users drop column mail cascade;",
    );
    project.write(
      'migrations/11_anew.sql',
      'create table late (id text);\nupdate saved set remark = null where n = 1;',
    );
  }
  const later = [await first.run('up', '--json'), await second.run('up', '--tx', 'all', '--json')] as const;
  expect(later.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(await madeBy(all, later[1])).toEqual(await madeBy(each, later[0]));
  // And back.
  for (const project of [first, second]) {
    expect((await project.run('verify', '--strict')).exitCode).toBe(0);
    expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
  }
});

test.each(majors)('on PostgreSQL %i one failure undoes all, and the error is placed in its file', async (major) => {
  await using database = await createTestDatabase(major);
  using project = createProject(
    {
      'migrations/1_a.sql': 'create table a (id int);',
      'migrations/2_b.sql': 'create table b (id int);\ninsert into b values (1);\n\nselect 1 / 0;',
      'migrations/3_c.sql': 'create table c (id int);',
    },
    database.url,
  );
  const failed = await project.run('up', '--tx', 'all', '--json');
  expect(failed.exitCode).toBe(40);
  expect(findingOf(failed)).toMatchObject({
    code: 'statement-failed',
    where: { file: 'migrations/2_b.sql', line: 4 },
    why: 'SELECT: division by zero (SQLSTATE 22012). All 3 migrations share one transaction: none of them was applied.',
    fix: 'Correct the statement and run the same command again.',
  });
  expect((await project.run('up', '--tx', 'all')).err).toContain(
    '✘ Failed; all migrations of the transaction were rolled back.',
  );
  expect(failed.json.filter(({ kind }) => kind === 'migration.applied')).toEqual([]);
  expect(await tables(database)).toEqual([]);
  expect(await database.query('select id from godwit.migration')).toEqual([]);
  expect(await database.query('select n from godwit.own_transaction')).toEqual([]);
  expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
  project.write('migrations/2_b.sql', 'create table b (id int);');
  const done = await project.run('up', '--tx', 'all');
  expect(done.exitCode).toBe(0);
  expect(await tables(database)).toEqual(['a', 'b', 'c']);
});

test('a deferred constraint is told at the migration that violates it', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_a.sql':
        'create table a (id int primary key, up int constraint a_up references a deferrable initially deferred);',
      'migrations/2_b.sql': 'insert into a values (1, 7);',
      'migrations/3_c.sql': 'insert into a values (7, 1);',
    },
    database.url,
  );
  const failed = await project.run('up', '--tx', 'all', '--json');
  expect(failed.exitCode).toBe(40);
  expect(findingOf(failed)).toMatchObject({ code: 'statement-failed', where: { file: 'migrations/2_b.sql' } });
  expect(await tables(database)).toEqual([]);
});

test.each(['', 'savepoint a;\n'])('a file that goes back behind its own beginning (%j) is refused', async (own) => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_a.sql': 'create table a (id int);',
      'migrations/2_b.sql': `create table b (id int);\n${own}rollback to savepoint godwit_migration;`,
      'migrations/3_c.sql': 'create table c (id int);',
    },
    database.url,
  );
  const failed = await project.run('up', '--tx', 'all', '--json');
  expect(failed.exitCode).toBe(40);
  expect(findingOf(failed)).toMatchObject({ code: 'transaction-escaped', where: { file: 'migrations/2_b.sql' } });
  expect(await tables(database)).toEqual([]);
});

test('two constraints of one name, one of them deferred by itself, do not stop a transaction', async () => {
  await using database = await createTestDatabase();
  const table = (name: string, initially: string): string =>
    `create table ${name} (id int primary key, up int, constraint fk foreign key (up) references ${name} deferrable initially ${initially});`;
  using project = createProject(
    {
      'migrations/1_a.sql': `${table('a', 'deferred')}\n${table('b', 'immediate')}`,
      'migrations/2_b.sql': 'insert into a values (1, 2);\ninsert into a values (2, 1);',
    },
    database.url,
  );
  expect((await project.run('up', '--tx', 'all')).exitCode).toBe(0);
});

test('a new enum value that a later migration uses is refused by the server, with the way on', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { 'migrations/1_a.sql': "create type mood as enum ('ok');\ncreate table m (feels mood);" },
    database.url,
  );
  expect((await project.run('up')).exitCode).toBe(0);
  project.write('migrations/2_add.sql', "alter type mood add value 'sad';");
  project.write('migrations/3_other.sql', 'create table other (id int);');
  project.write('migrations/4_use.sql', "insert into m values ('sad');");
  const failed = await project.run('up', '--tx', 'all', '--json');
  expect(failed.exitCode).toBe(40);
  expect(findingOf(failed)).toMatchObject({
    code: 'statement-failed',
    where: { file: 'migrations/4_use.sql', line: 1 },
    fix: 'A new enum value can be used only after a COMMIT: run `godwit up --tx all --to 2` first, then `godwit up --tx all`.',
  });
  expect(await tables(database)).toEqual(['m']);
  expect((await project.run('up', '--tx', 'all', '--to', '2')).exitCode).toBe(0);
  expect((await project.run('up', '--tx', 'all')).exitCode).toBe(0);
});

test('COPY data, large bodies and checks inside share the transaction', async () => {
  const large = `insert into rows values ${Array.from({ length: 60_000 }, (_, n) => `(${n}, 'a text of some length that fills the row ${n}')`).join(',\n')};`;
  const files = {
    'migrations/1_rows.sql': 'create table rows (id int primary key, t text);',
    'migrations/2_large.sql': `${large}\n${large.replaceAll(/\((\d+),/g, '(1$1 + 1000000,')}`,
    'migrations/3_copy.sql':
      'set search_path = public;\ncopy rows from stdin;\n-1\tcopied\n-2\tcopied\n\\.\ncreate table behind (id int);',
    'migrations/4_check.sql':
      '-- godwit: verify=inside\ncreate table checked (id int);\n-- godwit: expect select count(*) from rows where id < 0 => 2',
  };
  await using each = await createTestDatabase();
  await using all = await createTestDatabase();
  using first = createProject(files, each.url);
  using second = createProject(files, all.url);
  const apart = await first.run('up', '--json');
  const together = await second.run('up', '--tx', 'all', '--json');
  expect([apart.exitCode, together.exitCode]).toEqual([0, 0]);
  expect(await madeBy(all, together)).toEqual(await madeBy(each, apart));
  expect((await second.run('runs', 'verify-chain')).exitCode).toBe(0);

  for (const project of [first, second]) {
    project.write('migrations/5_copy.sql', 'copy rows from stdin;\n-3\tcopied\n-2\ttwice\n\\.\n');
    project.write('migrations/6_more.sql', 'create table more (id int);');
  }
  const failed = await second.run('up', '--tx', 'all', '--json');
  expect(failed.exitCode).toBe(40);
  expect(findingOf(failed)).toMatchObject({ where: { file: 'migrations/5_copy.sql' } });
  expect(await all.query('select count(*)::int as n from rows where id < 0')).toEqual([{ n: 2 }]);
  second.write('migrations/5_copy.sql', 'create table five (id int);');
  second.write(
    'migrations/6_more.sql',
    '-- godwit: verify=inside\ncreate table six (id int);\n-- godwit: expect select count(*) from five => 1',
  );
  const checked = await second.run('up', '--tx', 'all', '--json');
  expect(checked.exitCode).toBe(40);
  expect(findingOf(checked)).toMatchObject({
    code: 'check-failed-inside',
    where: { file: 'migrations/6_more.sql', line: 3 },
  });
  expect(await tables(all)).toEqual(['behind', 'checked', 'rows']);
});
