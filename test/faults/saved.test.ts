import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { until } from '../support/child.ts';

test('an applied file that is saved before its rows are checked is told as such: it was not verified', async () => {
  await using database = await createTestDatabase();
  const text = `create table a (id int primary key, t text);\ninsert into a values (1, 'x'), (2, 'y');\n${`-- ${'x'.repeat(400)}\n`.repeat(1_000)}`;
  using project = createProject(
    { 'migrations/1_a.sql': text, 'migrations/2_b.sql': '-- godwit: transaction=none\nselect pg_sleep(1);' },
    database.url,
  );
  const going = project.run('up');
  const sleeping = "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
  await until('the second migration sleeps', async () => (await database.query(sleeping)).length > 0);
  project.write('migrations/1_a.sql', `-- a comment\n${text}`);
  const ran = await going;
  expect([ran.exitCode, ran.err]).toEqual([50, expect.stringContaining('[file-moved-on]')]);
  expect(ran.err).toContain('The run was not verified');
  expect(await database.query('select outcome, exit_code from godwit.run')).toEqual([
    { outcome: 'verification-failed', exit_code: 50 },
  ]);
});
