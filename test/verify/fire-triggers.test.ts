import { expect, test } from 'vitest';
import { createTestDatabase, majors, type TestDatabase } from '../support/database.ts';
import { createConnector } from '../../src/adapters/postgres/connector.ts';
import { readDatabaseUrl } from '../../src/adapters/url/database-url.ts';
import type { Session } from '../../src/migrate/contract/ports.ts';
import { fireTriggers } from '../../src/migrate/runner/verify/fire-triggers.ts';

const noop = "create function noop() returns trigger language plpgsql as 'begin return coalesce(new, old); end';";

/** Fires the trigger `t` of table `child` (or another) after `sql` has made it. */
async function fire(database: TestDatabase, sql: string, table = 'child'): Promise<string> {
  await database.query(`${noop} ${sql}`);
  const session = await sessionOf(database);
  try {
    const [result] = await fireTriggers(session, [{ schema: 'public', table, name: 't' }]);
    const after = await session.send('select 1', { rows: 'all' });
    expect(after.ok).toBe(true);
    return result!.fired === 'not-tried' ? `not-tried: ${result!.why}` : result!.fired;
  } finally {
    await session.close();
  }
}

async function sessionOf(database: TestDatabase): Promise<Session> {
  const url = readDatabaseUrl(database.url, 'url', { user: 'postgres' });
  if (!url.ok) throw new Error('no url');
  const opened = await createConnector(url.value.address).open({
    pipelined: true,
    applicationName: 'test',
    settings: {},
    onNotice: ({ severity, text }) => {
      throw new Error(`${severity}: ${text}`);
    },
  });
  if (!opened.ok) throw new Error('no session');
  return opened.value;
}

const trigger = (how: string, when = ''): string => `create trigger t ${how} ${when} execute function noop();`;

test.each(majors)(
  'a row-level insert trigger of an empty table fires for a made-up row, parents included (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    const fired = await fire(
      database,
      `create type mood as enum ('sad', 'happy');
     create table top (id uuid primary key default gen_random_uuid(), name varchar(10) not null unique);
     create table parent (id bigint generated always as identity primary key, top_id uuid not null references top);
     create table child (id int primary key, parent_id bigint not null references parent, mood mood not null, at timestamptz not null,
       data jsonb not null check (jsonb_typeof(data) = 'array'), status text not null check (status in ('new', 'done')), tags text[] not null);
     ${trigger('before insert on child for each row')}`,
    );
    expect(fired).toBe('yes');
    expect(
      await database.query('select (select count(*) from child)::int + (select count(*) from top)::int as rows'),
    ).toEqual([{ rows: 0 }]);
  },
);

test('an update trigger fires for a row that is there, and the row stays as it was', async () => {
  await using database = await createTestDatabase();
  const table = 'create table child (id int primary key, n int); insert into child values (1, 5);';
  expect(await fire(database, `${table} ${trigger('after update of n on child for each row')}`)).toBe('yes');
  expect(await database.query('select id, n, xmax::text from child')).toMatchObject([{ id: 1, n: 5 }]);
});

test.each([
  ['after insert on child referencing new table as fresh for each statement'],
  ['before update on child for each statement'],
  ['after delete on child for each statement'],
])('a statement-level trigger fires without touching a row: %s', async (how) => {
  await using database = await createTestDatabase();
  expect(await fire(database, `create table child (id int generated always as identity, n int); ${trigger(how)}`)).toBe(
    'yes',
  );
});

test('a trigger that raises has fired', async () => {
  await using database = await createTestDatabase();
  const guard =
    "create function no_change() returns trigger language plpgsql as 'begin raise exception ''append only''; end';";
  expect(
    await fire(
      database,
      `${guard} create table child (id int); create trigger t before update or delete on child for each statement execute function no_change();`,
    ),
  ).toBe('yes');
});

test('a trigger whose function raises for another trigger of the table is not taken to have fired', async () => {
  await using database = await createTestDatabase();
  const guard =
    "create function no_change() returns trigger language plpgsql as 'begin raise exception ''append only''; end';";
  expect(
    await fire(
      database,
      `${guard} create table child (id int); create trigger a before update on child for each statement execute function no_change();
       create trigger t after update on child for each statement execute function no_change();`,
    ),
  ).toBe('not-tried: another trigger of its table raises errors by the same function');
});

const flags = 'id int primary key, active boolean not null default true, state text, n int';

test.each([
  ['before insert', 'when (not new.active)', ''],
  ['before insert', "when (new.state = 'done' and new.n > 41)", ''],
  ['after update', 'when (new.active and not old.active)', ''],
  ['after update of state', "when (old.state is distinct from new.state and new.state = 'it''s')", ''],
  ['after update', "when (new.state = 'done')", "insert into child values (1, true, 'new', 1);"],
  ['after update', 'when (old.* is distinct from new.*)', 'insert into child values (1, true, null, 1);'],
  ['before delete', 'when (old.n = 7)', 'insert into child values (1, true, null, 1);'],
  ['after update', 'when (new.state is null and old.state is not null)', ''],
])('a WHEN condition is met by one of several rows: %s %s', async (how, when, rows) => {
  await using database = await createTestDatabase();
  const sql = `create table child (${flags}); ${rows} ${trigger(`${how} on child for each row`, when)}`;
  expect(await fire(database, sql)).toBe('yes');
});

test.each([
  ['n int not null check (n > 100)'],
  ['n smallint not null unique check (n between 5 and 7)'],
  ['n numeric not null check (n > 0 and n < 1)'],
  ['n int not null check (n in (3, 4))'],
  ["s varchar(5) not null check (s in ('new', 'done'))"],
  ['s text not null check (length(s) = 3)'],
  ["s text not null check (s ~ '^[a-z][a-z0-9]*$')"],
  ["s text not null check (s like '%@%')"],
  ['a int not null check (a > 10), b int not null check (b < 0)'],
  ['d positive not null'],
  ['a timestamptz not null, b timestamptz not null, check (b > a)'],
  ['ip inet not null, span int4range not null, data bytea not null, gap interval not null, id uuid not null'],
])('a made-up row keeps to what its columns allow: %s', async (columns) => {
  await using database = await createTestDatabase();
  const sql = `create domain positive as int check (value > 5); create table child (${columns}); ${trigger('before insert on child for each row')}`;
  expect(await fire(database, sql)).toBe('yes');
});

test.each([
  ['constraint trigger t after insert on child deferrable initially deferred for each row', ''],
  ['trigger t before insert on child for each row', 'insert into child values (1, 1);'],
  ['trigger t before delete on child for each row', ''],
  ['trigger t before truncate on child for each statement', ''],
])('%s fires', async (how, rows) => {
  await using database = await createTestDatabase();
  const sql = `create table child (id int primary key, n int not null); ${rows} create ${how} execute function noop();`;
  expect(await fire(database, sql)).toBe('yes');
  expect(await database.query('select count(*)::int from child')).toEqual([{ count: rows === '' ? 0 : 1 }]);
});

test.each([
  ['before update on child for each statement'],
  ['after update on child for each row'],
  ['before delete on child for each statement'],
])('triggers of a partitioned table fire: %s', async (how) => {
  await using database = await createTestDatabase();
  const sql = `create table child (id int primary key, n int) partition by range (id); create table low partition of child for values from (0) to (9);`;
  expect(await fire(database, `${sql} ${trigger(how)}`)).toBe('yes');
});

test('an INSTEAD OF trigger of a view fires', async () => {
  await using database = await createTestDatabase();
  const sql = `create view child as select 1 as id; ${trigger('instead of insert on child for each row')}`;
  expect(await fire(database, sql)).toBe('yes');
});

test.each([
  [
    `create table child (id int); ${trigger('before insert on child for each row', 'when (new.id > 10 and new.id < 5)')}`,
    'its WHEN condition did not hold for the rows at hand',
  ],
  [
    `create table child (id int); insert into child values (1); ${trigger('before truncate on child for each statement')}`,
    'only TRUNCATE fires it, and its table has rows',
  ],
  [
    `create table child (id int); create rule r as on update to child do instead nothing; ${trigger('after update on child for each statement')}`,
    'rules rewrite its statement',
  ],
  [
    `create table child (id int); ${trigger('after insert on child for each statement')} alter table child disable trigger t;`,
    'it is disabled',
  ],
  [
    `create table child (id int); ${trigger('after insert on child for each statement')} alter table child enable replica trigger t;`,
    'it is enabled on replicas only',
  ],
  ['create table child (id int)', 'it could not be read'],
])('what cannot be set off is told, and is no failure: %s', async (sql, why) => {
  await using database = await createTestDatabase();
  expect(await fire(database, sql)).toBe(`not-tried: ${why}`);
});

test('a row that somebody works with is neither waited for nor touched', async () => {
  await using database = await createTestDatabase();
  await database.query(
    `${noop} create table child (id int primary key, n int); insert into child values (1, 1), (2, 2); ${trigger('before update on child for each row')}`,
  );
  const other = await database.connect();
  await other.query('begin; update child set n = 5 where id = 1');
  const session = await sessionOf(database);
  const [result] = await fireTriggers(session, [{ schema: 'public', table: 'child', name: 't' }]);
  expect(result!.fired).toBe('yes');
  await session.close();
});

test.each(majors)('many triggers are set off together, twice, and nothing remains (PostgreSQL %i)', async (major) => {
  await using database = await createTestDatabase(major);
  await database.query(`
    create function note() returns trigger language plpgsql as $$begin
      perform pg_advisory_lock(7); perform pg_advisory_lock_shared(1, -2); perform set_config('app.left', 'yes', false);
      insert into noted values (tg_name); if tg_op = 'UPDATE' then raise exception 'no'; end if; return new; end$$;
    create table noted (name text); create table one (id int primary key); insert into one values (1);
    create table two (id int primary key, one_id int not null references one);
    create trigger a before insert on one for each row execute function note();
    create trigger b after insert on two for each statement execute function note();
    create trigger c before update on two for each row execute function note();
    create trigger d after insert on two for each row when (new.id = 12) execute function note();
    create trigger e after insert on two for each row when (new.id < 5 and new.id > 6) execute function note();`);
  const session = await sessionOf(database);
  await session.send('select pg_advisory_lock(8)');
  const named = (['a', 'b', 'c', 'd', 'e'] as const).map((name) => ({
    schema: 'public',
    table: name === 'a' ? 'one' : 'two',
    name,
  }));
  for (const _ of [1, 2]) {
    const results = await fireTriggers(session, named);
    expect(results.map(({ trigger }) => trigger)).toEqual(named);
    expect(results.map(({ fired }) => fired)).toEqual(['yes', 'yes', 'yes', 'yes', 'not-tried']);
    const left = await session.send(
      `select (select count(*) from noted) + (select count(*) from two) + (select count(*) from one where id <> 1),
         (select string_agg(objid::text, ',') from pg_locks where pid = pg_backend_pid() and locktype = 'advisory'),
         (select count(*) from pg_locks where pid = pg_backend_pid() and locktype = 'relation' and mode <> 'AccessShareLock'),
         coalesce(current_setting('app.left', true), ''), current_setting('lock_timeout'), current_setting('statement_timeout'),
         current_setting('client_min_messages'), (select xact_start = query_start from pg_stat_activity where pid = pg_backend_pid())`,
      { rows: 'all' },
    );
    expect(left).toMatchObject({ ok: true, results: [{ rows: [['0', '8', '0', '', '0', '0', 'notice', 't']] }] });
  }
  await session.close();
});
