import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { deploy } from '../../src/index.ts';
import { createTestDatabase, majors, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { history } from './applied.ts';
import { test } from '../support/test.ts';

const prices = {
  'migrations/1_shop.sql': 'create table prices (id int primary key, cents int);',
  'migrations/1_shop.down.sql': 'drop table prices;',
  'fixes/add_notes.sql': 'alter table prices add column note text;\ncreate table notes (id int);',
  'fixes/rollback_add_notes.sql': 'drop table notes;\nalter table prices drop column note;',
};

async function shop(database: TestDatabase): Promise<TestProject> {
  const project = createProject(prices, database.url);
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  const bare = await project.run('up', '--file', 'fixes/add_notes.sql');
  expect(bare.exitCode, bare.err).toBe(0);
  return project;
}

test.each(majors)('the example’s bare file is applied, undone and applied again (PostgreSQL %i)', async (major) => {
  await using database = await createTestDatabase(major);
  const example = new URL('../../examples/vividly/', import.meta.url);
  const files = ['migrations', 'bare'].flatMap((folder) =>
    readdirSync(new URL(folder, example)).map((name) => `${folder}/${name}`),
  );
  using project = createProject(
    Object.fromEntries(files.map((file) => [file, readFileSync(new URL(file, example), 'utf8')])),
    database.url,
  );
  expect((await project.run('up')).exitCode).toBe(0);
  const up = await project.run('up', '--file', 'bare/add_prompt_notes.sql');
  expect(up.exitCode, up.err).toBe(0);
  const twice = await project.run('up', '--file', 'bare/add_prompt_notes.sql');
  expect(twice.exitCode).toBe(0);
  expect(twice.err).toContain('Nothing to do');
  const down = await project.run('down', '--file', 'bare/add_prompt_notes.sql');
  expect(down.exitCode, down.err).toBe(0);
  expect(await database.query("select to_regclass('prompt_notes') as t")).toEqual([{ t: null }]);
  const again = await project.run('up', '--file', 'bare/add_prompt_notes.sql');
  expect(again.exitCode, again.err).toBe(0);
  expect((await history(database)).slice(7)).toEqual([
    'applied file:add_prompt_notes',
    'reverted file:add_prompt_notes',
    'applied file:add_prompt_notes',
  ]);
  expect((await project.run('verify')).exitCode).toBe(0);
});

test('applying rollback_<name>.sql undoes the bare file, proves it gone, and lets it be applied again', async ({
  database,
}) => {
  using project = await shop(database);
  const plan = await project.run('plan', '--file', 'fixes/rollback_add_notes.sql', '--json');
  expect(plan.json[0]).toMatchObject({ plan: { steps: [{ id: 'file:add_notes', direction: 'down' }] } });
  const undone = await project.run('up', '--file', 'fixes/rollback_add_notes.sql', '--json');
  expect(undone.exitCode, undone.out).toBe(0);
  const checks = undone.json.flatMap((event) => (event.kind === 'checks' ? event.checks : []));
  expect(checks.map(({ object, ok, expected }) => [object, ok, expected])).toEqual([
    ['public.prices.note', true, 'gone'],
    ['public.notes', true, 'gone'],
  ]);
  expect((await history(database)).slice(1)).toEqual(['applied file:add_notes', 'reverted file:add_notes']);
  expect((await project.run('up', '--file', 'fixes/rollback_add_notes.sql')).exitCode).toBe(10);
  expect((await project.run('up', '--file', 'fixes/add_notes.sql')).exitCode).toBe(0);
  await database.query("insert into prices values (1, 2, 'kept')");
  const refused = await project.run('up', '--file', 'fixes/rollback_add_notes.sql');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain('[down-loses-rows]');
  const covered = await project.run('up', '--file', 'fixes/rollback_add_notes.sql', '--allow-row-loss', '1');
  expect(covered.exitCode, covered.err).toBe(0);
});

test('the library undoes a bare file by its rollback file too', async ({ database }) => {
  using project = await shop(database);
  const result = await deploy({
    cwd: project.folder,
    file: 'fixes/rollback_add_notes.sql',
    env: { DATABASE_URL: database.url },
  });
  expect(result.exitCode, JSON.stringify(result.findings)).toBe(0);
  expect((await history(database)).at(-1)).toBe('reverted file:add_notes');
});

test('a rollback file that leaves something behind is found out', async ({ database }) => {
  using project = await shop(database);
  project.write('fixes/rollback_add_notes.sql', 'drop table notes;');
  const ran = await project.run('down', '--file', 'fixes/add_notes.sql');
  expect(ran.exitCode).toBe(50);
  expect(ran.err).toContain('column public.prices.note');
});

test('a rollback file without the file that it undoes is refused', async ({ database }) => {
  using project = await shop(database);
  project.remove('fixes/add_notes.sql');
  const ran = await project.run('up', '--file', 'fixes/rollback_add_notes.sql');
  expect(ran.exitCode).not.toBe(0);
  expect(ran.err).toContain('the file undoes add_notes.sql, which is not next to it');
  expect((await history(database)).length).toBe(2);
});

test('a bare file without a rollback file cannot be undone', async ({ database }) => {
  using project = await shop(database);
  project.remove('fixes/rollback_add_notes.sql');
  const ran = await project.run('down', '--file', 'fixes/add_notes.sql');
  expect(ran.exitCode).toBe(10);
  expect(ran.err).toContain('[down-missing]');
});

test('bare files have a key space of their own: the folder neither misses nor repeats them', async ({ database }) => {
  using project = await shop(database);
  const status = await project.run('status', '--json');
  expect(status.json[0]).toMatchObject({
    pending: 0,
    findings: [],
    migrations: [
      { id: '1', state: 'applied' },
      { id: 'file:add_notes', file: 'fixes/add_notes.sql', state: 'applied' },
    ],
  });
  expect((await project.run('up')).err).toContain('Nothing to do');
  const down = await project.run('down', '--dry-run');
  expect(down.shown).toContain('1 shop');
  const one = await project.run('status', '--file', 'fixes/add_notes.sql');
  expect(one.shown).toContain('add_notes');
  expect((await project.run('runs', 'list')).shown + (await project.run('runs', 'list')).out).toContain('up');
});

test('an applied bare file that was changed is refused', async ({ database }) => {
  using project = await shop(database);
  project.write('fixes/add_notes.sql', 'create table other (id int);');
  const ran = await project.run('up', '--file', 'fixes/add_notes.sql');
  expect(ran.exitCode).toBe(10);
  expect(ran.err).toContain('[migration-changed]');
  expect(ran.err).toContain('fixes/add_notes.sql');
});

test('verify names the bare files that it did not check, and checks one by --file (`bare-file-not-checked`)', async ({
  database,
}) => {
  using project = await shop(database);
  const plain = await project.run('verify');
  expect(plain.exitCode, plain.shown).toBe(0);
  expect(plain.shown).toContain('[bare-file-not-checked]');
  expect(plain.shown).toContain('godwit verify --file fixes/add_notes.sql');
  const good = await project.run('verify', '--file', 'fixes/add_notes.sql');
  expect(good.exitCode, good.shown).toBe(0);
  expect(good.shown).not.toContain('[bare-file-not-checked]');
  await database.query('drop table notes');
  const gone = await project.run('verify', '--file', 'fixes/add_notes.sql');
  expect(gone.exitCode).toBe(50);
  expect(gone.shown).toContain('table public.notes');
});

test('undoing a bare file keeps the baseline of the tables that it had changed', async ({ database }) => {
  using project = await shop(database);
  expect((await project.run('down', '--file', 'fixes/add_notes.sql')).exitCode).toBe(0);
  expect((await project.run('verify')).exitCode).toBe(0);
  await database.query('alter table prices alter column cents set default 7');
  const drift = await project.run('verify');
  expect(drift.exitCode).toBe(50);
  expect(drift.shown).toContain('public.prices.cents');
});

test('a bare file of another folder with the same name is told apart from the one that is applied (`bare-name-taken`)', async ({
  database,
}) => {
  using project = await shop(database);
  project.write('other/add_notes.sql', 'create table other_notes (id int);');
  for (const command of ['up', 'down', 'plan']) {
    const ran = await project.run(command, '--file', 'other/add_notes.sql');
    expect([command, ran.exitCode]).toEqual([command, 10]);
    expect(ran.err).toContain('bare-name-taken');
    expect(ran.err).toContain('fixes/add_notes.sql');
  }
  // The same content in another place is the same file, moved.
  project.write('moved/add_notes.sql', prices['fixes/add_notes.sql']);
  expect((await project.run('up', '--file', 'moved/add_notes.sql')).err).toContain('Nothing to do');
});
