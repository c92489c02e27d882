import { expect, test } from 'vitest';
import { cutAt } from '../support/cut.ts';
import { createTestDatabase, majors, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

const base = `create table log (n int);
create function fill() returns void language sql as 'insert into log values (1)';
create procedure batches() language plpgsql as $$ begin
  for i in 1 .. 3 loop insert into log values (i); commit; end loop; end $$;`;

const alone = '-- godwit: transaction=none\n';

function project(url: string, file: string): TestProject {
  return createProject({ 'migrations/1_base.sql': base, 'migrations/2_alone.sql': alone + file }, url);
}

async function logged(database: TestDatabase): Promise<readonly unknown[]> {
  return (await database.query('select n from log order by n')).map(({ n }) => n);
}

test.each(majors)(
  'with transaction=none, a call that is lost on its way is made once: its note is in its transaction (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    await using way = await cutAt(database.url, /select fill/);
    using folder = project(way.url, 'select fill();\ndo $$ begin perform fill(); end $$;');
    const ran = await folder.run('up');
    expect(ran.exitCode, ran.err).toBe(0);
    expect(way.done()).toBe(true);
    expect(await logged(database)).toEqual([1, 1]);
  },
);

test.each(majors)(
  'what the server refuses inside of a transaction runs outside, once, and is recorded (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    using folder = project(
      database.url,
      'do $$ begin call batches(); end $$;\ninsert into log values (4);\ncall batches();',
    );
    const ran = await folder.run('up');
    expect(ran.exitCode, ran.err).toBe(0);
    expect(await logged(database)).toEqual([1, 1, 2, 2, 3, 3, 4]);
    const notes = await database.query(
      "select tag, state, seq::int from godwit.statement where migration = '2' order by ordinal",
    );
    expect(notes).toEqual(['DO', 'INSERT', 'CALL'].map((tag) => ({ tag, state: 'done', seq: 2 })));
    expect((await folder.run('up')).err).toContain('Nothing to do');
  },
);

test('a lone statement that runs outside is the last of its file, and the file is recorded', async () => {
  await using database = await createTestDatabase();
  using folder = project(database.url, 'do $$ begin call batches(); end $$;');
  const ran = await folder.run('up');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(await logged(database)).toEqual([1, 2, 3]);
});

test('how far a procedure came that commits by itself is not guessed: a person is asked, and nothing runs twice (`interrupted-statement`)', async () => {
  await using database = await createTestDatabase();
  const outside = /^-- godwit: transaction=none\ndo /;
  let seen = 0;
  // The first message is the attempt inside of a transaction; the second one is the statement alone.
  await using way = await cutAt(database.url, outside, async () => {
    seen += 1;
    await database.query('call batches()');
  });
  using folder = project(way.url, 'do $$ begin call batches(); end $$;');
  const ran = await folder.run('up');
  expect(seen).toBe(1);
  expect(ran.exitCode, ran.err).toBe(41);
  expect(ran.err).toContain('interrupted-statement');
  expect((await folder.run('up')).exitCode).toBe(41);
  expect(await logged(database)).toEqual([1, 2, 3]);
});

test('who owns a statement is noted although its file has taken another role', async () => {
  await using database = await createTestDatabase();
  const role = await database.role('limited');
  await database.query(`grant all on schema public to ${role.name}`);
  await using way = await cutAt(database.url, /^\s*create index/, () =>
    database.query("update godwit.epoch set epoch = epoch + 1, run = 'another'"),
  );
  using folder = createProject(
    {
      'migrations/1_role.sql': `set role ${role.name};\ncreate table t (a int);\ncreate index concurrently t_a on t (a);`,
    },
    way.url,
  );
  expect((await folder.run('up')).exitCode).toBe(20);
  const [row] = await database.query<{ detail: string }>("select detail from godwit.statement where state = 'intent'");
  expect(JSON.parse(row?.detail ?? '{}')).toMatchObject({
    owner: { pid: expect.any(Number), start: expect.stringMatching(/^\d/) },
    before: { name: 'public.t_a' },
  });
});
