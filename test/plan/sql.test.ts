import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const files = {
  'migrations/1_users.sql': '-- the users\ncreate table users (id int);\n\ncopy users from stdin;\n7\n\\.\n',
  'migrations/2_index.sql': 'set search_path = public;\ncreate index concurrently i on users (id);\n',
};

test('`plan --sql` prints what would be executed, each statement with its place, and marks what godwit adds', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  const { exitCode, out } = await project.run('plan', '--sql', '--to', '1');
  expect([exitCode, out.replace(/plan \w+/, 'plan …')]).toMatchInlineSnapshot(`
    [
      0,
      "-- What \`godwit up\` would execute in environment local: 1 migration, plan ….
    -- Lines marked \`-- godwit\` are added by godwit. Its looks at history and catalogue are left out.

    -- 1 users: migrations/1_users.sql
    BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; -- godwit
    RESET SESSION AUTHORIZATION; -- godwit
    RESET ROLE; -- godwit
    RESET ALL; -- godwit

    -- migrations/1_users.sql:2:1
    -- the users
    create table users (id int);

    -- migrations/1_users.sql:4:1
    copy users from stdin;
    7
    \\.

    SET CONSTRAINTS ALL IMMEDIATE; -- godwit
    RESET SESSION AUTHORIZATION; -- godwit
    RESET ROLE; -- godwit
    -- godwit: records the migration in the history
    COMMIT; -- godwit
    ",
    ]
  `);
  const both = await project.run('plan', '--sql', '--json');
  expect(both.json[0]?.['sql']).toMatch(
    /runs outside any transaction\nSET SESSION lock_timeout .*; -- godwit\nset search_path = public; -- godwit\n\n-- migrations\/2_index\.sql:2:1\ncreate index concurrently/,
  );
  // It is SQL: it runs as it is, up to the data of COPY.
  await database.query(`${out.split('-- migrations/1_users.sql:4')[0]}; commit`);
  expect(await database.query('select count(*)::int as n from users')).toEqual([{ n: 0 }]);
  await database.query('drop table users');
  expect((await project.run('up')).exitCode).toBe(0);
  expect((await project.run('plan', '--sql')).out).toBe('-- Nothing to do: nothing is pending.\n');
  project.write(
    'migrations/3_big.sql',
    `insert into users values ${'(1), '.repeat(60_000)}(2); -- \u202e hidden\nselect 'a\u202eb';`,
  );
  project.write('migrations/4_role.sql', "create role never_made password 'canary';");
  const roles = await project.run('plan', '--sql', '--json');
  expect(roles.json[0]?.['sql']).toContain("create role never_made password '***';");
  const big = await project.run('plan', '--sql');
  expect(big.out).toMatch(/3_big\.sql:1:1\n-- INSERT: 3\d{5} bytes, not shown\n/);
  expect(big.out).toContain("select 'a\uFFFDb';");
});
