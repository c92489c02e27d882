import { expect, test } from 'vitest';
import { createTestDatabase, majors, type TestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { cutAt } from '../support/cut.ts';

/** What the server has done of a statement when the connection is lost, made by hand. */
interface Case {
  readonly name: string;
  readonly first: string;
  readonly file: string;
  /** The message that is held back. */
  readonly at: RegExp;
  /** Run in the server instead of the statement. */
  readonly instead?: string | ((database: TestDatabase) => Promise<unknown>);
  /** A query, and the one row that it must give in the end. */
  readonly found: readonly [string, Readonly<Record<string, unknown>>];
}

const table = 'create table t (id int primary key, a text);';
const twice = `${table} insert into t values (1, 'x'), (2, 'x');`;

const cases: readonly Case[] = [
  {
    name: 'an index that was built',
    first: table,
    file: 'create index concurrently t_a on t (a);',
    at: /^create index/,
    instead: 'create index concurrently t_a on t (a)',
    found: ["select indisvalid as valid from pg_index where indexrelid = 't_a'::regclass", { valid: true }],
  },
  {
    name: 'an index that was not begun',
    first: table,
    file: 'create index concurrently t_a on t (a);',
    at: /^create index/,
    found: ["select indisvalid as valid from pg_index where indexrelid = 't_a'::regclass", { valid: true }],
  },
  {
    name: 'a half-built unique index that refuses the application’s rows',
    first: twice,
    file: 'create unique index concurrently t_a on t (a);',
    at: /^create unique/,
    instead: async (database) => {
      await database.query('create unique index concurrently t_a on t (a)').catch(() => {});
      await database.query("update t set a = 'y' where id = 2");
    },
    found: ["select indisvalid as valid from pg_index where indexrelid = 't_a'::regclass", { valid: true }],
  },
  {
    name: 'an index of the same name in another schema is another index',
    first: `${table} create schema app; create table app.t (a text); create index t_a on t (a);`,
    file: 'set search_path to app, public;\ncreate index concurrently t_a on t (a);',
    at: /^\s*create index/,
    found: ["select count(*)::int as n from pg_class where relname = 't_a'", { n: 2 }],
  },
  {
    name: 'a dropped index; another schema has one of that name, which the search path finds next',
    first: `${table} create schema app; create table app.t (a text); create index t_a on t (a); create index t_a on app.t (a);`,
    file: 'set search_path to app, public;\ndrop index concurrently t_a;',
    at: /^\s*drop index/,
    instead: 'drop index concurrently app.t_a',
    found: [
      "select to_regclass('app.t_a') is null as dropped, to_regclass('public.t_a') is not null as kept",
      { dropped: true, kept: true },
    ],
  },
  {
    name: 'an index that was dropped half',
    first: `${table} create index t_a on t (a);`,
    file: 'drop index concurrently t_a;',
    at: /^drop index/,
    instead: "update pg_index set indisvalid = false where indexrelid = 't_a'::regclass",
    found: ["select to_regclass('t_a') is null as dropped", { dropped: true }],
  },
  {
    name: 'a table whose indexes were rebuilt',
    first: `${table} create index t_a on t (a);`,
    file: 'reindex table concurrently t;',
    at: /^reindex/,
    instead: async (database) => {
      await database.query('reindex table concurrently t');
      await database.query("create table seen as select indexrelid from pg_index where indrelid = 't'::regclass");
    },
    found: [
      "select count(*)::int as n from pg_index where indrelid = 't'::regclass and indexrelid in (select indexrelid from seen)",
      { n: 2 },
    ],
  },
  ...[
    'table concurrently t',
    'index concurrently t_pkey',
    'schema concurrently app',
    'table concurrently p',
    'index concurrently p_pkey',
  ].map((what): Case => ({
    name: `half-built copies behind REINDEX ${what}, on tables, partitions and TOAST`,
    first:
      'create schema app; create table app.t (id int primary key, a text); create table app.p (id int primary key, a text) partition by list (id); create table app.p1 partition of app.p for values in (1);',
    file: `set search_path to app, public;\nreindex ${what};`,
    at: /^\s*reindex/,
    instead: (database) => stopRebuild(database, what),
    found: ["select count(*)::int as n from pg_class where relname ~ '_cc(new|old)'", { n: 0 }],
  })),
  {
    name: 'a plain REINDEX of a partitioned table that was through',
    first:
      'create table p (id int primary key) partition by list (id); create table p1 partition of p for values in (1);',
    file: '-- godwit: transaction=none\nreindex table p;',
    at: /reindex table p/,
    instead: async (database) => {
      await database.query('reindex table p');
      await database.query("create table seen as select pg_relation_filenode('p1_pkey') as file");
    },
    found: ["select pg_relation_filenode('p1_pkey') = file as same from seen", { same: true }],
  },
  {
    name: 'a partition that was detached',
    first: 'create table p (id int) partition by list (id); create table p1 partition of p for values in (1);',
    file: 'alter table p detach partition p1 concurrently;',
    at: /^alter table p/,
    instead: 'alter table p detach partition p1 concurrently',
    found: ['select count(*)::int as n from pg_inherits', { n: 0 }],
  },
  {
    name: 'a partition whose detachment is pending is finalized',
    first: 'create table p (id int) partition by list (id); create table p1 partition of p for values in (1);',
    file: 'alter table p detach partition p1 concurrently;',
    at: /^alter table p/,
    instead: "update pg_inherits set inhdetachpending = true where inhrelid = 'p1'::regclass",
    found: ['select count(*)::int as n from pg_inherits', { n: 0 }],
  },
  {
    name: 'VACUUM runs again',
    first: table,
    file: 'vacuum t;',
    at: /^vacuum/,
    found: ["select count(*)::int as n from godwit.statement where tag = 'VACUUM' and state = 'done'", { n: 1 }],
  },
  {
    name: 'a prepared transaction that was committed',
    first: table,
    file: "commit prepared 'GID';",
    at: /^commit prepared/,
    instead: "commit prepared 'GID'",
    found: ['select count(*)::int as n from t', { n: 1 }],
  },
  {
    name: 'a database that was created',
    first: table,
    file: 'create database "GID";',
    at: /^create database/,
    instead: 'create database "GID"',
    found: ["select count(*)::int as n from pg_database where datname = 'GID'", { n: 1 }],
  },
  {
    name: 'a database that was dropped',
    first: table,
    file: 'create database "GID";\ndrop database "GID";',
    at: /^\s*drop database/,
    instead: 'drop database "GID"',
    found: ["select count(*)::int as n from pg_database where datname = 'GID'", { n: 0 }],
  },
  {
    name: 'a tablespace that was created',
    first: table,
    file: 'set allow_in_place_tablespaces to on;\ncreate tablespace "GID" location \'\';',
    at: /^\s*create tablespace/,
    instead: 'set allow_in_place_tablespaces to on; create tablespace "GID" location \'\'',
    found: ["select count(*)::int as n from pg_tablespace where spcname = 'GID'", { n: 1 }],
  },
  {
    name: 'a tablespace that was dropped',
    first: table,
    file: 'set allow_in_place_tablespaces to on;\ncreate tablespace "GID" location \'\';\ndrop tablespace "GID";',
    at: /^\s*drop tablespace/,
    instead: 'drop tablespace "GID"',
    found: ["select count(*)::int as n from pg_tablespace where spcname = 'GID'", { n: 0 }],
  },
  {
    name: 'a subscription that was created',
    first: table,
    file: 'create subscription "GID" connection \'dbname=nowhere\' publication p;',
    at: /^create subscription/,
    instead: 'create subscription "GID" connection \'dbname=nowhere\' publication p with (connect = false)',
    found: ["select count(*)::int as n from pg_subscription where subname = 'GID'", { n: 1 }],
  },
];

/** A concurrent rebuild that waits for an old snapshot, and is stopped there. */
async function stopRebuild(database: TestDatabase, what: string): Promise<void> {
  const blocker = await database.connect();
  await blocker.query('begin isolation level repeatable read; select from app.t, app.p1');
  const builder = await database.connect();
  await builder.query("set search_path to app, public; set statement_timeout to '300ms'");
  await builder.query(`reindex ${what}`).catch(() => {});
  await builder.end();
  await blocker.query('commit');
  const left = await database.query('select 1 from pg_index where not indisvalid');
  if (left.length === 0) throw new Error('the rebuild has left nothing behind');
}

test.each(majors.flatMap((major) => cases.map((one) => ({ ...one, major }))))(
  'after a loss of the connection inside a statement: $name (PostgreSQL $major)',
  async ({ first, file, at, instead, found, major }) => {
    await using database = await createTestDatabase(major);
    const gid = `g_${database.name}`;
    const own = (text: string): string => text.replaceAll('GID', gid);
    const act = async (): Promise<void> => {
      if (typeof instead === 'function') await instead(database);
      else if (instead !== undefined) for (const one of own(instead).split(';')) await database.query(one);
    };
    await using way = await cutAt(database.url, at, act);
    using project = createProject({ 'migrations/1_first.sql': first }, way.url);
    const base = await project.run('up');
    expect(base.exitCode, base.err).toBe(0);
    if (file.includes('prepared')) {
      await database.query(`begin; insert into t values (7); prepare transaction '${gid}'`);
    }
    project.write('migrations/2_outside.sql', own(file));
    const ran = await project.run('up', '--yes');
    expect(ran.exitCode, ran.err).toBe(0);
    expect(way.done()).toBe(true);
    expect(await database.query(own(found[0]))).toEqual([found[1]]);
    const left = await database.query("select 1 from godwit.statement where state = 'intent' or seq is null");
    expect(left).toEqual([]);
    await tidy(database, gid);
  },
);

/** Databases, tablespaces and subscriptions would outlive the test's own database. */
async function tidy(database: TestDatabase, name: string): Promise<void> {
  await database.query(`alter subscription "${name}" set (slot_name = none)`).catch(() => {});
  for (const what of ['subscription', 'database', 'tablespace'])
    await database.query(`drop ${what} if exists "${name}"`).catch(() => {});
}
