import { expect, test } from 'vitest';
import { adopt, status } from '../../src/index.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { foreignTableIn } from '../support/foreign-tables.ts';
import { createProject } from '../support/project.ts';
import { codesOf, historyOf } from './told.ts';

const users = 'create table users (id int primary key, name text not null);\n';
const posts = 'create table posts (id int primary key);\ninsert into posts values (1);\n';
const tags = 'create table if not exists tags (id int);\n';

const files = {
  'migrations/20240101000000_users.sql': users,
  'migrations/20240102000000_posts.sql': posts,
  'migrations/20240103000000_tags.sql': tags,
} as const;

const goose = foreignTableIn('goose');

async function goosesDatabase(...more: readonly string[]): Promise<TestDatabase> {
  const database = await createTestDatabase();
  await database.query([goose, users, posts, ...more].join(';\n'));
  return database;
}

test('`up` runs nothing that another tool has applied (`foreign-history`), and `status` and `plan` say what to do', async () => {
  await using database = await goosesDatabase();
  using project = createProject(files, database.url);
  const status = await project.run('status');
  expect(status.exitCode).toBe(0);
  expect(status.shown).toContain('3 pending. Next: `godwit adopt --from goose`.');
  expect(status.shown).toContain('Table public.goose_db_version of goose holds 2 entries; godwit has recorded nothing');
  const plan = await project.run('plan');
  expect(plan.shown).toContain('[foreign-history]');

  const up = await project.run('up');
  expect(up.exitCode).toBe(10);
  expect(up.err).toContain('[foreign-history]');
  expect(up.err).toContain('holds 2 of the pending migrations as applied; godwit would run them again.');
  expect(await database.query("select to_regnamespace('godwit') as s")).toEqual([{ s: null }]);
});

test('what another tool has applied is taken over, proven where that is possible, and its table stays (`foreign-believed`)', async () => {
  await using database = await goosesDatabase();
  const table = 'select * from goose_db_version order by id';
  const before = await database.query(table);
  using project = createProject(files, database.url);
  const dry = await project.run('adopt', '--from', 'auto', '--dry-run', '--json');
  expect(dry.exitCode, dry.err).toBe(0);
  expect(dry.json.find(({ kind }) => kind === 'adoption')).toMatchObject({
    proven: ['20240101000000'],
    baseline: ['20240102000000'],
  });
  const adopted = await project.run('adopt', '--from', 'goose');
  expect(adopted.exitCode, adopted.err).toBe(0);
  expect(adopted.err).toContain('[foreign-believed]');
  expect(await historyOf(database)).toEqual(['adopted 20240101000000', 'baseline 20240102000000']);
  expect(await database.query(table)).toEqual(before);
  const [run = { run: '' }] = await database.query<{ run: string }>('select run from godwit.run');
  const shown = await project.run('runs', 'show', run.run);
  expect(shown.shown).toMatch(/command +adopt --from goose/);
  expect(shown.shown).toMatch(/20240101000000 users +adopted from goose, applied \d{4}-\d\d-\d\d/);
  expect((await project.run('status')).shown).toMatch(/posts +baseline from goose/);

  const again = await project.run('adopt', '--from', 'goose');
  expect(again.exitCode).toBe(0);
  expect(again.err).toContain('Nothing to do: nothing is left to record');
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  expect(up.err).toContain('1 migration applied');
  expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
});

test('the library takes over the history of another tool', async () => {
  await using database = await goosesDatabase();
  using project = createProject(files, database.url);
  const options = { cwd: project.folder, env: { HOME: project.folder, DATABASE_URL: database.url } };
  const before = await status(options);
  expect(before.findings.map(({ code, severity }) => [code, severity])).toEqual([['foreign-history', 'warning']]);
  const { applied, exitCode, findings } = await adopt({ ...options, from: 'goose' });
  expect({ applied, exitCode, codes: findings.map(({ code }) => code) }).toEqual({
    applied: ['20240101000000', '20240102000000'],
    exitCode: 0,
    codes: ['foreign-believed'],
  });
});

test('what the other tool says and the rehearsal denies is shown, and nothing from there on is recorded', async () => {
  await using database = await goosesDatabase();
  await database.query('drop table posts; create table posts (id bigint primary key)');
  using project = createProject(files, database.url);
  const adopted = await project.run('adopt', '--from', 'goose', '--json');
  expect(adopted.exitCode).toBe(10);
  expect(codesOf(adopted.json)).toEqual(['adopt-not-proven', 'adopt-not-proven']);
  expect(adopted.out).toContain('holds migrations/20240102000000_posts.sql as applied since');
  expect(adopted.out).toContain('column public.posts.id: expected type: integer, found type: bigint');
  expect(await historyOf(database)).toEqual(['adopted 20240101000000']);
});

test.each([
  ['whole', tags, /Everything that migrations\/20240103000000_tags\.sql makes is in the database/],
  [
    'in part',
    'create table tags (id bigint)',
    /Part of what migrations\/20240103000000_tags\.sql or a migration after/,
  ],
])(
  'what is in the database %s although the other tool does not hold it is told (`foreign-alone`)',
  async (_, by, told) => {
    await using database = await goosesDatabase(by);
    using project = createProject(files, database.url);
    const adopted = await project.run('adopt', '--from', 'goose');
    expect(adopted.exitCode).toBe(10);
    expect(adopted.err).toContain('[foreign-alone]');
    expect(adopted.err).toMatch(told);
    expect(await historyOf(database)).toHaveLength(2);
  },
);

test('a migration that the other tool has passed over stays pending (`foreign-gap`)', async () => {
  await using database = await createTestDatabase();
  await database.query(`${goose};\n${posts}\ndelete from goose_db_version where version_id = 20240101000000`);
  using project = createProject(files, database.url);
  const adopted = await project.run('adopt', '--from', 'goose');
  expect(adopted.exitCode, adopted.err).toBe(0);
  expect(adopted.err).toContain('[foreign-gap]');
  expect(await historyOf(database)).toEqual(['baseline 20240102000000']);
  expect((await project.run('up')).err).toContain('[out-of-order]');
  expect((await project.run('up', '--out-of-order')).exitCode).toBe(0);
});

test('a history that does not say what is applied is refused, by `adopt` and by `up` (`foreign-unsettled`)', async () => {
  await using database = await createTestDatabase();
  await database.query(`${foreignTableIn('golang-migrate')};\nupdate schema_migrations set dirty = true`);
  using project = createProject(files, database.url);
  for (const command of [['adopt', '--from', 'golang-migrate'], ['up']]) {
    const refused = await project.run(...command);
    expect(refused.exitCode).toBe(10);
    expect(refused.err).toContain('[foreign-unsettled]');
    expect(refused.err).toContain('version 20240102000000 is dirty');
    expect(refused.err).toContain('`migrate force VERSION`');
  }
  expect(await database.query("select to_regnamespace('godwit') as s")).toEqual([{ s: null }]);
});

test('`adopt --from` names what it cannot find (`foreign-absent`)', async () => {
  await using database = await goosesDatabase();
  await database.query(foreignTableIn('goose', 'other'));
  using project = createProject(files, database.url);
  const absent = await project.run('adopt', '--from', 'flyway');
  expect(absent.exitCode).toBe(10);
  expect(absent.err).toContain('[foreign-absent]');
  expect(absent.err).toContain('There is: other.goose_db_version (goose), public.goose_db_version (goose).');
  const several = await project.run('adopt', '--from', 'goose');
  expect(several.err).toContain('Several tables could be meant');
  const unknown = await project.run('adopt', '--from', 'flywy');
  expect(unknown.exitCode).toBe(2);
  expect(unknown.err).toContain('Did you mean `flyway`?');
  expect((await project.run('up', '--ignore-foreign', 'gose')).err).toContain('Did you mean `goose`?');
  const named = await project.run('adopt', '--from', 'public.goose_db_version', '--dry-run');
  expect(named.exitCode, named.shown).toBe(0);
});

test('entries without a migration in the folder are named; if no entry has one, nothing is adopted (`foreign-without-file`)', async () => {
  await using database = await createTestDatabase();
  await database.query([foreignTableIn('flyway'), users].join(';\n'));
  using project = createProject({ 'migrations/1_users.sql': users }, database.url);
  const adopted = await project.run('adopt', '--from', 'flyway');
  expect(adopted.exitCode, adopted.err).toBe(0);
  expect(adopted.err).toContain(
    'The folder has no migration for 1 entry of public.flyway_schema_history: V2__posts.sql.',
  );
  expect(await historyOf(database)).toEqual(['adopted 1']);

  await using fresh = await createTestDatabase();
  await fresh.query([foreignTableIn('flyway'), users].join(';\n'));
  using other = createProject({ 'migrations/77_people.sql': users }, fresh.url);
  const refused = await other.run('adopt', '--from', 'flyway');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain('[foreign-without-file]');
});

test('a history of other migrations is told and no obstacle; if versions agree by chance, --ignore-foreign says so', async () => {
  await using database = await createTestDatabase();
  await database.query(`${foreignTableIn('alembic')};\n${foreignTableIn('flyway', 'app')}`);
  using project = createProject({ 'migrations/1_users.sql': users }, database.url);
  const refused = await project.run('up');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain('`godwit up --ignore-foreign flyway`');
  const up = await project.run('up', '--ignore-foreign', 'flyway');
  expect(up.exitCode, up.err).toBe(0);
  expect(up.err).toContain(
    'Table public.alembic_version belongs to Alembic. Its only entry is no migration of this folder.',
  );
});

test('an adoption never advises to run what would drop a table that is there', async () => {
  await using database = await createTestDatabase();
  await database.query(
    'create table users (id int primary key, name text not null); insert into users values (1, $$a$$)',
  );
  using project = createProject(
    { 'migrations/1_users.sql': users, 'migrations/2_drop.sql': 'drop table users;' },
    database.url,
  );
  const adopted = await project.run('adopt');
  expect(await historyOf(database)).toEqual(['adopted 1']);
  expect(adopted.err).toContain('`godwit plan` to see what is left');
  expect(adopted.err).not.toContain('`godwit up`');
});
