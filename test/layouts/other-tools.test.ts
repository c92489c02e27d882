import { describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const table = (name: string): string => `create table ${name} (id int primary key);\n`;

/** Folders as their tools make them: a table `users`, then a table `posts`; the way back of the second where there is one. */
const folders: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  dbmate: {
    'migrations/20240101000000_users.sql': `-- migrate:up\n${table('users')}\n-- migrate:down\ndrop table users;\n`,
    'migrations/20240102000000_posts.sql': `-- migrate:up\n${table('posts')}\n-- migrate:down\ndrop table posts;\n`,
  },
  goose: {
    'migrations/00001_users.sql': `-- +goose Up\n${table('users')}\n-- +goose Down\ndrop table users;\n`,
    'migrations/00002_posts.sql': `-- +goose Up\n-- +goose StatementBegin\n${table('posts')}-- +goose StatementEnd\n\n-- +goose Down\ndrop table posts;\n`,
  },
  'node-pg-migrate': {
    'migrations/1700000000000_users.sql': `-- Up Migration\n${table('users')}\n-- Down Migration\ndrop table users;\n`,
    'migrations/1700000000001_posts.sql': `-- Up Migration\n${table('posts')}\n-- Down Migration\ndrop table posts;\n`,
  },
  'sql-migrate': {
    'migrations/20240101000000-users.sql': `-- +migrate Up\n${table('users')}\n-- +migrate Down\ndrop table users;\n`,
    'migrations/20240102000000-posts.sql': `-- +migrate Up\n${table('posts')}\n-- +migrate Down\ndrop table posts;\n`,
  },
  'golang-migrate': {
    'migrations/000001_users.up.sql': table('users'),
    'migrations/000001_users.down.sql': 'drop table users;\n',
    'migrations/000002_posts.up.sql': table('posts'),
    'migrations/000002_posts.down.sql': 'drop table posts;\n',
  },
  flyway: {
    'migrations/V1.9__users.sql': table('users'),
    'migrations/V1.10__posts.sql': table('posts'),
    'migrations/U1.10__posts.sql': 'drop table posts;\n',
  },
  prisma: {
    'migrations/20240101000000_users/migration.sql': table('users'),
    'migrations/20240102000000_posts/migration.sql': table('posts'),
    'migrations/20240102000000_posts/down.sql': 'drop table posts;\n',
    'migrations/migration_lock.toml': 'provider = "postgresql"\n',
  },
};

describe('a folder of another tool runs as that tool runs it: forward only', () => {
  test.each(Object.entries(folders))('%s', async (_, files) => {
    await using database = await createTestDatabase();
    using project = createProject(files, database.url);
    const up = await project.run('up');
    expect(up.exitCode, up.err).toBe(0);
    expect(await tables(database)).toEqual(['posts', 'users']);
    expect((await project.run('up')).err).toContain('nothing is pending');
    expect((await project.run('verify')).exitCode).toBe(0);
    const down = await project.run('down');
    expect(down.exitCode, down.err).toBe(0);
    expect(await tables(database)).toEqual(['users']);
  });
});

/** The tables of the users. */
async function tables(database: TestDatabase): Promise<readonly string[]> {
  const rows = await database.query<{ name: string }>(
    "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1",
  );
  return rows.map(({ name }) => name);
}

test('situation 2: an existing table outlives a file whose way forward finds it and whose way back drops it', async () => {
  await using database = await createTestDatabase();
  await database.query('create table users (id int primary key); insert into users values (1)');
  using project = createProject(
    {
      'migrations/1_users.sql':
        '-- +goose Up\ncreate table if not exists users (id int primary key);\n-- +goose Down\ndrop table users;\n',
    },
    database.url,
  );
  expect((await project.run('up')).exitCode).toBe(0);
  expect(await database.query('select count(*)::int as n from users')).toEqual([{ n: 1 }]);
});

test('`foreign-layout`: status, plan and up of a folder that is not read are refused with the way on', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/20240101000000_users.rb': 'class Users; end' }, database.url);
  for (const command of ['status', 'plan', 'up']) {
    const ran = await project.run(command);
    expect([command, ran.exitCode]).toEqual([command, 10]);
    expect(ran.shown).toContain('[foreign-layout]');
    expect(ran.shown).toContain('bin/rails db:migrate');
  }
});

test('`folder-empty`: nothing is pending, because there is nothing; and that is said', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/.gitkeep': '' }, database.url);
  for (const command of ['status', 'plan', 'up']) {
    const ran = await project.run(command);
    expect([command, ran.exitCode]).toEqual([command, 0]);
    expect(ran.shown).toContain('[folder-empty]');
  }
});

test('`foreign-layout`: a standalone script with the marks of a tool is refused', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'a.sql': '-- migrate:up\nselect 1;\n-- migrate:down\nselect 2;\n' }, database.url);
  const ran = await project.run('up', '--file', 'a.sql');
  expect([ran.exitCode, ran.err.includes('a.sql:1:1')]).toEqual([10, true]);
});

test('a new migration has the conventions of the folder', async () => {
  using project = createProject({ 'migrations/00001_a.sql': '-- +goose Up\nselect 1;\n' });
  const ran = await project.run('new', 'add posts');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(project.read('migrations/00002_add_posts.sql')).toBe('-- +goose Up\n\n-- +goose Down\n');
});

test('`foreign-layout`: a folder of another tool is not squashed', async () => {
  using project = createProject(folders['golang-migrate'] ?? {});
  const ran = await project.run('squash', '2');
  expect([ran.exitCode, ran.err.includes('[foreign-layout]')]).toEqual([10, true]);
});
