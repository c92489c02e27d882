import { expect, test } from 'vitest';
import type { Tool } from '../../src/migrate/contract/tool.ts';
import { createTestDatabase } from '../support/database.ts';
import { foreignTableIn } from '../support/foreign-tables.ts';
import { createProject } from '../support/project.ts';
import { historyOf } from './told.ts';

const users = 'create table users (id int primary key);\n';
const posts = 'create table posts (id int primary key);\n';
const first = '20240101000000';
const second = '20240102000000';

const divided = (up: string, down: string): Readonly<Record<string, string>> => ({
  [`${first}_users.sql`]: `${up}\n${users}\n${down}\ndrop table users;\n`,
  [`${second}_posts.sql`]: `${up}\n${posts}\n${down}\ndrop table posts;\n`,
});

const plain = { [`${first}_users.sql`]: users, [`${second}_posts.sql`]: posts };

/** A folder by the conventions of each tool, with the two migrations that its table holds. */
const folders: Readonly<Partial<Record<Tool, Readonly<Record<string, string>>>>> = {
  dbmate: divided('-- migrate:up', '-- migrate:down'),
  goose: divided('-- +goose Up', '-- +goose Down'),
  'node-pg-migrate': divided('-- Up Migration', '-- Down Migration'),
  'sql-migrate': divided('-- +migrate Up', '-- +migrate Down'),
  'golang-migrate': {
    [`${first}_users.up.sql`]: users,
    [`${first}_users.down.sql`]: 'drop table users;',
    [`${second}_posts.up.sql`]: posts,
    [`${second}_posts.down.sql`]: 'drop table posts;',
  },
  flyway: { 'V1__users.sql': users, 'V2__posts.sql': posts, 'U2__posts.sql': 'drop table posts;' },
  prisma: {
    'migration_lock.toml': 'provider = "postgresql"\n',
    [`${first}_users/migration.sql`]: users,
    [`${second}_posts/migration.sql`]: posts,
  },
  drizzle: {
    'meta/_journal.json': JSON.stringify({
      dialect: 'postgresql',
      entries: [
        { idx: 0, when: 1_704_067_200_000, tag: '0000_users', breakpoints: true },
        { idx: 1, when: 1_704_153_600_000, tag: '0001_posts', breakpoints: true },
      ],
    }),
    '0000_users.sql': users,
    '0001_posts.sql': posts,
  },
  atlas: { ...plain, 'atlas.sum': 'h1:x\n' },
};

test.each(Object.entries(folders) as [Tool, Readonly<Record<string, string>>][])(
  'a team of %s changes over: `up` refuses, `adopt --from auto` records both migrations as proven, `up` has nothing to do',
  async (tool, files) => {
    await using database = await createTestDatabase();
    await database.query(`${foreignTableIn(tool)};\n${users}${posts}`);
    const paths = Object.entries(files).map(([name, text]): [string, string] => [`migrations/${name}`, text]);
    using project = createProject(Object.fromEntries(paths), database.url);
    const refused = await project.run('up');
    expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('[foreign-history]')]);
    const adopted = await project.run('adopt', '--from', 'auto');
    expect(adopted.exitCode, adopted.err).toBe(0);
    expect((await historyOf(database)).map((row) => row.split(' ')[0])).toEqual(['adopted', 'adopted']);
    const up = await project.run('up');
    expect([up.exitCode, up.err]).toEqual([0, expect.stringContaining('Nothing to do')]);
    expect(await database.query("select count(*)::int as n from pg_class where relname in ('users', 'posts')")).toEqual(
      [{ n: 2 }],
    );
  },
);
