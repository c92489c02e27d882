import { expect, test } from 'vitest';
import { createTestDatabase, majors } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { currencies, notFollowed, seeded, up, verify } from '../support/seeds.ts';

test.each(majors)('on PostgreSQL %i a row that is missing fails, one that was changed warns', async (major) => {
  await using database = await createTestDatabase(major);
  using project = await seeded(database, currencies);
  expect(await verify(project)).toMatchObject({ exitCode: 0, failed: [], intact: 3 });
  await database.query(`update currencies set name = 'Pound Sterling' where code = 'GBP';
    update currencies set rank = 1 where code = 'EUR'; insert into currencies values ('CHF', 'Franc')`);
  expect(await verify(project)).toMatchObject({
    exitCode: 0,
    failed: ['warning: public.currencies (code GBP) changed: name'],
    intact: 2,
  });
  await database.query("delete from currencies where code = 'JPY'");
  const damaged = await verify(project);
  expect(damaged).toMatchObject({
    exitCode: 50,
    failed: ['warning: public.currencies (code GBP) changed: name', 'error: public.currencies (code JPY) missing'],
  });
  expect(damaged.findings.find(({ code }) => code === 'check-failed')?.where).toEqual({
    file: 'migrations/1_seeds.sql',
    line: 2,
  });
});

test('a changed row of a frozen file fails', async () => {
  await using database = await createTestDatabase();
  using project = await seeded(database, `-- godwit: frozen\n${currencies}`);
  await database.query("update currencies set name = 'Pound Sterling' where code = 'GBP'");
  expect(await verify(project)).toMatchObject({
    exitCode: 50,
    failed: ['error: public.currencies (code GBP) changed: name'],
  });
});

test.each(majors)('on PostgreSQL %i keys of every kind are found again (`check-failed`)', async (major) => {
  await using database = await createTestDatabase(major);
  using project = await seeded(
    database,
    `create schema app;
create type app.mood as enum ('sad', 'glad');
create domain app.code as char(4);
set search_path to app, public;
create table u (id uuid primary key); insert into u values ('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11');
create table b (id bigint primary key, n numeric(10,2)); insert into b values (-9007199254740993, 1), (+0, 2);
create table "Odd ""name" ("Kéy" text primary key, "Ü" text);
insert into "Odd ""name" values ('Åland 🐦', E'a\\tb'), (U&'\\0441', $$it's$$), ('', null);
create table e (m mood primary key); insert into e values ('sad'), ('glad'::mood);
create table d (day date, at timestamptz, primary key (day, at)); insert into d values ('2024-1-5', '2024-02-03 04:05:06.7+02'), (date '2024-01-06', '2024-01-01');
create table c (a int, b code, x int, primary key (b, a)); insert into c (x, a, b) values (1, 1, 'x'), (2, 1, 'y'), (3, 2, 'x');
create table r (f real primary key, y bytea unique); insert into r values (0.1, '\\x00ff'), (1e10, 'a');
create table i (id int generated always as identity primary key, code varchar(5) unique, twice text generated always as (code || code) stored);
insert into i (code, twice) values ('one', default), ('two', default);
create table p (id int, region text, primary key (region, id)) partition by list (region);
create table p_eu partition of p for values in ('eu'); insert into p values (1, 'eu'), (2, 'eu');
create table n (id serial primary key, k text unique, v text default 'x');
insert into n (k, v) values (null, 'a'), ('k', now()::text), ('l', default);
create table arr (k int[] primary key); insert into arr values ('{1,2}'), (array[3]);
reset search_path;
insert into app.u values ('b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11');`,
  );
  expect(await verify(project)).toMatchObject({ exitCode: 0, failed: [], intact: 24 });
  for (const { table } of await database.query<{ table: string }>(
    `select format('app.%I', relname) as table from pg_class where relnamespace = 'app'::regnamespace and relkind = 'r' and not relispartition`,
  ))
    await database.query(`delete from ${table}`);
  await database.query('delete from app.p');
  const gone = await verify(project);
  expect(gone.failed).toHaveLength(24);
  expect(gone.failed).toContain(`error: app."Odd ""name" (Kéy Åland 🐦) missing`);
  expect(gone.failed).toContain('error: app.d (day 2024-01-05, at 2024-02-03 02:05:06.7+00) missing');
});

test('keys whose equality belongs to an extension or a collation are found again', async () => {
  await using database = await createTestDatabase();
  using project = await seeded(
    database,
    `create extension citext; create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
create table a (k citext primary key); insert into a values ('Mixed');
create table b (k text collate ci primary key, c text collate "C" unique); insert into b values ('x', 'y');`,
  );
  expect(await verify(project)).toMatchObject({ failed: [], intact: 2 });
  await database.query('delete from a; delete from b');
  expect((await verify(project)).failed).toEqual([
    'error: public.a (k Mixed) missing',
    'error: public.b (k x) missing',
  ]);
});

test('rows without a literal key are not followed, and nothing is said of them', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_a.sql': `create table a (id serial primary key, v text); insert into a (v) values ('x'), ('y');
create table b (v text); insert into b values ('x');
create table c (v text primary key); insert into c select 'x'; insert into c values (lower('Y'));
create temp table d (v text primary key); insert into d values ('x');
create table e (v text primary key); insert into e values ('x'); drop table e;
create view f as select * from b; insert into f values ('z');
create table g (k text, active bool); create unique index on g (k) where active; create unique index on g (lower(k));
insert into g values ('x', true);
copy c (v) from stdin;
z
\\.
`,
    },
    database.url,
  );
  expect(notFollowed(await up(project))).toEqual([]);
  expect(await verify(project)).toMatchObject({ exitCode: 0, failed: [], intact: 0 });
});

test('rows that are not as the migration wrote them right after it are told once a table, and not followed: `seed-not-followed`', async () => {
  await using database = await createTestDatabase();
  await database.query(`create table theirs (k text primary key, v text); insert into theirs values ('a', 'theirs');
create table lowered (k text primary key);
create function lowered() returns trigger language plpgsql as $$ begin new.k := lower(new.k); return new; end $$;
create trigger lowered before insert on lowered for each row execute function lowered();
create table swallowed (k text primary key);
create function swallowed() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger swallowed before insert on swallowed for each row execute function swallowed();`);
  using project = createProject(
    {
      'migrations/1_a.sql': `insert into theirs values ('a', 'x'), ('b', 'y') on conflict do nothing;
insert into lowered values ('ABC'), ('abd');
insert into swallowed values ('x');
insert into swallowed values ('y');`,
    },
    database.url,
  );
  const findings = await up(project);
  expect(new Set(findings.map(({ code }) => code))).toEqual(new Set(['seed-not-followed']));
  expect(notFollowed(findings).toSorted()).toEqual([
    '1 public.theirs: 1 of 2 rows',
    '2 public.lowered: 1 of 2 rows',
    '3 public.swallowed: 2 rows',
  ]);
  await database.query('delete from theirs');
  expect((await verify(project)).failed).toEqual(['error: public.theirs (k b) missing']);
});

test('of many tables in one run each is followed, also where the key of one cannot be read any more', async () => {
  await using database = await createTestDatabase();
  const tables = Array.from(
    { length: 120 },
    (_, n) => `create table t${n} (k int primary key); insert into t${n} values (${n});`,
  );
  using project = createProject(
    {
      'migrations/1_a.sql': `create schema other; create table other.t5 (k int primary key);
${tables.join('\n')}
create type mood as enum ('glad'); create table moods (m mood primary key); insert into moods values ('glad');
alter type mood rename value 'glad' to 'happy';`,
      'migrations/2_b.sql': `set search_path to other; insert into t5 values (7);`,
      'migrations/3_c.sql': `insert into t5 values (8);`,
    },
    database.url,
  );
  const findings = await up(project);
  expect(notFollowed(findings)).toEqual(['122 public.moods: the row']);
  expect(findings[0]?.why).toMatch(/invalid input value for enum mood: "glad"/);
  expect((await verify(project)).intact).toBe(122);
  await database.query('delete from t0; delete from t5; delete from t119; delete from other.t5');
  expect((await verify(project)).failed.toSorted()).toEqual([
    'error: other.t5 (k 7) missing',
    'error: public.t0 (k 0) missing',
    'error: public.t119 (k 119) missing',
    'error: public.t5 (k 5) missing',
    'error: public.t5 (k 8) missing',
  ]);
});

test('rows that row security hides are never called missing', async () => {
  await using database = await createTestDatabase();
  const role = await database.role('owner');
  await database.query(
    `grant create, usage on schema public to ${role.name}; grant create on database ${database.name} to ${role.name}`,
  );
  using project = createProject(
    {
      'migrations/1_a.sql': `create table hidden (k text primary key); insert into hidden values ('x');
create table later (k text primary key); insert into later values ('x');
alter table hidden enable row level security, force row level security;`,
    },
    role.url,
  );
  expect(notFollowed(await up(project))).toHaveLength(1);
  expect(await verify(project)).toMatchObject({ failed: [], intact: 1 });
  await database.query('alter table later enable row level security, force row level security');
  const hidden = await verify(project);
  expect(hidden.failed).toEqual([]);
  expect(hidden.findings.filter(({ code }) => code === 'not-compared').map(({ why }) => why)).toEqual([
    'Rows of public.later (k x): row security may hide it.',
  ]);
});

test.each(majors)(
  'on PostgreSQL %i rows are looked for by the index, whatever the size of the table',
  async (major) => {
    await using database = await createTestDatabase(major);
    const rows = Array.from(
      { length: 200 },
      (_, n) => `insert into big (id, a) values (${n * 5_001 + 1}, 'seed ${n}');`,
    );
    // Each on a line of its own form, so that they do not become one range.
    const texts = rows.map((row, n) => (n % 2 === 0 ? row : row.replace('values', 'VALUES')));
    using project = createProject(
      {
        'migrations/1_big.sql': 'create table big (id bigint primary key, a text);',
        'migrations/2_rows.sql': texts.join('\n'),
      },
      database.url,
    );
    await up(project);
    await database.query(
      "insert into big select n, 'x' from generate_series(1, 1000000) n on conflict do nothing; analyze big",
    );
    const before = performance.now();
    await database.query(
      'select count(*) from godwit.compare_seeds(array(select distinct relation from godwit.seed), null)',
    );
    expect(performance.now() - before).toBeLessThan(400);
    expect((await verify(project)).intact).toBe(200);
  },
  240_000,
);

test('another session that holds a table exclusively delays nothing (`not-compared`)', async () => {
  await using database = await createTestDatabase();
  using project = await seeded(database, currencies);
  const other = await database.connect();
  await other.query('begin; lock table currencies in access exclusive mode');
  project.write('migrations/2_b.sql', 'create table x (a int); insert into x values (1);');
  await up(project);
  const seen = await verify(project);
  expect(seen.failed).toEqual([]);
  expect(seen.findings.filter(({ code }) => code === 'not-compared').map(({ why }) => why)).toContain(
    'Rows of public.currencies: another session holds the table exclusively, or a column of the key was dropped.',
  );
  await other.query('rollback');
  expect((await verify(project)).intact).toBe(3);
});
