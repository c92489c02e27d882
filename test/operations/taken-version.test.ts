import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { createProject, type TestProject } from '../support/project.ts';

// F13: `godwit new` never proposes a version that a branch has, as far as the repository knows its branches.

const config = { 'godwit.config.json': '{"migrations":"db/changes"}' };

function git(project: TestProject, ...words: readonly string[]): string {
  const own = ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'init.defaultBranch=main'];
  return execFileSync('git', [...own, ...words], { cwd: project.folder, encoding: 'utf8', stdio: 'pipe' });
}

function commit(project: TestProject, branch: string, files: readonly string[]): void {
  git(project, 'checkout', '-q', '-B', branch, 'main');
  for (const file of files) project.write(file, `-- ${file}\n`);
  git(project, 'add', '-A');
  git(project, 'commit', '-q', '-m', branch);
  git(project, 'checkout', '-q', 'main');
}

/** A repository in whose subfolder `app` is the project: main has version 1. */
function repository(): TestProject {
  const project = createProject({
    'app/godwit.config.json': config['godwit.config.json'],
    'app/db/changes/0001_a.sql': 'select 1;',
  });
  git(project, 'init', '-q');
  git(project, 'add', '-A');
  git(project, 'commit', '-q', '-m', 'first');
  return project;
}

const propose = async (project: TestProject, ...more: readonly string[]) =>
  await project.run('new', 'mine', '--config', `${project.folder}/app/godwit.config.json`, ...more);

test('F13: versions of local and remote branches are passed over, and the branch is named', async () => {
  using project = repository();
  commit(project, 'orders', ['app/db/changes/0002_orders.sql']);
  commit(project, 'theirs', ['app/db/changes/3_theirs.sql', 'app/db/changes/0005_far.sql', 'elsewhere/0004_other.sql']);
  git(project, 'update-ref', 'refs/remotes/origin/theirs', 'theirs');
  git(project, 'branch', '-q', '-D', 'theirs');
  const { exitCode, err } = await propose(project);
  expect([exitCode, err]).toEqual([
    0,
    expect.stringContaining(
      '2 is taken on branch orders: 0002_orders.sql\n3 is taken on branch origin/theirs: 3_theirs.sql\n✔ written db/changes/0004_mine.sql',
    ),
  ]);
  const again = await propose(project, '--json');
  expect(again.json).toMatchObject([
    {
      version: '6',
      files: ['db/changes/0006_mine.sql'],
      taken: [{ version: '5', branch: 'origin/theirs', file: '0005_far.sql' }],
    },
  ]);
});

test('F13: what is in the folder counts, whether git knows it or not; without branches nothing is said', async () => {
  using project = repository();
  project.write('app/db/changes/0002_untracked.sql', 'select 2;');
  const { exitCode, err } = await propose(project);
  expect([exitCode, err]).toEqual([0, expect.stringMatching(/^✔ written db\/changes\/0003_mine\.sql\n/)]);
});

test('F13: without a repository, without git, and where git refuses, the folder alone counts', async () => {
  using project = createProject({ ...config, 'db/changes/0001_a.sql': 'select 1;' });
  expect((await project.run('new', 'b')).err).toContain('0002_b.sql');
  project.write('.git/HEAD', 'nonsense');
  expect((await project.run('new', 'c')).err).toContain('0003_c.sql');
  const path = process.env['PATH'];
  process.env['PATH'] = project.folder;
  try {
    expect((await project.run('new', 'd')).err).toContain('0004_d.sql');
  } finally {
    process.env['PATH'] = path;
  }
});

test('F13: five hundred branches are no matter, and the newest 200 of them count', async () => {
  using project = repository();
  const stream = Array.from({ length: 500 }, (_, n) =>
    [
      `commit refs/remotes/origin/b${n}`,
      `committer t <t@example.com> ${1_700_000_000 + n} +0000`,
      'data 1\nx',
      'from refs/heads/main^0',
      `M 100644 inline app/db/changes/${n + 2}_b${n}.sql`,
      'data 1\nx',
      '',
    ].join('\n'),
  ).join('\n');
  execFileSync('git', ['fast-import', '--quiet'], { cwd: project.folder, input: stream });
  git(project, 'pack-refs', '--all');
  const began = performance.now();
  const { exitCode, err } = await propose(project);
  expect([exitCode, performance.now() - began < 3_000], err).toEqual([0, true]);
  // Version 2 is that of the oldest of them.
  expect(err).toContain('0002_mine.sql');
  project.write('app/db/changes/0500_newest.sql', 'select 1;');
  expect((await propose(project)).err).toContain('501 is taken on branch origin/b499: 501_b499.sql');
});
