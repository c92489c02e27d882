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

test.each(majors)('on PostgreSQL %i what a subtransaction changes of a rare kind is no drift', async (major) => {
  await using database = await createTestDatabase(major);
  const role = await database.role('other');
  const made = `create operator === (leftarg = int, rightarg = int, function = int4eq);
create text search configuration words (copy = simple);
create collation plain (provider = icu, locale = 'und');
create publication news;
create conversion anew for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;
create foreign data wrapper far;`;
  const named = ['operator ===(int, int)', 'text search configuration words', 'collation plain', 'publication news'];
  const owned = [...named, 'conversion anew', 'foreign data wrapper far'].map(
    (object) => `begin alter ${object} owner to ${role.name}; exception when duplicate_object then null; end;`,
  );
  using project = createProject({ 'migrations/1_a.sql': made }, database.url);
  await database.query(
    `alter role ${role.name} superuser; grant create on database ${database.name} to ${role.name}; grant create on schema public to ${role.name}`,
  );
  expect((await project.run('up')).exitCode).toBe(0);
  project.write('migrations/2_owner.sql', `do $$ begin\n${owned.join('\n')}\nend $$;`);
  const second = await project.run('up');
  expect(second.exitCode, second.err).toBe(0);
  const verified = await project.run('verify', '--strict');
  expect(verified.exitCode, verified.shown).toBe(0);
});
