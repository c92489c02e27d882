import { expect, test } from 'vitest';
import { createTestDatabase, majors, type TestDatabase } from '../../../test/support/database.ts';
import { createConnector } from '../../adapters/postgres/connector.ts';
import { readDatabaseUrl } from '../../adapters/url/database-url.ts';
import { fireTriggers } from './fire-triggers.ts';

const noop = "create function noop() returns trigger language plpgsql as 'begin return coalesce(new, old); end';";

/** Fires the trigger `t` of table `child` (or another) after `sql` has made it. */
async function fire(database: TestDatabase, sql: string, table = 'child'): Promise<string> {
  await database.query(`${noop} ${sql}`);
  const url = readDatabaseUrl(database.url, 'url', { user: 'postgres' });
  if (!url.ok) throw new Error('no url');
  const opened = await createConnector(url.value.address).open({
    pipelined: true,
    applicationName: 'test',
    settings: {},
  });
  if (!opened.ok) throw new Error('no session');
  try {
    const [result] = await fireTriggers(opened.value, [{ schema: 'public', table, name: 't' }]);
    const after = await opened.value.send('select 1', { rows: 'all' });
    expect(after.ok).toBe(true);
    return result!.fired === 'not-tried' ? `not-tried: ${result!.why}` : result!.fired;
  } finally {
    await opened.value.close();
  }
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

test('a WHEN condition on a boolean is met by the other of two rows', async () => {
  await using database = await createTestDatabase();
  const when = 'when (not new.active)';
  expect(
    await fire(
      database,
      `create table child (id int primary key, active boolean not null default true); ${trigger('before insert on child for each row', when)}`,
    ),
  ).toBe('yes');
});

test('what cannot be set off is told, and is no failure', async () => {
  await using database = await createTestDatabase();
  expect(
    await fire(
      database,
      `create table child (id int); ${trigger('before insert on child for each row', 'when (new.id = 4711)')}`,
    ),
  ).toBe('not-tried: its WHEN condition did not hold for the rows at hand');
  await using other = await createTestDatabase();
  expect(
    await fire(
      other,
      `create table child (id int check (id > 100)); ${trigger('before truncate on child for each statement')}`,
    ),
  ).toContain('not-tried');
});

test('a disabled trigger does not fire', async () => {
  await using database = await createTestDatabase();
  expect(
    await fire(
      database,
      `create table child (id int); ${trigger('after insert on child for each statement')} alter table child disable trigger t;`,
    ),
  ).toBe('no');
});
