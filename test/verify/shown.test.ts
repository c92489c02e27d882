import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const body = (third: number): string =>
  Array.from({ length: 30 }, (_, index) => `  a := a + ${index === 3 ? third : index};`).join('\n');
const made = (third: number): string =>
  `create or replace function f(a int) returns int language plpgsql as $$\nbegin\n${body(third)}\n  return a;\nend $$;`;

test('a drifted function is shown as a difference, and a dropped column is one entry', async () => {
  await using database = await createTestDatabase();
  const users =
    'create table users (id int primary key, email text unique, n int);\ncreate index on users (lower(email));\ncreate index on users (n);';
  using project = createProject({ 'migrations/1_users.sql': users, 'migrations/2_f.sql': made(3) }, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  await database.query(`${made(33)} alter table users drop column email; drop index users_n_idx`);
  const { exitCode, out } = await project.run('verify');
  expect(exitCode).toBe(50);
  expect(out).toContain(
    [
      '        @@ line 7 @@',
      '            a := a + 1;',
      '            a := a + 2;',
      '        -   a := a + 3;',
      '        +   a := a + 33;',
      '            a := a + 4;',
      '            a := a + 5;',
      '',
    ].join('\n'),
  );
  expect(out).not.toContain('a := a + 6;');
  const entries = out.split('\n').flatMap((line) => /^ {2}✘ drift (\S+ \S+)/.exec(line)?.[1] ?? []);
  expect(entries.toSorted()).toEqual([
    'column public.users.email',
    'function public.f(integer)',
    'index public.users_n_idx',
  ]);
  expect(/with it +(.*)/.exec(out)?.[1]?.split(', ').toSorted()).toEqual([
    'constraint public.users.users_email_key',
    'index public.users_email_key',
    'index public.users_lower_idx',
  ]);
  const [document] = (await project.run('verify', '--json')).json;
  expect(document?.['checks']).toContainEqual(
    expect.objectContaining({ object: 'public.users_lower_idx', ok: false, along: 'public.users.email' }),
  );
});
