import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { start } from './command.ts';
import { running } from './detached.ts';

test('adoption that is stopped during its checks was interrupted: nothing is said to be unproven', async () => {
  await using database = await createTestDatabase();
  const text = `create function slow() returns int language sql as $$ select 1 from pg_sleep(5) $$;\ncreate view v as select slow();`;
  await database.query(text);
  using project = createProject({ 'migrations/1_a.sql': text }, database.url);
  const adopt = start(project, database.url, 'adopt');
  await running(database, '%"v"%', "and wait_event = 'PgSleep'");
  adopt.stop();
  const { exitCode, err } = await adopt.ended;
  expect(exitCode, err).toBe(130);
  expect(err).not.toContain('[adopt-not-proven]');
  expect(await database.query('select outcome, exit_code from godwit.run')).toEqual([
    { outcome: 'interrupted', exit_code: 130 },
  ]);
  expect(await database.query('select 1 from godwit.migration')).toEqual([]);
});
