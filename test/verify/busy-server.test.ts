import { expect, test } from 'vitest';
import { createTestDatabase, majors } from '../support/database.ts';
import { createProject } from '../support/project.ts';

test.each(majors)(
  'what a transaction wrote is found while later ones of the server are under way (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    using project = createProject({ 'migrations/1_a.sql': 'create table a (id int);' }, database.url);
    expect((await project.run('up')).exitCode).toBe(0);
    const [writer, ...others] = await Promise.all(Array.from({ length: 9 }, () => database.connect()));
    await writer?.query('begin; create table b (id int)');
    const { rows } = (await writer?.query<{ x: string }>('select pg_current_xact_id()::text as x')) ?? { rows: [] };
    // Each has an id behind that of the writer, and none of them has ended when it is looked for.
    for (const other of others) await other.query('begin; select pg_current_xact_id()');
    await writer?.query('commit; begin; select pg_current_xact_id()');
    const found = await writer?.query(
      'select oid::regclass::text as name from godwit.written_since($1) where sub = 0',
      [rows[0]?.x],
    );
    expect(found?.rows).toContainEqual({ name: 'b' });
  },
);

test('what earlier runs wrote is nobody else’s doing while an old transaction of the server is under way', async () => {
  await using database = await createTestDatabase();
  await using elsewhere = await createTestDatabase();
  const old = await elsewhere.connect();
  await old.query('begin; select pg_current_xact_id()');
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int, n int);' }, database.url);
  const next = async (name: string, text: string): Promise<string> => {
    project.write(`migrations/${name}.sql`, text);
    const { exitCode, err } = await project.run('up');
    expect(exitCode, err).toBe(0);
    expect(await database.query('select name from godwit.object where drifted')).toEqual([]);
    return err;
  };
  expect((await project.run('up')).exitCode).toBe(0);
  await next('2_rename', 'alter table a rename to b;');
  expect(await next('3_type', 'alter table b alter n type bigint;')).not.toContain('drift-taken');
  expect((await project.run('verify', '--strict')).exitCode).toBe(0);
});
