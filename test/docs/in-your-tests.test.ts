import { spawnSync } from 'node:child_process';
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createProject, type TestProject } from '../support/project.ts';
import { fencesOf, root } from './fences.ts';

const page = 'docs/in-your-tests.md';

/** The project of somebody who has installed godwit, with the test files of the page. */
function pageProject(): TestProject {
  const files = fencesOf(page).flatMap(({ terms, text }) => {
    const file = /file=(\S+)/.exec(terms)?.[1];
    return file === undefined ? [] : [[file, `${text}\n`] as const];
  });
  const project = createProject({
    'package.json': '{ "type": "module" }',
    'migrations/1_users.sql': 'create table users (id int generated always as identity, name text not null);',
    ...Object.fromEntries(files),
  });
  const modules = join(project.folder, 'node_modules');
  // A link would lead out of node_modules, and vitest would transform what is behind it.
  cpSync(join(root, 'dist/lib'), join(modules, 'godwit/dist/lib'), { recursive: true });
  cpSync(join(root, 'package.json'), join(modules, 'godwit/package.json'));
  for (const name of ['vitest', 'pg', 'libpg-query'])
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  return project;
}

function run(
  project: TestProject,
  ...args: readonly string[]
): { readonly status: number | null; readonly text: string } {
  const { NODE_OPTIONS: _, VITEST: __, FORCE_COLOR: ___, ...inherited } = process.env;
  const env = { ...inherited, NO_COLOR: '1' };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: project.folder, env, encoding: 'utf8' });
  return { status, text: stdout + stderr };
}

test('the examples for vitest run', () => {
  using project = pageProject();
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const { status, text } = run(project, vitest, 'run', 'users.test.ts', 'fixture.test.ts');
  expect([status, text]).toEqual([0, expect.stringMatching(/Tests\s+2 passed/)]);
});

test('the example for node:test runs', () => {
  using project = pageProject();
  const { status, text } = run(project, '--test', 'users.test.mjs');
  expect([status, text]).toEqual([0, expect.stringMatching(/pass [12]\n/)]);
});
