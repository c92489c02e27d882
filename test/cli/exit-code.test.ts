import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const nothingListens = 'postgresql://postgres@127.0.0.1:9/postgres';

test('`status` and `plan --exit-code`: 3 pending, 0 nothing pending, 10 something wrong, 30 not reachable', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/2_b.sql': 'create table b (n int);' }, database.url);
  const codes = async (env: Readonly<Record<string, string>> = {}): Promise<readonly number[]> => {
    const status = await project.runWith(env, 'status', '--exit-code');
    const plan = await project.runWith(env, 'plan', '--exit-code');
    return [status.exitCode, plan.exitCode];
  };
  expect(await codes()).toEqual([3, 3]);
  const document = await project.run('plan', '--exit-code', '--json');
  expect(document.json).toMatchObject([{ outcome: 'done', exitCode: 3, plan: { steps: [{ name: 'b' }] } }]);
  expect((await project.run('status')).exitCode).toBe(0);
  expect((await project.run('up')).exitCode).toBe(0);
  expect(await codes()).toEqual([0, 0]);
  project.write('migrations/2_b.sql', 'create table b (n int); -- a comment');
  expect(await codes()).toEqual([0, 0]);
  project.write('migrations/1_a.sql', 'create table a (n int);');
  expect(await codes()).toEqual([10, 10]);
  expect((await project.run('status')).exitCode).toBe(0);
  project.remove('migrations/1_a.sql');
  project.write('migrations/2_b.sql', 'create table b (n bigint);');
  expect(await codes()).toEqual([10, 10]);
  // Status tells as much as plan.
  for (const command of ['status', 'plan'])
    expect((await project.run(command)).shown).toMatch(
      /2_b\.sql:1:1\n[^]*applied on .* by \S+; since then statement 1 \(CREATE TABLE\) was changed/,
    );
  expect(await codes({ DATABASE_URL: nothingListens })).toEqual([30, 30]);
});
