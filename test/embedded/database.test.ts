import { randomBytes } from 'node:crypto';

import { Client } from 'pg';
import { expect, test } from 'vitest';

import { createTestDatabase, serverUrl } from '../support/database.ts';
import { createDatabase } from '../../src/adapters/embedded/database.ts';

test('a database is made by name, whatever the name, as a copy of another', async () => {
  const template = await createTestDatabase();
  const source = await template.connect();
  await source.query('CREATE TABLE t AS SELECT 5 AS n');
  await source.end();
  const name = `copy "of" é ${randomBytes(4).toString('hex')}`;
  const client = new Client({ connectionString: await createDatabase({ url: serverUrl() }, name, template.name) });
  await client.connect();
  expect((await client.query('SELECT n, current_database() AS name FROM t')).rows).toEqual([{ n: 5, name }]);
  await client.end();
  await expect(createDatabase({ url: serverUrl() }, name)).rejects.toMatchObject({ code: '42P04' });
  await template.query(`DROP DATABASE "${name.replaceAll('"', '""')}"`);
  await template.drop();
});
