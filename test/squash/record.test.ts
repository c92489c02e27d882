import { expect, test } from 'vitest';
import { codesOf, historyOf } from '../adopt/told.ts';
import { createTestDatabase, majors, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

const originals = {
  'migrations/0001_users.sql':
    "create table users (id int primary key, name text not null);\ninsert into users values (1, 'admin'), (2, 'guest');",
  'migrations/0002_email.sql':
    "alter table users add column email text;\nupdate users set email = name || '@x' where id = 1;",
  'migrations/0003_orders.sql':
    'create table orders (id int primary key, user_id int references users);\ncreate index concurrently orders_user on orders (user_id);',
} as const;
const later = { 'migrations/0004_view.sql': 'create view totals as select count(*) from orders;' } as const;
const squashed = `-- godwit: replaces 1..3
create table users (id int primary key, name text not null, email text);
insert into users values (1, 'admin'), (2, 'guest');
update users set email = name || '@x' where id = 1;
create table orders (id int primary key, user_id int references users);
create index orders_user on orders (user_id);
`;
const path = 'migrations/0003_squashed.sql';

/** The release before the squash, on this database; then the one with it. */
async function squash(project: TestProject, text = squashed): Promise<void> {
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  for (const file of Object.keys(originals)) project.remove(file);
  project.write(path, text);
}

async function objectsOf(database: TestDatabase): Promise<unknown> {
  return await database.query(
    'select kind, name, words, made::int, seq::int from godwit.object order by class, oid, sub',
  );
}

test.each(majors)(
  'F8: a database with all that was squashed records the file and executes nothing (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    using project = createProject({ ...originals, ...later }, database.url);
    await squash(project);
    const status = await project.run('status');
    expect(status.shown).toMatch(/• 3 squashed +pending: `up` records it in place of 3 that are applied/);
    const plan = await project.run('plan');
    expect(plan.shown).toContain('1 migration would be recorded:');
    expect(plan.shown).toMatch(/3 squashed +recorded +in place of 3 that are applied; nothing is executed/);
    const before = await objectsOf(database);
    await database.query("update users set name = 'edited' where id = 2");

    const up = await project.run('up');
    expect(up.exitCode, up.err).toBe(0);
    expect(up.err).toContain('Rehearsing 2 migrations');
    expect(up.err).toMatch(/✔ 3 squashed .*recorded in place of what it replaces/);
    expect(await historyOf(database)).toEqual(['applied 1', 'applied 2', 'applied 3', 'applied 4', 'squashed 3']);
    expect(await objectsOf(database)).toEqual(before);
    expect(await database.query('select name from users order by id')).toEqual([{ name: 'admin' }, { name: 'edited' }]);

    expect((await project.run('up')).err).toContain('Nothing to do');
    const after = await project.run('status');
    expect(after.shown).toMatch(/✔ 3 squashed +squashed .*\n +✔ 4 view/);
    expect(after.shown).not.toContain('0002_email');
    const chain = await project.run('runs', 'verify-chain');
    expect(chain.exitCode, chain.shown).toBe(0);
  },
);

test('F8: what the originals made is still watched, by their names', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ ...originals, ...later }, database.url);
  await squash(project);
  expect((await project.run('up')).exitCode).toBe(0);
  expect((await project.run('verify', '--strict')).exitCode).toBe(0);
  await database.query('drop index orders_user; delete from users where id = 2');
  const drift = await project.run('verify');
  expect(drift.exitCode).toBe(50);
  expect(drift.shown).toMatch(/index public\.orders_user migrations\/0003_orders\.sql\n/);
  expect(drift.shown).toMatch(/users \(id 2\) migrations\/0001_users\.sql/);
  const show = await project.run('runs', 'list', '--json');
  const [run] = (show.json[0] as unknown as { runs: { run: string }[] }).runs;
  expect((await project.run('runs', 'show', run?.run ?? '')).shown).toContain('squashed');
});

test('F8: a new database runs the squashed file alone, also with the replaced ones beside it', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ ...originals, ...later, [path]: squashed }, database.url);
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  expect(await historyOf(database)).toEqual(['applied 3', 'applied 4']);
  expect((await project.run('verify')).exitCode).toBe(0);
  for (const file of Object.keys(originals)) project.remove(file);
  expect((await project.run('up')).err).toContain('Nothing to do');
  project.write(path, squashed.replace('email text', 'email varchar'));
  const changed = await project.run('up');
  expect(changed.exitCode).toBe(10);
  expect(changed.err).toContain('[migration-changed]');
});

test.each([
  [
    'another type',
    ['email text', 'email varchar(50)'],
    'column public.users.email: the file makes type: character varying(50)',
  ],
  [
    'a missing index',
    ['create index orders_user on orders (user_id);', ''],
    'index public.orders_user: migrations/0003_orders.sql made it',
  ],
  ['a further table', ['create table orders', 'create table more (id int);\ncreate table orders'], 'table public.more'],
])('F8: a file that makes something else is not recorded (%s) (`squash-not-rehearsed`)', async (_, [was, is], told) => {
  await using database = await createTestDatabase();
  using project = createProject({ ...originals, ...later }, database.url);
  await squash(project, squashed.replace(was ?? '', is ?? ''));
  const up = await project.run('up');
  expect(up.exitCode).toBe(10);
  expect(up.err).toContain('[squash-differs]');
  expect(up.err).toContain(told);
  expect(up.err).not.toContain('[squash-not-rehearsed]');
  expect(await historyOf(database)).toEqual(['applied 1', 'applied 2', 'applied 3', 'applied 4']);
});

test('F8: rows that the originals wrote out and the file does not are named (`squash-differs`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ ...originals, ...later }, database.url);
  await squash(project, squashed.replace(/insert into users.*\n/, ''));
  const up = await project.run('up');
  expect(up.exitCode).toBe(10);
  expect(up.err).toContain('[squash-differs]');
  expect(up.err).toContain(
    'rows of public.users: the replaced migrations, such as migrations/0001_users.sql, wrote the row 2; the squashed file makes 0',
  );
  const named = await project.run('adopt', '3');
  expect(named.exitCode, named.err).toBe(0);
  expect((await historyOf(database)).at(-1)).toBe('squashed 3');
});

test('F8: drift of the database is no difference of the file', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ ...originals, ...later }, database.url);
  await squash(project);
  await database.query('alter table users alter column name set default 7; drop index orders_user');
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  const verified = await project.run('verify');
  expect(verified.exitCode).toBe(50);
  expect(verified.shown).toContain('index public.orders_user');
});

test('F8: a statement that changes rows and was never executed here is recorded only by name (`squash-rows`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ ...originals, ...later }, database.url);
  await squash(project, squashed.replace("name || '@x'", "name || '@y'"));
  const up = await project.run('up');
  expect(up.exitCode).toBe(10);
  expect(up.err).toContain('[squash-rows]');
  expect(up.err).toContain('migrations/0003_squashed.sql:4');
  const named = await project.run('adopt', '3');
  expect(named.exitCode, named.err).toBe(0);
  expect(named.err).toContain('[squash-rows]');
  expect((await historyOf(database)).at(-1)).toBe('squashed 3');
  expect((await project.run('up')).err).toContain('Nothing to do');
});

test('F8: a database with a part of it is refused, with what it has, while the files are gone (`squash-in-part`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ ...originals, ...later }, database.url);
  expect((await project.run('up', '--to', '2')).exitCode).toBe(0);
  for (const file of Object.keys(originals)) project.remove(file);
  project.write(path, squashed);
  const up = await project.run('up');
  expect(up.exitCode).toBe(10);
  expect(up.err).toContain('[squash-in-part]');
  expect(up.err).toContain('The file replaces 1..3. Of these 2 are applied here (1, 2); 3 is not.');
  expect(codesOf((await project.run('up', '--json')).json)).toEqual(['squash-in-part']);
  expect(await historyOf(database)).toEqual(['applied 1', 'applied 2']);
});

test('F8: with their files beside it a database goes on with these, and records the file behind them (`squash-waits`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ ...originals, ...later }, database.url);
  expect((await project.run('up', '--to', '2')).exitCode).toBe(0);
  project.write(path, squashed);
  const first = await project.run('up');
  expect(first.exitCode, first.err).toBe(0);
  expect(first.err).toContain('[squash-waits]');
  expect(await historyOf(database)).toEqual(['applied 1', 'applied 2', 'applied 3', 'applied 4']);
  expect((await project.run('up')).exitCode).toBe(0);
  expect((await historyOf(database)).at(-1)).toBe('squashed 3');
});

test('F8: an original that was changed meanwhile is refused as before', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ ...originals, ...later }, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  project.write('migrations/0002_email.sql', 'alter table users add column email int;');
  project.write(path, squashed);
  const up = await project.run('up');
  expect(up.exitCode).toBe(10);
  expect(up.err).toContain('[migration-changed]');
  expect(up.err).toContain('migrations/0002_email.sql');
});

test('F8: down undoes the whole of it by its own file; there is no way into its middle (`version-squashed`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ ...originals, ...later }, database.url);
  await squash(project);
  expect((await project.run('up')).exitCode).toBe(0);
  const inside = await project.run('down', '--to', '2');
  expect(inside.exitCode).toBe(10);
  expect(inside.err).toContain('[version-squashed]');
  const without = await project.run('down', '--to', '0');
  expect(without.err).toContain('[down-missing]');
  project.write('migrations/0004_view.down.sql', 'drop view totals;');
  project.write('migrations/0003_squashed.down.sql', 'drop table orders;\ndrop table users;');
  expect((await project.run('down')).err).toContain('4 view');
  const down = await project.run('down');
  expect(down.exitCode, down.err).toBe(0);
  expect((await historyOf(database)).slice(-2)).toEqual(['reverted 4', 'reverted 3']);
  const again = await project.run('up');
  expect(again.exitCode, again.err).toBe(0);
  expect((await historyOf(database)).slice(-2)).toEqual(['applied 3', 'applied 4']);
  expect(await database.query('select count(*)::int from users')).toEqual([{ count: 2 }]);
  expect((await project.run('verify')).exitCode).toBe(0);
});

test('F8: what a down file leaves of that which was squashed is a failure', async () => {
  await using database = await createTestDatabase();
  using project = createProject(originals, database.url);
  await squash(project);
  expect((await project.run('up')).exitCode).toBe(0);
  project.write('migrations/0003_squashed.down.sql', 'drop table orders;');
  const down = await project.run('down');
  expect(down.exitCode).toBe(50);
  expect(down.err).toContain('table public.users');
  expect(down.err).toContain('still there');
});

test('F8: what stands beside and behind it runs in the same command', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ ...originals, ...later }, database.url);
  await squash(project);
  project.write('migrations/0005_more.sql', 'create table more (id int primary key);');
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  expect((await historyOf(database)).slice(-2)).toEqual(['squashed 3', 'applied 5']);
});

test.each([
  ['of a version before what it replaces', 'migrations/0002_squashed.sql', 'its own version, 2, is older than 3'],
  ['behind what it does not replace', 'migrations/0005_squashed.sql', '0004_view.sql is between'],
])('F8: a squashed file %s is refused', async (_, file, told) => {
  using project = createProject({ ...later, [file]: squashed });
  const plan = await project.run('plan');
  expect(plan.exitCode).toBe(10);
  expect(plan.shown).toContain('[directive-invalid]');
  expect(plan.shown).toContain(told);
});
