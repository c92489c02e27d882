import { expect } from 'vitest';
import { createProject } from '../support/project.ts';
import { detach, running, sessionsGone } from './detached.ts';
import { test } from '../support/test.ts';

test('a run that is cancelled from beside it during its checks was interrupted, not found wrong', async ({
  database,
}) => {
  using project = createProject(
    {
      'migrations/1_a.sql': 'create table a (n int);',
      'migrations/1_a.verify.sql': 'select pg_sleep(8) is null;',
    },
    database.url,
  );
  using elsewhere = createProject({}, database.url);
  const { run } = await detach(project);
  await running(database, '%pg_sleep(8)%');
  expect((await elsewhere.run('runs', 'cancel', run)).exitCode).toBe(0);
  const attached = await project.run('runs', 'attach', run);
  expect(attached.exitCode, attached.err).toBe(130);
  expect(await database.query('select outcome, exit_code from godwit.run')).toEqual([
    { outcome: 'interrupted', exit_code: 130 },
  ]);
  await sessionsGone(database);
});
