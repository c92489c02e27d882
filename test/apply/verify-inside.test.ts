import { expect, test } from 'vitest';
import type { Check } from '../../src/migrate/contract/model.ts';
import { createTestDatabase, majors } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

async function up(project: TestProject) {
  const ran = await project.run('up', '--json');
  const finding = ran.json.flatMap((event) => (event.kind === 'migration.failed' ? [event.finding] : []))[0];
  const checks = ran.json.flatMap((event): readonly Check[] => (event.kind === 'checks' ? event.checks : []));
  return {
    exitCode: ran.exitCode,
    finding,
    own: checks.filter(({ kind }) => /^(expect|verify-query)$/.test(kind)),
    ran,
  };
}

test.each(majors)(
  'on PostgreSQL %i a check that fails inside takes its migration back (`check-failed-inside`)',
  async (major) => {
    await using database = await createTestDatabase(major);
    using project = createProject(
      {
        'migrations/1_a.sql': 'create table a (n int);',
        'migrations/2_b.sql': `-- godwit: verify=inside
create table b (n int);
insert into b values (1);
-- godwit: expect select count(*) from b => 2`,
        'migrations/2_b.verify.sql':
          'select count(*) = 1 from b;\nselect n = 2 from b;\ninsert into b values (9) returning true;',
        'migrations/3_c.sql': 'create table c (n int);',
      },
      database.url,
    );
    const failed = await up(project);
    expect(failed.exitCode).toBe(40);
    expect(failed.finding).toMatchObject({
      code: 'check-failed-inside',
      where: { file: 'migrations/2_b.sql', line: 4 },
      why: `expect select count(*) from b: expected 2, found 1. verify-query select n = 2 from b (migrations/2_b.verify.sql:2): \
expected true, found false. verify-query insert into b values (9) returning true (migrations/2_b.verify.sql:3): \
expected true, found cannot execute INSERT in a read-only transaction.`,
    });
    expect(failed.own).toEqual([]);
    expect(await database.query("select to_regclass('a') a, to_regclass('b') b, to_regclass('c') c")).toEqual([
      { a: 'a', b: null, c: null },
    ]);
    expect(await database.query('select id from godwit.migration order by seq')).toEqual([{ id: '1' }]);

    project.write('migrations/2_b.sql', project.read('migrations/2_b.sql').replace('=> 2', '=> 1'));
    project.write('migrations/2_b.verify.sql', 'select count(*) = 1 from b;\ndo $$ begin assert true; end $$;');
    const passed = await up(project);
    expect(passed.exitCode, passed.ran.out).toBe(0);
    // Once, before the record; not again after the commit.
    expect(passed.own.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect((await project.run('verify')).exitCode).toBe(0);
    expect(await database.query('select count(*)::int n from b')).toEqual([{ n: 1 }]);
  },
);

test('times of the statements are kept, and what the file has set is not in force for its checks', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_a.sql': `-- godwit: verify=inside
-- godwit: expect select count(*) from public.a => 1
-- godwit: expect select current_setting('search_path') => '"$user", public'
create schema s; set search_path to s; create table public.a (n int); set role pg_monitor; reset role; insert into public.a values (1);`,
    },
    database.url,
  );
  const ran = await up(project);
  expect(ran.exitCode, ran.ran.out).toBe(0);
  const times = await database.query<{ ms: number | null }>('select ms from godwit.statement order by ordinal');
  expect(times).toHaveLength(6);
  expect(times.every(({ ms }) => ms !== null && ms >= 0)).toBe(true);
});

test('deferred constraints are judged before the checks', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_a.sql': `-- godwit: verify=inside
-- godwit: expect select 1 => 1
create table a (n int primary key); create table b (n int references a deferrable initially deferred); insert into b values (1);`,
    },
    database.url,
  );
  const ran = await up(project);
  expect(ran.exitCode).toBe(40);
  expect(ran.finding).toMatchObject({ code: 'statement-failed' });
});

test('a new enum value that a check uses inside names its cure', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_a.sql': "create type e as enum ('a');",
      'migrations/2_b.sql':
        "-- godwit: verify=inside\n-- godwit: expect select 'b'::e::text => 'b'\nalter type e add value 'b';",
    },
    database.url,
  );
  const ran = await up(project);
  expect(ran.exitCode).toBe(40);
  expect(ran.finding?.fix).toContain('Remove `verify=inside`');
  project.write('migrations/2_b.sql', project.read('migrations/2_b.sql').replace('-- godwit: verify=inside\n', ''));
  expect((await up(project)).exitCode).toBe(0);
});

test.each([
  ['-- godwit: transaction=none\n-- godwit: verify=inside\ncreate table a (n int);'],
  ['-- godwit: verify=inside\ncreate table a (n int); create index concurrently i on a (n);'],
  ['-- godwit: verify=inside\nvacuum;'],
])(
  'where there is no one transaction it is refused before anything runs: %s (`verify-inside-not-possible`)',
  async (sql) => {
    await using database = await createTestDatabase();
    using project = createProject({ 'migrations/1_a.sql': sql }, database.url);
    const ran = await project.run('up', '--json');
    expect(ran.exitCode).toBe(10);
    expect(ran.out).toContain('verify-inside-not-possible');
  },
);

test('COPY and checks inside go together', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_a.sql':
        '-- godwit: verify=inside\n-- godwit: expect select count(*) from a => 2\ncreate table a (n int);\ncopy a from stdin;\n1\n2\n\\.\n',
    },
    database.url,
  );
  const ran = await up(project);
  expect(ran.exitCode, ran.ran.out).toBe(0);
});
