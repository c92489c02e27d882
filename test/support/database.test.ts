import { expect, test } from 'vitest';

import { createTestDatabase, majors } from './database.ts';

test.each(majors)('each test gets an empty database of its own on PostgreSQL %i', async (major) => {
  const [one, other] = await Promise.all([createTestDatabase(major), createTestDatabase(major)]);
  await one.query('CREATE TABLE t (id int); INSERT INTO t VALUES (1)');
  expect(await one.query('SELECT id FROM t WHERE id = $1', [1])).toEqual([{ id: 1 }]);
  expect(await other.query("SELECT to_regclass('t') AS t")).toEqual([{ t: null }]);
  const [version] = await one.query<{ major: number }>(
    "SELECT current_setting('server_version_num')::int / 10000 AS major",
  );
  expect(version?.major).toBe(major);
  await Promise.all([one.drop(), other.drop()]);
});

test('a dropped database is gone, and so are its sessions and roles', async () => {
  const witness = await createTestDatabase();
  const database = await createTestDatabase();
  const reader = await database.role('reader');
  const session = await database.connect({ connectionString: reader.url });
  expect((await session.query('SELECT current_user AS me')).rows).toEqual([{ me: reader.name }]);
  await database.drop();
  const left =
    'SELECT (SELECT count(*) FROM pg_database WHERE datname = $1) + (SELECT count(*) FROM pg_roles WHERE rolname = $2) AS n';
  expect(await witness.query(left, [database.name, reader.name])).toEqual([{ n: '0' }]);
  await witness.drop();
});
