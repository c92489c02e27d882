import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { judge, leftIn } from './judge.ts';

const file = (name: string) => (folder: string) => writeFileSync(join(folder, name), 'select 1;');
const link = (name: string, to: string) => (folder: string) => symlinkSync(to, join(folder, name));

/** What is wrong with the folder, how it comes to be, and all that is said of it: `code name`. */
type Row = readonly [what: string, spoil: (folder: string) => void, told: string];

const refused: readonly Row[] = [
  ['two files with one version', file('001_again.sql'), 'migration-twice 1_a.sql'],
  ['a version that is no number', file('abc.sql'), 'migration-no-version abc.sql'],
  ['a version with a letter', file('1a_x.sql'), 'migration-no-version 1a_x.sql'],
  ['a version of Flyway', file('V2__x.sql'), 'foreign-layout 1_a.sql'],
  ['a version in other digits', file('٢_x.sql'), 'migration-odd-name ٢_x.sql'],
  ['a negative version', file('-2_x.sql'), 'migration-no-version -2_x.sql'],
  ['a file named like a folder', (folder) => mkdirSync(join(folder, '2_x.sql')), 'migration-not-a-file 2_x.sql'],
  ['a pipe', (folder) => execFileSync('mkfifo', [join(folder, '2_x.sql')]), 'migration-not-a-file 2_x.sql'],
  ['a link to a file outside', link('2_x.sql', '/etc/hostname'), 'migration-outside 2_x.sql'],
  ['a link to a folder outside', link('2_x.sql', '/etc'), 'migration-outside 2_x.sql'],
  ['a link that climbs out', link('2_x.sql', '../../../../../etc/hostname'), 'migration-outside 2_x.sql'],
  ['a link to a device', link('2_x.sql', '/dev/zero'), 'migration-outside 2_x.sql'],
  ['a link to nothing', link('2_x.sql', 'gone.sql'), 'migration-not-a-file 2_x.sql'],
  ['a link to itself', link('2_x.sql', '2_x.sql'), 'migration-not-a-file 2_x.sql'],
  ['a space in a name', file('2_my file.sql'), 'migration-odd-name 2_my file.sql'],
  ['a quote in a name', file("2_it's.sql"), "migration-odd-name 2_it's.sql"],
  ['double quotes in a name', file('2_"x".sql'), 'migration-odd-name 2_"x".sql'],
  ['a shell in a name', file('2_;$(id)`id`.sql'), 'migration-odd-name 2_;$(id)`id`.sql'],
  ['a line end in a name', file('2_a\nb.sql'), 'migration-odd-name 2_a?b.sql'],
  ['an escape sequence in a name', file('2_\u001b[31mred.sql'), 'migration-odd-name 2_?[31mred.sql'],
  ['a reversed text in a name', file('2_\u202elqs.sql'), 'migration-odd-name 2_?lqs.sql'],
  ['letters beyond ASCII in a name', file('2_ünï.sql'), 'migration-odd-name 2_ünï.sql'],
  ['capitals in the ending', file('2_x.SQL'), 'migration-odd-name 2_x.SQL'],
  ['a down file without its migration', file('7_x.down.sql'), 'migration-orphan 7_x.down.sql'],
  ['a down file of another name', file('1_b.down.sql'), 'migration-orphan 1_b.down.sql'],
  ['a verify file without its migration', file('7_x.verify.sql'), 'migration-orphan 7_x.verify.sql'],
];

test.each(refused)('%s in the folder is named, and nothing is changed', async (_, spoil, told) => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int);' }, database.url);
  spoil(join(project.folder, 'migrations'));
  const verdict = await judge(project, 'up');
  expect(verdict.told, verdict.text).toEqual([told.replace(' ', ' migrations/')]);
  expect(verdict.exitCode).toBe(10);
  // eslint-disable-next-line no-control-regex
  expect(verdict.text).not.toMatch(/[\u001b\u202e]/);
  expect(await leftIn(database)).toEqual([]);
});

test.each([
  ['a folder that is not there', 'missing', () => undefined, 2],
  ['a file in place of the folder', 'migrations', (root: string) => writeFileSync(join(root, 'migrations'), ''), 2],
  ['a folder outside of the project', '../elsewhere', () => undefined, 2],
])('%s is refused before anything is asked', async (_, migrations, spoil, exitCode) => {
  using project = createProject(
    {
      'godwit.config.json': JSON.stringify({
        migrations,
        environments: { local: { database: { env: 'DATABASE_URL' } } },
      }),
    },
    'postgresql://nobody@127.0.0.1:1/none',
  );
  spoil(project.folder);
  const { told, exitCode: code, text } = await judge(project, 'plan');
  expect(
    told.map((line) => line.split(' ')[0]),
    text,
  ).toEqual([migrations.startsWith('..') ? 'config-invalid' : 'folder-missing']);
  expect(code).toBe(exitCode);
});

test('files that are no SQL, and hidden files, do no harm; a folder with SQL is told of', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_a.sql': 'create table a (id int);',
      'migrations/README.md': 'x',
      'migrations/.hidden.sql': 'x',
      'migrations/sub dir/x.sql': 'x',
    },
    database.url,
  );
  const { exitCode, findings } = await judge(project, 'up');
  expect([exitCode, findings]).toMatchObject([0, [{ code: 'folder-unread', severity: 'note' }]]);
});

test('a link to a file in the folder and a folder that is a link are as good as the thing itself', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'real/1_a.txt': 'create table a (id int);' }, database.url);
  symlinkSync('real', join(project.folder, 'migrations'));
  symlinkSync('1_a.txt', join(project.folder, 'real/1_a.sql'));
  const { exitCode, text } = await judge(project, 'up');
  expect(exitCode, text).toBe(0);
});

test('a version of 60 digits is a number like any other', async () => {
  await using database = await createTestDatabase();
  const version = '9'.repeat(60);
  using project = createProject(
    { [`migrations/${version}_a.sql`]: 'create table a (id int);', 'migrations/2_b.sql': 'select 1;' },
    database.url,
  );
  const { exitCode, text } = await judge(project, 'up');
  expect(exitCode, text).toBe(0);
  expect(await database.query('select id from godwit.migration order by seq')).toEqual([{ id: '2' }, { id: version }]);
});

test('a file that may not be read is named', async () => {
  // Root reads everything: there, a folder that loses its file between listing and reading stands for it.
  using project = createProject({ 'migrations/1_a.sql': 'select 1;' }, 'postgresql://nobody@127.0.0.1:1/none');
  chmodSync(join(project.folder, 'migrations/1_a.sql'), 0o000);
  const { told, exitCode, text } = await judge(project, 'plan');
  const root = process.getuid?.() === 0;
  expect(told, text).toEqual(root ? ['connection-refused'] : ['file-unreadable migrations/1_a.sql']);
  expect(exitCode).toBe(root ? 30 : 10);
});

test.each([
  ['that is not there', 'nowhere.sql', 'file-unreadable'],
  ['that is a folder', 'folder.sql', 'migration-not-a-file'],
  ['that is a pipe', 'pipe.sql', 'migration-not-a-file'],
  ['with a shell in its name', 'x;$(id).sql', 'migration-odd-name'],
])('a bare file %s is named (`migration-odd-name`)', async (_, path, code) => {
  await using database = await createTestDatabase();
  using project = createProject(
    { 'migrations/1_a.sql': 'select 1;', 'x;$(id).sql': 'select 1;', 'folder.sql/x': '' },
    database.url,
  );
  execFileSync('mkfifo', [join(project.folder, 'pipe.sql')]);
  const { told, exitCode, text } = await judge(project, 'up', '--file', path);
  expect(
    told.map((line) => line.split(' ')[0]),
    text,
  ).toEqual([code]);
  expect(exitCode).toBe(10);
  expect(await leftIn(database)).toEqual([]);
});

test('a folder whose parent is a loop of links is named', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-loop-'));
  using project = createProject({}, 'postgresql://nobody@127.0.0.1:1/none');
  symlinkSync(join(folder, 'loop'), join(folder, 'loop'));
  symlinkSync(join(folder, 'loop'), join(project.folder, 'migrations'));
  const { told, exitCode } = await judge(project, 'plan');
  rmSync(folder, { recursive: true });
  expect(told).toEqual(['file-unreadable migrations']);
  expect(exitCode).toBe(10);
});
