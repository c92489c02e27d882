import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const files = {
  'migrations/1_users.sql': 'create table users (id int primary key, name text not null);',
  'migrations/2_orders.sql': 'create table orders (id int, user_id int references users);',
  'migrations/3_view.sql': 'create view totals as select count(*) from orders;',
  'migrations/4_audit.sql': 'create table audit (id int);',
} as const;

test('the way out: --export writes a plain history table that PostgreSQL takes', async () => {
  await using database = await createTestDatabase();
  await database.query(Object.values(files).slice(0, 3).join('\n'));
  using project = createProject(
    { ...files, 'migrations/3_view.down.sql': 'drop view totals;', 'fixes/o-k.sql': 'create table fixed (id int);' },
    database.url,
  );
  await project.run('adopt', '--baseline', '3');
  await project.run('up');
  expect((await project.run('up', '--file', 'fixes/o-k.sql')).exitCode).toBe(0);
  const exported = await project.run('adopt', '--export');
  expect(exported.exitCode).toBe(0);
  await database.query(exported.out);
  await database.query(exported.out);
  await database.query('drop schema godwit cascade');
  expect(await database.query('select version, name from schema_migrations order by version')).toEqual([
    { version: '1', name: 'users' },
    { version: '2', name: 'orders' },
    { version: '3', name: 'view' },
    { version: '4', name: 'audit' },
    { version: 'file:o-k', name: 'o-k' },
  ]);
});

test('--export of a database without history is a table without rows', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  const exported = await project.run('adopt', '--export');
  expect(exported.exitCode, exported.err).toBe(0);
  await database.query(exported.out);
  expect(await database.query('select count(*)::int as n from schema_migrations')).toEqual([{ n: 0 }]);
});
