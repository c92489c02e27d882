import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createProject } from '../../../test/support/project.ts';

const goose = '-- +goose Up\nselect 1;\n-- +goose Down\nselect 2;\n';

test.each<readonly [string, Readonly<Record<string, string>>, { readonly folder: string; readonly layout: string }]>([
  ['native', { 'sql/0001_a.sql': 'select 1;' }, { folder: 'sql', layout: 'native' }],
  ['goose', { 'db/migrations/00001_a.sql': goose }, { folder: 'db/migrations', layout: 'goose' }],
  [
    'prisma',
    { 'prisma/schema.prisma': '', 'prisma/migrations/20240101000000_a/migration.sql': 'select 1;' },
    { folder: 'prisma/migrations', layout: 'prisma' },
  ],
  [
    'supabase',
    { 'supabase/migrations/20240101000000_a.sql': 'select 1;' },
    { folder: 'supabase/migrations', layout: 'supabase' },
  ],
  [
    'flyway',
    { 'src/main/resources/db/migration/V1__a.sql': 'select 1;' },
    { folder: 'src/main/resources/db/migration', layout: 'flyway' },
  ],
])('init finds a folder of %s, and puts no sample beside it', async (_, files, { folder, layout }) => {
  using project = createProject(files);
  const made = await project.run('init', '--json');
  expect(made.exitCode, made.out).toBe(0);
  expect(made.json[0]).toMatchObject({ folder: { path: folder, layout, migrations: 1 } });
  const config = project.read('godwit.config.mjs');
  expect(config).toContain(`migrations: '${folder}'`);
  expect(/layout: '(.*)'/.exec(config)?.[1] ?? 'native').toBe(layout);
  expect(existsSync(join(project.folder, 'migrations'))).toBe(false);
  const checked = await project.run('new', 'next');
  expect(checked.err).not.toContain('foreign-layout');
});

test('init tells of a folder that is not read, and leaves it alone', async () => {
  using project = createProject({ 'migrations/20240101000000_a.js': 'exports.up = 1;', 'knexfile.js': '' });
  const made = await project.run('init');
  expect(made.exitCode, made.err).toBe(0);
  expect(made.err).toContain('[foreign-layout]');
  expect(made.err).toContain('--file=godwit/migrations/0001_schema.sql');
  expect(project.read('godwit.config.mjs')).toContain("migrations: 'godwit/migrations'");
  expect(readdirSync(join(project.folder, 'migrations'))).toEqual(['20240101000000_a.js']);
  expect(existsSync(join(project.folder, 'godwit'))).toBe(false);
});

test('init knows a tool by its settings in the project’s own folder', async () => {
  using project = createProject({ 'alembic.ini': '', 'db/env.py': '' });
  const made = await project.run('init');
  expect(made.err).toContain('This is a folder of Alembic (alembic.ini).');
  expect(readdirSync(project.folder).toSorted()).toEqual(['.gitignore', 'alembic.ini', 'db', 'godwit.config.mjs']);
});

test('init asks which folder is meant if there are several', async () => {
  using project = createProject({ 'sql/0001_a.sql': 'select 1;', 'db/migrations/00001_a.sql': goose });
  const several = await project.run('init');
  expect(several.exitCode).toBe(2);
  expect(several.err).toContain('db/migrations (1 migration, goose); sql (1 migration)');
  expect(existsSync(join(project.folder, 'godwit.config.mjs'))).toBe(false);
  expect((await project.run('init', '--migrations', 'db/migrations/')).exitCode).toBe(0);
  expect(project.read('godwit.config.mjs')).toContain("migrations: 'db/migrations'");
});

test('init keeps a folder with a misnamed file, and puts nothing into the folder of a configuration that is there', async () => {
  using misnamed = createProject({ 'migrations/first.sql': 'select 1;' });
  expect((await misnamed.run('init')).err).toContain('[migration-no-version]');
  expect(readdirSync(join(misnamed.folder, 'migrations'))).toEqual(['first.sql']);
  using configured = createProject({ 'godwit.config.json': '{ "migrations": "sql" }', 'sql/1_a.sql': 'select 1;' });
  expect((await configured.run('init')).exitCode).toBe(0);
  expect(readdirSync(configured.folder).toSorted()).toEqual(['.gitignore', 'godwit.config.json', 'sql']);
});
