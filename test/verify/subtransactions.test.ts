import { expect, test } from 'vitest';
import { createTestDatabase, majors } from '../support/database.ts';
import { createProject } from '../support/project.ts';

test.each(majors)(
  'on PostgreSQL %i what a subtransaction makes belongs to its migration, also when nobody else is there',
  async (major) => {
    await using database = await createTestDatabase(major);
    using project = createProject(
      {
        'migrations/1_a.sql':
          'do $$ begin begin create table inside (a int); exception when others then raise; end; end $$;',
      },
      database.url,
    );
    expect((await project.run('up')).exitCode).toBe(0);
    expect(await database.query("select name from godwit.object where kind = 'table'")).toEqual([
      { name: 'public.inside' },
    ]);
  },
);
