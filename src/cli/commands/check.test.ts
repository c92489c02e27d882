import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createProject } from '../../../test/support/project.ts';

const wrong = {
  'migrations/0001_a.sql': 'create table a (id int);\ncreate tabel b (id int);',
  'migrations/0002_b.sql': 'begin;\ncreate index concurrently i on a (id);\ncommit;\n-- godwit: transacton=none\n',
  'migrations/0002_b.down.sql': '-- nothing yet\n',
  'migrations/0003_c.sql': 'create table c (id int);\ninsert into godwit.migration values (1);',
  'migrations/0003_c.verify.sql': 'select 1 from;',
  'migrations/0004_d.sql': '-- nothing yet\n',
};

const placesOf = (findings: unknown): readonly string[] =>
  (findings as readonly { code: string; severity: string; where: { file: string; line?: number } }[]).map(
    ({ code, severity, where }) => `${severity} ${code} ${where.file.replace('migrations/', '')}:${where.line ?? ''}`,
  );

test('`check` reports every mistake of the folder at once, with its place, and touches nothing', async () => {
  using project = createProject(wrong, 'postgresql://postgres@192.0.2.1/unreachable');
  const before = readdirSync(project.folder);
  const ran = await project.run('check', '--json');
  expect([ran.exitCode, ran.err]).toEqual([10, '']);
  expect(placesOf(ran.json[0]?.['findings'])).toEqual([
    'error sql-syntax 0001_a.sql:2',
    'error sql-not-in-transaction 0002_b.sql:2',
    'error directive-unknown 0002_b.sql:4',
    'warning down-empty 0002_b.down.sql:',
    'error sql-own-schema 0003_c.sql:2',
    'error sql-syntax 0003_c.verify.sql:1',
    'warning migration-empty 0004_d.sql:',
  ]);
  expect(ran.json).toMatchObject([
    { command: 'check', folders: [{ path: 'migrations', layout: 'native', migrations: 4 }] },
  ]);
  expect(JSON.stringify(ran.json)).toContain('If it is not applied yet, write its statements');
  expect(readdirSync(project.folder)).toEqual(before);
});

test('named files: only these and their companions, and scripts outside the folder', async () => {
  using project = createProject({ ...wrong, 'scripts/fix.sql': 'update a set id = ;' });
  const clean = await project.run('check', 'migrations/0002_b.down.sql', 'migrations/0003_c.sql', '--json');
  expect(placesOf(clean.json[0]?.['findings']).map((place) => place.split(' ')[2])).toEqual([
    '0002_b.sql:2',
    '0002_b.sql:4',
    '0002_b.down.sql:',
    '0003_c.sql:2',
    '0003_c.verify.sql:1',
  ]);
  const script = await project.run('check', 'scripts/fix.sql', 'scripts/no.sql', 'scripts', '--json');
  expect([script.exitCode, placesOf(script.json[0]?.['findings'])]).toEqual([
    10,
    ['error file-unreadable scripts/no.sql:', 'error sql-syntax scripts/fix.sql:1', 'error file-unreadable scripts:'],
  ]);
});

test('wrong names do not hide wrong statements; other tools and `replaces` are known', async () => {
  const twice = { 'migrations/1_a.sql': 'select 1', 'migrations/01_b.sql': 'selec 2', 'migrations/c.sql': 'selec 3' };
  using names = createProject(twice);
  expect(placesOf((await names.run('check', '--json')).json[0]?.['findings'])).toEqual([
    'error migration-twice 1_a.sql:',
    'error migration-no-version c.sql:',
    'error sql-syntax 01_b.sql:1',
    'error sql-syntax c.sql:1',
  ]);
  const goose = '-- +goose Up\nCREATE TABEL a (id int);\n\n-- +goose Down\nDROP TABLE a;\n';
  using other = createProject({ 'migrations/20240101000000_a.sql': goose });
  const found = await other.run('check', '--json');
  expect([placesOf(found.json[0]?.['findings']), found.json[0]?.['folders']]).toEqual([
    ['error sql-syntax 20240101000000_a.sql:2'],
    [{ path: 'migrations', layout: 'goose', migrations: 1, statements: 0 }],
  ]);
  using squashed = createProject({ 'migrations/2_b.sql': '-- godwit: replaces 5..9\nselect 1;' });
  expect((await squashed.run('check')).exitCode).toBe(10);
});

test('each environment’s folder is checked once, and the configuration and lock file with them', async () => {
  const environments = { dev: { database: 'embedded' }, eu: { database: 'embedded', migrations: 'eu' } };
  const files = { 'migrations/1_a.sql': 'select 1;', 'eu/1_a.sql': 'selec 1;' };
  using project = createProject({ ...files, 'godwit.config.json': JSON.stringify({ environments }) });
  expect((await project.run('check', '-e', 'dev')).shown).toBe(
    '✔ No mistakes found  migrations: 1 migration, 1 statement\n',
  );
  const all = await project.runWith({ GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: project.folder }, 'check');
  expect([all.exitCode, all.shown]).toEqual([
    10,
    expect.stringContaining('\n::error file=eu/1_a.sql,line=1,col=1,title='),
  ]);
  expect((await project.run('check', '-e', 'de')).shown).toContain('Did you mean `-e dev`?');
  project.write('godwit.lock.json', '{');
  expect((await project.run('check', '-e', 'dev')).shown).toContain('[lock-file-invalid]');
  project.write('godwit.config.json', '{"enviroments": {}}');
  expect((await project.run('check')).exitCode).toBe(2);
  expect(existsSync(join(project.folder, '.godwit'))).toBe(false);
});
