import { expect, test } from 'vitest';
import { createTestDatabase, majors, type TestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { codesOf, historyOf } from './told.ts';

const files = {
  'migrations/1_users.sql': 'create table users (id int primary key, name text not null);',
  'migrations/2_orders.sql':
    'create table orders (id int, user_id int references users);\ncreate index orders_user on orders (user_id);',
  'migrations/3_view.sql': 'create view totals as select count(*) from orders;',
  'migrations/4_audit.sql':
    "create function note() returns trigger language plpgsql as 'begin return new; end';\ncreate table audit (id int);\ncreate trigger noted before insert on audit for each row execute function note();\nrevoke execute on function note() from public;",
} as const;

async function made(database: TestDatabase, upTo: number): Promise<void> {
  await database.query(Object.values(files).slice(0, upTo).join('\n'));
}

test.each(majors)(
  'a database made by hand is adopted whole, and watched from then on (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    await made(database, 4);
    using project = createProject(files, database.url);
    const adopted = await project.run('adopt');
    expect(adopted.exitCode, adopted.err).toBe(0);
    expect(adopted.err).toContain(`Rehearsing 4 migrations on PostgreSQL ${major} …`);
    expect(await historyOf(database)).toEqual(['adopted 1', 'adopted 2', 'adopted 3', 'adopted 4']);
    expect((await project.run('up')).err).toContain('Nothing to do');
    const verified = await project.run('verify', '--strict');
    expect(verified.exitCode, verified.shown).toBe(0);
    expect((await project.run('status')).shown).toMatch(/✔ 1 users +adopted/);

    const again = await project.run('adopt');
    expect(again.exitCode).toBe(0);
    expect(again.err).toContain('Nothing to do');

    await database.query('alter table audit alter column id set default 7; drop index orders_user');
    const drift = await project.run('verify');
    expect(drift.exitCode).toBe(50);
    expect(drift.shown).toMatch(/column public\.audit\.id migrations\/4_audit\.sql/);
    expect(drift.shown).toMatch(/index public\.orders_user migrations\/2_orders\.sql/);
  },
);

test('the baseline knows which migration has created what and which has written it last', async () => {
  await using database = await createTestDatabase();
  const text = {
    'migrations/1_a.sql': 'create table a (id int, gone int);',
    'migrations/2_b.sql': 'alter table a alter column id type bigint;\nalter table a drop column gone;',
    'migrations/3_c.sql': 'alter table a add column note text;\ncomment on table a is $$all of it$$;',
  };
  await database.query(Object.values(text).join('\n'));
  using project = createProject(text, database.url);
  const adopted = await project.run('adopt');
  expect(adopted.exitCode, adopted.err).toBe(0);
  expect(
    await database.query('select name, made::int, seq::int, whole from godwit.object order by name collate "C"'),
  ).toEqual([
    { name: 'public.a', made: 1, seq: 3, whole: true },
    { name: 'public.a.id', made: 1, seq: 2, whole: false },
    { name: 'public.a.note', made: 3, seq: 3, whole: false },
  ]);
});

test('what is not as the migration makes it is shown object by object, and what stands before it is recorded', async () => {
  await using database = await createTestDatabase();
  await made(database, 4);
  await database.query(
    'drop index orders_user; create index orders_user on orders using hash (user_id); alter table audit add column more int',
  );
  using project = createProject(files, database.url);
  const adopted = await project.run('adopt');
  expect(adopted.exitCode).toBe(10);
  expect(adopted.err.match(/\[adopt-not-proven\]/g)).toHaveLength(1);
  expect(adopted.err).toContain('migrations/2_orders.sql');
  expect(adopted.err).toMatch(
    /index public\.orders_user:\n +expected definition: CREATE INDEX orders_user ON public\.orders USING btree \(user_id\)\n +found +definition: CREATE INDEX orders_user ON public\.orders USING hash/,
  );
  expect(await historyOf(database)).toEqual(['adopted 1']);
  expect(adopted.err).toContain('Stopped; what was recorded remains: 1 migration recorded');
});

test.each([
  ['a missing index', 'drop index orders_user', 'index public.orders_user: expected there, found missing'],
  ['a missing table', 'drop table audit', 'table public.audit: expected there, found missing'],
  [
    'a changed CHECK',
    'alter table kinds drop constraint kinds_kind_check; alter table kinds add check (kind in ($$a$$, $$z$$))',
    'constraint public.kinds.kinds_kind_check',
  ],
  [
    'a lost NOT NULL',
    'alter table users alter name drop not null',
    'column public.users.name: expected not null: yes, found no not null',
  ],
  [
    'a disabled trigger',
    'alter table audit disable trigger noted',
    'trigger public.audit.noted: expected fires as usual, found fires: never',
  ],
  [
    'a foreign key without its triggers',
    'alter table orders disable trigger all',
    'constraint public.orders.orders_user_id_fkey',
  ],
  ['another view', 'create or replace view totals as select count(*) from users', 'view public.totals'],
  [
    'another body',
    "create or replace function note() returns trigger language plpgsql as 'begin return null; end'",
    '-AS $function$begin return new',
  ],
  [
    'execution for all',
    'grant execute on function note() to public',
    'function public.note(): expected no grant: EXECUTE to public, found every standard grant',
  ],
])('%s is found', async (_, damage, told) => {
  const more = {
    ...files,
    'migrations/5_kinds.sql': "create table kinds (kind varchar(5) check (kind in ('a', 'b')));",
  };
  await using database = await createTestDatabase();
  await database.query(`${Object.values(more).join('\n')}\n${damage}`);
  using project = createProject(more, database.url);
  const adopted = await project.run('adopt', '--dry-run');
  expect(adopted.exitCode, adopted.shown).toBe(10);
  expect(adopted.shown.replaceAll(/\n *([-+]) ?/g, '\n$1')).toContain(told);
  expect(await database.query("select to_regnamespace('godwit') as s")).toEqual([{ s: null }]);
});

test('what no migration makes is nobody’s business (`adopt-differs`)', async () => {
  await using database = await createTestDatabase();
  await made(database, 4);
  await database.query(
    'create table mine (id int); create index more on users (name); alter table orders add column extra int; grant select on users to public; comment on table users is $$people$$; alter table audit set (fillfactor = 70)',
  );
  using project = createProject(files, database.url);
  const adopted = await project.run('adopt');
  expect(adopted.exitCode, adopted.err).toBe(0);
  expect(adopted.err).toMatch(/\[adopt-differs\]\s+.*grant/);
  expect((await project.run('verify')).exitCode).toBe(0);
});

test('a database that is some migrations behind is adopted as far as it goes, and told what comes next (`adopt-next`)', async () => {
  await using database = await createTestDatabase();
  await made(database, 3);
  using project = createProject(files, database.url);
  const adopted = await project.run('adopt');
  expect(adopted.exitCode, adopted.err).toBe(0);
  expect(adopted.err).toContain('[adopt-next]');
  expect(adopted.err).toContain('Nothing of migrations/4_audit.sql is in the database');
  expect(adopted.err).toContain('Run `godwit plan` to see what is left');
  expect(adopted.err).not.toContain('godwit up');
  expect(await historyOf(database)).toEqual(['adopted 1', 'adopted 2', 'adopted 3']);
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  expect(await historyOf(database)).toEqual(['adopted 1', 'adopted 2', 'adopted 3', 'applied 4']);
});

test('a migration that is there in part is not proven (`adopt-not-proven`)', async () => {
  await using database = await createTestDatabase();
  await made(database, 3);
  await database.query('create table audit (id int)');
  using project = createProject(files, database.url);
  const adopted = await project.run('adopt', '--json');
  expect(adopted.exitCode).toBe(10);
  expect(new Set(codesOf(adopted.json))).toEqual(new Set(['adopt-not-proven']));
  expect(await historyOf(database)).toEqual(['adopted 1', 'adopted 2', 'adopted 3']);
});

test('a migration that was left out in between is told, and nothing behind it is recorded', async () => {
  await using database = await createTestDatabase();
  await database.query(`${files['migrations/1_users.sql']}\n${files['migrations/4_audit.sql']}`);
  using project = createProject(files, database.url);
  const adopted = await project.run('adopt');
  expect(adopted.exitCode).toBe(10);
  expect(adopted.err).toContain('table public.orders: expected there, found missing');
  expect(adopted.err).not.toContain('orders.user_id');
  expect(await historyOf(database)).toEqual(['adopted 1']);
});

test('an empty database proves nothing', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ ...files, 'migrations/5_gone.sql': 'drop view totals;' }, database.url);
  const adopted = await project.run('adopt', '--json');
  expect(adopted.exitCode).toBe(10);
  expect(codesOf(adopted.json)).toEqual(['adopt-not-proven']);
  expect((await project.run('up')).exitCode).toBe(0);
});

const levels = {
  'migrations/1_users.sql': 'create table users (id int);\ncreate table old (id int);',
  'migrations/2_wide.sql': 'alter table users alter column id type bigint;',
  'migrations/3_drop.sql': 'drop table old;\ncreate table fresh (id int);',
  'migrations/4_name.sql': 'alter table users rename to people;',
} as const;

test.each([1, 2, 3, 4])('the target itself tells that it is at migration %i', async (level) => {
  await using database = await createTestDatabase();
  await database.query(Object.values(levels).slice(0, level).join('\n'));
  using project = createProject(levels, database.url);
  const adopted = await project.run('adopt');
  expect(adopted.exitCode, adopted.err).toBe(0);
  expect(await historyOf(database)).toEqual(Array.from({ length: level }, (_, index) => `adopted ${index + 1}`));
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  const verified = await project.run('verify', '--strict');
  expect(verified.exitCode, verified.shown).toBe(0);
});

test('migrations are adopted by version, name or file; an unknown one is refused', async () => {
  await using database = await createTestDatabase();
  await made(database, 4);
  using project = createProject(files, database.url);
  const named = await project.run('adopt', '001', 'orders');
  expect(named.exitCode, named.err).toBe(0);
  expect(await historyOf(database)).toEqual(['adopted 1', 'adopted 2']);
  const file = await project.run('adopt', '3_view.sql');
  expect(file.exitCode, file.err).toBe(0);
  const typo = await project.run('adopt', 'audti');
  expect(typo.exitCode).toBe(2);
  expect(typo.err).toContain('Did you mean `audit`?');
  expect(await historyOf(database)).toEqual(['adopted 1', 'adopted 2', 'adopted 3']);
});

test('a migration asked for by name must be proven', async () => {
  await using database = await createTestDatabase();
  await made(database, 3);
  using project = createProject(files, database.url);
  const named = await project.run('adopt', '3', '4');
  expect(named.exitCode).toBe(10);
  expect(named.err).toContain('[adopt-not-proven]');
  expect(await historyOf(database)).toEqual(['adopted 3']);
});

test('down undoes an adopted migration like an applied one', async () => {
  await using database = await createTestDatabase();
  await made(database, 3);
  using project = createProject({ ...files, 'migrations/3_view.down.sql': 'drop view totals;' }, database.url);
  await project.run('adopt');
  const down = await project.run('down');
  expect(down.exitCode, down.err).toBe(0);
  expect((await historyOf(database)).at(-1)).toBe('reverted 3');
});

test('a dry run says what would be recorded, and records nothing', async () => {
  await using database = await createTestDatabase();
  await made(database, 2);
  using project = createProject(files, database.url);
  const looked = await project.run('adopt', '--dry-run');
  expect(looked.shown).toContain('2 migrations would be recorded: the database already has what they make:');
  expect(looked.shown).toContain('Nothing of migrations/3_view.sql is in the database');
  const baseline = await project.run('adopt', '--dry-run', '--baseline', '3');
  expect(baseline.shown).toContain('3 migrations would be recorded without proof:');
  expect([looked.exitCode, baseline.exitCode]).toEqual([0, 0]);
  expect(await database.query("select to_regnamespace('godwit') as s")).toEqual([{ s: null }]);
});

test.each([[[]], [['--yes']]])('a protected environment asks for approval, but for no checkpoint %j', async (more) => {
  await using database = await createTestDatabase();
  await made(database, 1);
  const config = { environments: { prod: { database: { env: 'PROD_URL' } } } };
  const first = { 'migrations/1_users.sql': files['migrations/1_users.sql'] };
  using project = createProject({ ...first, 'godwit.config.json': JSON.stringify(config) }, undefined, {
    PROD_URL: database.url,
  });
  const refused = await project.run('adopt', '-e', 'prod', '--json', ...more);
  expect(refused.exitCode, refused.out).toBe(10);
  expect(codesOf(refused.json)).toEqual(['needs-approval']);
  expect(await database.query("select to_regnamespace('godwit') as s")).toEqual([{ s: null }]);
});
