import { expect, test } from 'vitest';
import { createTestDatabase, majors } from '../support/database.ts';
import { createProject } from '../support/project.ts';

type Files = Readonly<Record<string, string>>;

const ways: readonly (readonly [name: string, files: Files])[] = [
  [
    'a type and a default that later steps exchange',
    {
      'migrations/1_door.sql': 'CREATE TABLE door (nr int PRIMARY KEY);',
      'migrations/1_door.down.sql': 'DROP TABLE door;',
      'migrations/2_open.sql': 'ALTER TABLE door ADD COLUMN open boolean NOT NULL DEFAULT true;',
      'migrations/2_open.down.sql': 'ALTER TABLE door DROP COLUMN open;',
      'migrations/3_state.sql': `CREATE TYPE door_state AS ENUM ('Open', 'Shut');
ALTER TABLE door ALTER open DROP DEFAULT;
ALTER TABLE door ALTER open TYPE door_state USING CASE WHEN open THEN 'Open' ELSE 'Shut' END::door_state;
ALTER TABLE door ALTER open SET DEFAULT 'Open';`,
      'migrations/3_state.down.sql': `ALTER TABLE door ALTER open DROP DEFAULT;
ALTER TABLE door ALTER open TYPE boolean USING open = 'Open';
ALTER TABLE door ALTER open SET DEFAULT true;
DROP TYPE door_state;`,
    },
  ],
  [
    'a column that a middle step made optional',
    {
      'migrations/1_host.sql': 'CREATE TABLE host (nr int PRIMARY KEY, zone text NOT NULL);',
      'migrations/1_host.down.sql': 'DROP TABLE host;',
      'migrations/2_optional.sql': 'ALTER TABLE host ALTER zone DROP NOT NULL;',
      'migrations/2_optional.down.sql':
        'DELETE FROM host WHERE zone IS NULL;\nALTER TABLE host ALTER zone SET NOT NULL;',
      'migrations/3_log.sql': 'CREATE TABLE host_log (host int NOT NULL REFERENCES host (nr) ON DELETE CASCADE);',
      'migrations/3_log.down.sql': 'DROP TABLE host_log;',
    },
  ],
];

test.each(ways)('down over several steps undoes all of them: %s', async (_, files) => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  const ran = await project.run('down', '--to', '0', '--yes');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(await database.query("select relname from pg_class where relnamespace = 'public'::regnamespace")).toEqual([]);
});

test('COMMIT inside of a procedure names its cure', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_a.sql': `CREATE TABLE steps (n int);
CREATE PROCEDURE walk() LANGUAGE plpgsql AS $$ BEGIN FOR n IN 1..2 LOOP INSERT INTO steps VALUES (n); COMMIT; END LOOP; END $$;
CALL walk();`,
    },
    database.url,
  );
  const ran = await project.run('up');
  expect(ran.exitCode).toBe(40);
  expect(ran.err).toContain('transaction=none');
});

test('an edited comment is no changed migration, for status neither', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': '-- first\nCREATE TABLE steps (n int);\n' }, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  project.write('migrations/1_a.sql', '-- another\n-- first\nCREATE TABLE steps (n int);\n');
  expect((await project.run('up')).exitCode).toBe(0);
  const status = await project.run('status');
  expect(status.exitCode, status.shown).toBe(0);
  expect(`${status.out}${status.shown}`).not.toMatch(/changed since|has changed|was changed/i);
});

test('search_path of an address is not dropped', async () => {
  await using database = await createTestDatabase();
  await database.query('CREATE SCHEMA tenant');
  using project = createProject(
    { 'migrations/1_a.sql': 'CREATE TABLE steps (n int);' },
    `${database.url}?search_path=tenant`,
  );
  const ran = await project.run('up');
  const places = await database.query("select schemaname as place from pg_tables where tablename = 'steps'");
  expect(places, ran.err).toEqual(ran.exitCode === 0 ? [{ place: 'tenant' }] : []);
});

test.each([
  ["CREATE VIEW own AS SELECT * FROM thing WHERE nr = current_setting('app.tenant')::int", 'a setting of the session'],
  ['CREATE VIEW share AS SELECT 1 / (count(*) - 2) AS part FROM thing', 'the rows that are there'],
  ['CREATE VIEW slow AS SELECT pg_sleep(9)::text AS waited', 'much time'],
])('%s: a view that needs %s fails nobody', async (view) => {
  await using database = await createTestDatabase();
  using project = createProject(
    { 'migrations/1_a.sql': `CREATE TABLE thing (nr int PRIMARY KEY);\nINSERT INTO thing VALUES (1), (2);\n${view};` },
    database.url,
  );
  const ran = await project.run('up');
  expect(ran.exitCode, ran.err).toBe(0);
  expect((await project.run('verify')).exitCode).toBe(0);
});

test('seed rows in a large table are found by their key', async () => {
  await using database = await createTestDatabase();
  const rows = Array.from({ length: 150 }, (_, nr) => `(${nr}, 'row ${nr}')`).join(', ');
  using project = createProject(
    { 'migrations/1_a.sql': `CREATE TABLE large (nr int PRIMARY KEY, label text);\nINSERT INTO large VALUES ${rows};` },
    database.url,
  );
  expect((await project.run('up')).exitCode).toBe(0);
  await database.query("insert into large select n, 'other' from generate_series(1000, 50000) n");
  await database.query('analyze large');
  const read = async (): Promise<number> => {
    const sql = "select coalesce(seq_tup_read, 0)::int as n from pg_stat_user_tables where relname = 'large'";
    return Number((await database.query(`select pg_stat_force_next_flush(); ${sql}`))[0]?.['n']);
  };
  const before = await read();
  expect((await project.run('verify')).exitCode).toBe(0);
  expect((await read()) - before).toBeLessThan(3 * 50_000);
});

const met: readonly (readonly [first: string, second: string, names: string])[] = [
  ['CREATE VIEW crew AS SELECT 1 AS nr', 'CREATE TABLE IF NOT EXISTS crew (nr int)', 'crew'],
  ['CREATE TABLE crew (nr int)', 'CREATE TABLE IF NOT EXISTS crew (nr int, rank text)', 'rank'],
  ['CREATE TABLE crew (nr int)', 'CREATE SEQUENCE IF NOT EXISTS crew', 'crew'],
  ['CREATE TABLE crew (nr int)', 'CREATE MATERIALIZED VIEW IF NOT EXISTS crew AS SELECT 1 AS one', 'crew'],
  ['CREATE SEQUENCE crew_ix; CREATE TABLE crew (nr int)', 'CREATE INDEX IF NOT EXISTS crew_ix ON crew (nr)', 'crew_ix'],
];

test.each(majors.flatMap((major) => met.map((one) => [major, ...one] as const)))(
  'on PostgreSQL %i, after %s: %s is rolled back, unless the file allows what is there',
  async (major, first, second, names) => {
    await using database = await createTestDatabase(major);
    await database.query(first);
    using project = createProject(
      { 'migrations/1_a.sql': `CREATE TABLE before_it (nr int);\n${second};` },
      database.url,
    );
    const ran = await project.run('up');
    expect(ran.exitCode, ran.err).toBe(40);
    expect(ran.err).toContain(names);
    expect(await database.query("select to_regclass('before_it') as there")).toEqual([{ there: null }]);
    project.write(
      'migrations/1_a.sql',
      `-- godwit: allow=existing reason="it is older"\nCREATE TABLE before_it (nr int);\n${second};`,
    );
    const allowed = await project.run('up');
    expect(allowed.exitCode, allowed.err).toBe(0);
  },
);
