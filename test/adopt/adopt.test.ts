import { expect, test } from 'vitest';
import { createTestDatabase, majors, type TestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const files = {
  'migrations/1_users.sql':
    "create table users (id int primary key, name text not null);\ninsert into users values (1, 'root');",
  'migrations/2_orders.sql':
    'create table orders (id int, user_id int references users);\ncreate index orders_user on orders (user_id);',
  'migrations/3_view.sql': 'create view totals as select count(*) from orders;',
  'migrations/4_audit.sql':
    "create function note() returns trigger language plpgsql as 'begin return new; end';\ncreate table audit (id int);\ncreate trigger noted before insert on audit for each row execute function note();\nrevoke execute on function note() from public;",
} as const;

async function made(database: TestDatabase, upTo: number): Promise<void> {
  await database.query(Object.values(files).slice(0, upTo).join('\n'));
}

async function history(database: TestDatabase): Promise<readonly string[]> {
  const rows = await database.query<{ row: string }>(
    "select kind || ' ' || id as row from godwit.migration order by seq",
  );
  return rows.map(({ row }) => row);
}

function codes(json: readonly { readonly kind: string }[]): readonly string[] {
  return json.flatMap((event) =>
    event.kind === 'finding' ? [(event as unknown as { finding: { code: string } }).finding.code] : [],
  );
}

test.each(majors)(
  'a database made by hand is adopted whole, and watched from then on (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    await made(database, 4);
    using project = createProject(files, database.url);
    const adopted = await project.run('adopt');
    expect(adopted.exitCode, adopted.err).toBe(0);
    expect(await history(database)).toEqual(['adopted 1', 'adopted 2', 'adopted 3', 'adopted 4']);
    expect((await project.run('up')).err).toContain('Nothing to do');
    expect((await project.run('verify')).exitCode).toBe(0);
    expect((await project.run('status')).err).toMatch(/✔ 1 users +adopted/);

    const again = await project.run('adopt');
    expect(again.exitCode).toBe(0);
    expect(again.err).toContain('Nothing to do');

    // No migration states a default: the baseline finds it.
    await database.query('alter table audit alter column id set default 7');
    const drift = await project.run('verify');
    expect(drift.exitCode).toBe(50);
    expect(drift.err).toContain('public.audit.id');
  },
);

test('the first migration that is not proven stops adoption and is named with check and place', async () => {
  await using database = await createTestDatabase();
  await made(database, 4);
  await database.query('drop index orders_user; create index orders_user on orders using hash (user_id)');
  using project = createProject(files, database.url);
  const adopted = await project.run('adopt');
  expect(adopted.exitCode).toBe(10);
  expect(adopted.err).toContain('[adopt-not-proven]');
  expect(adopted.err).toMatch(/index public\.orders_user: expected method: btree, found method: hash/);
  expect(adopted.err).toContain('migrations/2_orders.sql:2');
  expect(await history(database)).toEqual(['adopted 1']);
  expect(adopted.err).toContain('Stopped; what was recorded stands: 1 migration recorded');
});

test('a database that is some migrations behind is adopted as far as it goes', async () => {
  await using database = await createTestDatabase();
  await made(database, 3);
  using project = createProject(files, database.url);
  const adopted = await project.run('adopt');
  expect(adopted.exitCode, adopted.err).toBe(0);
  expect(adopted.err).toContain('Nothing of migrations/4_audit.sql is in the database');
  expect(adopted.err).toContain('`godwit up` applies');
  expect(await history(database)).toEqual(['adopted 1', 'adopted 2', 'adopted 3']);
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  expect(await history(database)).toEqual(['adopted 1', 'adopted 2', 'adopted 3', 'applied 4']);
});

test('a migration that is there in part is not proven', async () => {
  await using database = await createTestDatabase();
  await made(database, 3);
  await database.query('create table audit (id int)');
  using project = createProject(files, database.url);
  const adopted = await project.run('adopt', '--json');
  expect(adopted.exitCode).toBe(10);
  expect(new Set(codes(adopted.json))).toEqual(new Set(['adopt-not-proven']));
  expect(await history(database)).toEqual(['adopted 1', 'adopted 2', 'adopted 3']);
});

test('an empty database proves nothing', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  const adopted = await project.run('adopt', '--json');
  expect(adopted.exitCode).toBe(10);
  expect(codes(adopted.json)).toContain('adopt-not-proven');
  expect((await project.run('up')).exitCode).toBe(0);
});

test('what a missing later migration changes or drops is looked for as the earlier ones state it', async () => {
  await using database = await createTestDatabase();
  await database.query('create table users (id bigint); create table old (id int)');
  using project = createProject(
    {
      'migrations/1_users.sql': 'create table users (id int);\ncreate table old (id int);',
      'migrations/2_wide.sql': 'alter table users alter column id type bigint;',
      'migrations/3_drop.sql': 'drop table old;\ncreate table fresh (id int);',
    },
    database.url,
  );
  const adopted = await project.run('adopt');
  expect(adopted.exitCode, adopted.err).toBe(0);
  expect(await history(database)).toEqual(['adopted 1', 'adopted 2']);

  await using other = await createTestDatabase();
  await other.query('create table users (id int)');
  using again = createProject(
    {
      'migrations/1_users.sql': 'create table users (id int);\ncreate table old (id int);',
      'migrations/2_drop.sql': 'drop table old;\ncreate table fresh (id int);',
    },
    other.url,
  );
  // Table `old` is there in neither state; without 2, migration 1 is not proven either.
  const refused = await again.run('adopt');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain('table public.old');
  expect(await history(other)).toEqual([]);
});

test('a later migration may drop what an earlier one has made', async () => {
  await using database = await createTestDatabase();
  await database.query('create table kept (id int)');
  using project = createProject(
    {
      'migrations/1_both.sql': 'create table kept (id int);\ncreate table short_lived (id int);',
      'migrations/2_drop.sql': 'drop table short_lived;',
    },
    database.url,
  );
  const adopted = await project.run('adopt');
  expect(adopted.exitCode, adopted.err).toBe(0);
  expect(await history(database)).toEqual(['adopted 1', 'adopted 2']);
});

test('seed rows that the application has edited are a warning only', async () => {
  await using database = await createTestDatabase();
  await made(database, 4);
  await database.query("update users set name = 'admin'");
  using project = createProject(files, database.url);
  const adopted = await project.run('adopt', '--json');
  expect(adopted.exitCode, adopted.out).toBe(0);
  const failed = adopted.json.flatMap((event) =>
    event.kind === 'checks' ? event.checks.filter(({ ok }) => !ok).map(({ kind, severity }) => [kind, severity]) : [],
  );
  expect(failed).toEqual([['seed-row', 'warning']]);
});

test('migrations are adopted by version, name or file; an unknown one is refused', async () => {
  await using database = await createTestDatabase();
  await made(database, 4);
  using project = createProject(files, database.url);
  const named = await project.run('adopt', '001', 'orders');
  expect(named.exitCode, named.err).toBe(0);
  expect(await history(database)).toEqual(['adopted 1', 'adopted 2']);
  const file = await project.run('adopt', '3_view.sql');
  expect(file.exitCode, file.err).toBe(0);
  const typo = await project.run('adopt', 'audti');
  expect(typo.exitCode).toBe(2);
  expect(typo.err).toContain('Did you mean `audit`?');
  expect(await history(database)).toEqual(['adopted 1', 'adopted 2', 'adopted 3']);
});

test('a migration asked for by name must be proven', async () => {
  await using database = await createTestDatabase();
  await made(database, 3);
  using project = createProject(files, database.url);
  const named = await project.run('adopt', '3', '4');
  expect(named.exitCode).toBe(10);
  expect(named.err).toContain('[adopt-not-proven]');
  expect(await history(database)).toEqual(['adopted 3']);
});

test('--baseline records up to a version and warns of what was not proven', async () => {
  await using database = await createTestDatabase();
  await made(database, 3);
  await database.query('drop index orders_user');
  using project = createProject(files, database.url);
  const adopted = await project.run('adopt', '--baseline', '3', '--json');
  expect(adopted.exitCode, adopted.out).toBe(0);
  expect(await history(database)).toEqual(['baseline 1', 'baseline 2', 'baseline 3']);
  const findings = adopted.json.flatMap((event) => (event.kind === 'finding' ? [event.finding] : []));
  expect(findings).toMatchObject([
    { code: 'adopt-not-proven', severity: 'warning', where: { file: 'migrations/2_orders.sql', line: 2 } },
  ]);
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  expect((await history(database)).at(-1)).toBe('applied 4');
  // What was missing when it was recorded is no drift; what is lost afterwards is.
  const still = await project.run('verify');
  expect(still.exitCode, still.err).toBe(0);
  expect(still.err).toContain('index public.orders_user');
  await database.query('alter table users drop constraint users_pkey cascade');
  const drift = await project.run('verify');
  expect(drift.exitCode).toBe(50);
  expect(drift.err).toContain('public.users.users_pkey');
});

test.each([
  [['--baseline', 'x'], 2],
  [['--baseline', '9'], 2],
  [['1', '--baseline', '2'], 2],
])('adopt %j is refused', async (argv, exitCode) => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  expect((await project.run('adopt', ...argv)).exitCode).toBe(exitCode);
  expect(await database.query("select to_regnamespace('godwit') as s")).toEqual([{ s: null }]);
});

test('a protected environment asks for approval, but for no checkpoint: nothing is executed', async () => {
  await using database = await createTestDatabase();
  await made(database, 4);
  const config = { environments: { prod: { database: { env: 'PROD_URL' } } } };
  using project = createProject({ ...files, 'godwit.config.json': JSON.stringify(config) }, undefined, {
    PROD_URL: database.url,
  });
  const refused = await project.run('adopt', '-e', 'prod', '--json');
  expect(refused.exitCode, refused.out).toBe(10);
  expect(codes(refused.json)).toEqual(['needs-approval']);
  expect((await project.run('adopt', '-e', 'prod', '--yes')).exitCode).toBe(10);
  expect(await database.query("select to_regnamespace('godwit') as s")).toEqual([{ s: null }]);
});

test('down undoes an adopted migration like an applied one', async () => {
  await using database = await createTestDatabase();
  await made(database, 3);
  using project = createProject({ ...files, 'migrations/3_view.down.sql': 'drop view totals;' }, database.url);
  await project.run('adopt');
  const down = await project.run('down');
  expect(down.exitCode, down.err).toBe(0);
  expect((await history(database)).at(-1)).toBe('reverted 3');
});

test('the way out: --export writes a plain history table that PostgreSQL takes', async () => {
  await using database = await createTestDatabase();
  await made(database, 3);
  using project = createProject(
    { ...files, 'migrations/3_view.down.sql': 'drop view totals;', 'fixes/o-k.sql': 'create table fixed (id int);' },
    database.url,
  );
  await project.run('adopt');
  await project.run('up');
  expect((await project.run('up', '--file', 'fixes/o-k.sql')).exitCode).toBe(0);
  const exported = await project.run('adopt', '--export');
  expect(exported.exitCode).toBe(0);
  await database.query(exported.out);
  await database.query(exported.out);
  await database.query('drop schema godwit cascade');
  expect(await database.query('select version, name from schema_migrations order by version')).toEqual([
    { version: '1', name: 'users' },
    { version: '2', name: 'orders' },
    { version: '3', name: 'view' },
    { version: '4', name: 'audit' },
    { version: 'file:o-k', name: 'o-k' },
  ]);
  // And back again.
  const back = await project.run('adopt');
  expect(back.exitCode, back.err).toBe(0);
});

test('--export of a database without history is a table without rows', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  const exported = await project.run('adopt', '--export');
  expect(exported.exitCode, exported.err).toBe(0);
  await database.query(exported.out);
  expect(await database.query('select count(*)::int as n from schema_migrations')).toEqual([{ n: 0 }]);
});

test('a dry run says what would be looked for, or recorded without proof, and records nothing', async () => {
  await using database = await createTestDatabase();
  await made(database, 2);
  using project = createProject(files, database.url);
  const looked = await project.run('adopt', '--dry-run', '1', 'orders');
  expect(looked.err).toContain('2 migrations would be looked for in the database, and recorded where they are found:');
  const baseline = await project.run('adopt', '--dry-run', '--baseline', '3');
  expect(baseline.err).toContain('3 migrations would be recorded without proof:');
  expect([looked.exitCode, baseline.exitCode]).toEqual([0, 0]);
  const [schema] = await database.query<{ found: boolean }>(
    "select exists (select from pg_namespace where nspname = 'godwit') as found",
  );
  expect(schema?.found).toBe(false);
});
