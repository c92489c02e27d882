import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

test('a request to cancel that is written while the run writes waits for its turn: the chain takes both', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': 'create table a (n int);' }, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  const [run, beside] = [await database.connect(), await database.connect()];
  const log = (kind: string): string =>
    `select godwit.log(run, array['${kind}'], array['{}']) from godwit.run where outcome = 'done'`;
  await run.query('begin');
  await run.query(log('first'));
  const second = beside.query(log('second'));
  await new Promise((resolve) => setTimeout(resolve, 200));
  await run.query('commit');
  await second;
  const kinds = await database.query('select kind from godwit.event order by n desc limit 2');
  expect(kinds).toEqual([{ kind: 'second' }, { kind: 'first' }]);
  expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
});
