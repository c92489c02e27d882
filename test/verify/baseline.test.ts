import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

test('a migration that only comments on, or grants on, an older table is no drift of that table', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_users.sql':
        "create table users (id int);\ncomment on table users is 'x';\ncomment on column users.id is 'x';",
    },
    database.url,
  );
  expect((await project.run('up')).exitCode).toBe(0);
  project.write(
    'migrations/2_more.sql',
    "comment on table users is 'y';\ncomment on column users.id is 'z';\ngrant select on users to public;",
  );
  expect((await project.run('up')).exitCode).toBe(0);
  const ran = await project.run('verify', '--strict');
  expect(ran.exitCode, ran.err).toBe(0);
});
