import { expect, test } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { createTestDatabase, majors, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

const files = {
  'godwit.config.json': JSON.stringify({
    environments: {
      local: { database: { env: 'DATABASE_URL' } },
      dev: { database: { env: 'DATABASE_URL' } },
      far: { database: { env: 'FAR' } },
      guarded: { database: { env: 'DATABASE_URL' }, protected: true },
    },
  }),
  'migrations/1_a.sql': 'create table a (id int);',
  'migrations/2_b.sql': 'create table b (id int);',
};

function projectFor(database: TestDatabase): TestProject {
  return createProject(files, database.url, { FAR: 'postgresql://u:p@db.example.com/app' });
}

/** What a new session finds: tables, and who owns the database. */
async function found(database: TestDatabase): Promise<readonly (string | null)[]> {
  const client = await database.connect();
  try {
    const { rows } = await client.query<{ a: string; b: string; old: string; owner: string }>(
      `select to_regclass('a')::text as a, to_regclass('b2')::text as b, to_regclass('old')::text as old,
        pg_get_userbyid(datdba) as owner from pg_database where datname = current_database()`,
    );
    return rows.flatMap(({ a, b, old, owner }) => [a, b, old, owner]);
  } finally {
    await client.end();
  }
}

test.each(majors)(
  'changed and missing files are told what helps locally, and db reset --up begins anew (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    using project = projectFor(database);
    expect((await project.run('up')).exitCode).toBe(0);
    project.write('migrations/2_b.sql', 'create table b2 (id int);');
    project.write('migrations/1_a.sql', '-- again\ncreate table a (id int);');
    for (const command of ['up', 'status']) {
      const { shown } = await project.run(command);
      expect(shown, command).toMatch(/migration-changed[^]*`godwit db reset --up`/);
    }
    const lingerer = await database.connect({ application_name: 'lingerer' });
    const ended = new Promise((resolve) => lingerer.on('error', resolve));
    await lingerer.query('create table old (id int)');
    const reset = await project.run('db', 'reset', '--up', '--yes');
    expect(reset.exitCode, reset.err).toBe(0);
    expect(reset.err).toMatch(/ended: lingerer of postgres, server process \d+/);
    await ended;
    expect(await found(database)).toEqual(['a', 'b2', null, 'postgres']);
    const older = project.read('migrations/1_a.sql');
    project.remove('migrations/1_a.sql');
    expect((await project.run('up')).err).toMatch(/migration-missing[^]*`godwit db reset --up`/);
    project.write('migrations/1_a.sql', older);
    project.remove('migrations/2_b.sql');
    expect((await project.run('up')).err).toMatch(/database-ahead[^]*`godwit db reset --up`/);
  },
);

test('elsewhere the fix of a changed file names no reset', async () => {
  await using database = await createTestDatabase();
  using project = projectFor(database);
  expect((await project.run('up', '-e', 'dev')).exitCode).toBe(0);
  project.write('migrations/2_b.sql', 'create table b2 (id int);');
  const { err } = await project.run('up', '-e', 'dev');
  expect(err).toContain('[migration-changed]');
  expect(err).not.toContain('db reset');
});

test('an environment that is pinned takes its new database', async () => {
  await using database = await createTestDatabase();
  using project = projectFor(database);
  expect((await project.run('up', '-e', 'dev')).exitCode).toBe(0);
  const pinned = project.read('godwit.lock.json');
  const reset = await project.run('db', 'reset', '-e', 'dev', '--yes', '--json');
  expect(reset.json[0]).toMatchObject({ outcome: 'done', database: database.name, ended: [] });
  const up = await project.run('up', '-e', 'dev');
  expect(up.exitCode, up.err).toBe(0);
  expect(project.read('godwit.lock.json')).not.toBe(pinned);
  expect((await project.run('up', '-e', 'dev')).exitCode).toBe(0);
});

test.each([
  ['a protected environment', 'guarded', 'is protected'],
  ['another machine', 'far', 'db.example.com is another machine'],
  ['a database that says that it is another environment', 'dev', 'belongs to the environment `local`'],
  ['nobody who could be asked', 'local', 'with 2 tables and the history, and it cannot ask for confirmation here'],
])('db reset refuses %s (`reset-refused`)', async (_, environment, why) => {
  await using database = await createTestDatabase();
  using project = projectFor(database);
  expect((await project.run('up')).exitCode).toBe(0);
  const yes = environment === 'local' ? [] : ['--yes'];
  const reset = await project.run('db', 'reset', '-e', environment, ...yes);
  expect([reset.exitCode, reset.err]).toEqual([10, expect.stringContaining('[reset-refused]')]);
  expect(reset.err).toContain(why);
  expect((await found(database))[0]).toBe('a');
});

test('db reset does not drop tables of a database that godwit has never changed', async () => {
  await using database = await createTestDatabase();
  await database.query('create table a (id int)');
  using project = projectFor(database);
  const reset = await project.run('db', 'reset', '--yes');
  expect([reset.exitCode, reset.err]).toEqual([10, expect.stringContaining('never changed this database')]);
  expect((await found(database))[0]).toBe('a');
});

test('a role that may not make databases is refused before anything is dropped; one that may keeps what it owns', async () => {
  await using database = await createTestDatabase();
  const owner = await database.role('owner');
  const admin = await database.connect();
  await admin.query(`alter database "${database.name}" owner to "${owner.name}"`);
  using project = createProject(files, owner.url);
  expect((await project.run('up')).exitCode).toBe(0);
  const refused = await project.run('db', 'reset', '--yes');
  expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('it needs CREATEDB')]);
  await admin.query(`alter role "${owner.name}" createdb`);
  await admin.end();
  const reset = await project.run('db', 'reset', '--yes', '--up');
  expect(reset.exitCode, reset.err).toBe(0);
  expect((await found(database))[3]).toBe(owner.name);
});

test('a database that was dropped and not made again, by a crash in between, is made', async () => {
  await using database = await createTestDatabase();
  using project = projectFor(database);
  await database.drop();
  const reset = await project.run('db', 'reset', '--up');
  expect(reset.exitCode, reset.err).toBe(0);
  expect((await project.run('db', 'reset', '--yes')).exitCode).toBe(0);
});

test('at a terminal it asks, and only yes drops anything', async () => {
  await using database = await createTestDatabase();
  using project = projectFor(database);
  expect((await project.run('up')).exitCode).toBe(0);
  const answering = async (answer: string): Promise<readonly [number, string]> => {
    let asked = '';
    const exitCode = await runProgram({
      argv: ['db', 'reset'],
      signal: new AbortController().signal,
      io: {
        cwd: project.folder,
        env: { HOME: project.folder, DATABASE_URL: database.url },
        out: () => {},
        err: () => {},
        terminal: true,
        interactive: true,
        columns: () => 100,
        ask: (question) => {
          asked = question;
          return Promise.resolve(answer);
        },
        input: () => Promise.resolve(''),
      },
    });
    return [exitCode, asked];
  };
  expect(await answering('')).toEqual([
    10,
    expect.stringMatching(/^Drop .*, with 2 tables and the history, and create it again\?/),
  ]);
  expect((await found(database))[0]).toBe('a');
  expect((await answering('y'))[0]).toBe(0);
  expect((await found(database))[0]).toBe(null);
});
