import { expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

const base =
  "create type mood as enum ('ok');\ncreate table t (id int, m mood);\ninsert into t values (1), (1), (2);\n";

function project(database: TestDatabase, second: string): TestProject {
  return createProject({ 'migrations/1_base.sql': base, 'migrations/2_next.sql': second }, database.url);
}

test('a temporary table that is used behind an added enum value keeps the file in one transaction', async () => {
  await using database = await createTestDatabase();
  using folder = project(
    database,
    "create temp table doubles as select id from t group by id having count(*) > 1;\nalter type mood add value 'good';\ndelete from t where id in (select id from doubles);\ndrop table doubles;",
  );
  const plan = await folder.run('plan');
  expect(plan.out + plan.shown).toContain('one transaction');
  const ran = await folder.run('up', '--yes');
  expect([ran.exitCode, ran.err]).toEqual([0, expect.not.stringContaining('warning')]);
  expect(await database.query('select id from t')).toEqual([{ id: 2 }]);
  expect(await database.query('select enum_range(null::mood)::text as labels')).toEqual([{ labels: '{ok,good}' }]);
});

test('if that file uses the new value too, the server refuses it, nothing stands, and the finding says what to do', async () => {
  await using database = await createTestDatabase();
  using folder = project(
    database,
    "create temp table chosen as select id from t;\nalter type mood add value 'good';\nupdate t set m = 'good' where id in (select id from chosen);",
  );
  const ran = await folder.run('up');
  expect([ran.exitCode, ran.err]).toEqual([40, expect.stringContaining('migrations/2_next.sql:3')]);
  expect(ran.err).toContain('unsafe use of new value');
  expect(ran.err).toContain('into a migration of its own');
  expect(await database.query('select enum_range(null::mood)::text as labels')).toEqual([{ labels: '{ok}' }]);
});

const commits = [
  ['DO', 'do $$ begin for i in 1..3 loop insert into t values (10 + i); commit; end loop; end $$;'],
  [
    'CALL',
    'create procedure fill() language plpgsql as $$ begin for i in 1..3 loop insert into t values (10 + i); commit; end loop; end $$;\ncall fill();',
  ],
] as const;

test.each(commits)(
  'a COMMIT inside of %s is refused with its place and its cure, and the cure works (`not-transactional`)',
  async (tag, sql) => {
    await using database = await createTestDatabase();
    using folder = project(database, sql);
    const refused = await folder.run('up');
    expect(refused.exitCode).toBe(40);
    expect(refused.err).toContain('not-transactional');
    expect(refused.err).toContain(`migrations/2_next.sql:${sql.split('\n').length}`);
    expect(refused.err).toContain(`${tag}: invalid transaction termination`);
    expect(refused.err).toContain(
      'The statement ends its own transaction. Add `-- godwit: transaction=none` as the first line',
    );
    folder.write('migrations/2_next.sql', `-- godwit: transaction=none\n${sql}`);
    const ran = await folder.run('up');
    expect(ran.exitCode, ran.err).toBe(0);
    expect(await database.query('select count(*)::int as n from t where id > 10')).toEqual([{ n: 3 }]);
    expect((await folder.run('up')).exitCode).toBe(0);
  },
);

test('what transaction=none cannot cure is not advised to be cured by it', async () => {
  await using database = await createTestDatabase();
  using folder = project(database, "do $$ begin execute 'vacuum t'; end $$;");
  const hidden = await folder.run('up');
  expect([hidden.exitCode, hidden.err]).toEqual([40, expect.stringContaining('as a separate statement')]);
  expect(hidden.err).not.toContain('transaction=none');
  folder.write(
    'migrations/2_next.sql',
    '-- godwit: transaction=none\ndo $$ begin begin commit; exception when division_by_zero then null; end; end $$;',
  );
  const nested = await folder.run('up');
  expect(nested.exitCode).toBe(40);
  expect(nested.err).toContain('block with EXCEPTION');
});

test('a temporary table does not reach from one BEGIN … COMMIT into what follows', async () => {
  await using database = await createTestDatabase();
  using folder = project(
    database,
    'begin;\ncreate temp table chosen as select id from t;\ncommit;\ndelete from t where id in (select id from chosen);',
  );
  const ran = await folder.run('up');
  expect([ran.exitCode, ran.err]).toEqual([10, expect.stringContaining('migrations/2_next.sql:2')]);
  expect(ran.err).toContain('move the COMMIT');
});
