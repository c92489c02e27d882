import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { dataFolder } from '../support/folder.ts';
import { startOwnServer } from '../support/own-server.ts';
import { createProject } from '../support/project.ts';

// Where projects and their servers lie, and what checkouts do to files.

test.each([
  ['spaces and other characters', 'mit Leerzeichen/ÄÖ “ж” $HOME;x'],
  ['240 characters', `${'lang/'.repeat(30)}${'x'.repeat(90)}`],
])('an embedded server in a folder with %s', async (_, name) => {
  const folder = join(dataFolder('own'), name);
  mkdirSync(join(folder, '..'), { recursive: true, mode: 0o755 });
  await using server = await startOwnServer({ fsync: 'off' }, { folder });
  using project = createProject({ 'migrations/1_a.sql': 'create table a (n int);' }, server.url('postgres'));
  expect((await project.run('up')).exitCode).toBe(0);
});

test('execute bits, CRLF from a checkout, and a folder that is a link inside of the project are taken', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { 'db/changes/1_a.sql': 'create table a (n int);\ncomment on table a is $$x\ny$$;\n' },
    database.url,
  );
  symlinkSync('db/changes', join(project.folder, 'migrations'));
  chmodSync(join(project.folder, 'db/changes/1_a.sql'), 0o777);
  expect((await project.run('up')).exitCode).toBe(0);
  project.write('db/changes/1_a.sql', 'create table a (n int);\r\ncomment on table a is $$x\r\ny$$;\r\n');
  const again = await project.run('up');
  expect([again.exitCode, again.err]).toEqual([0, expect.stringContaining('Nothing to do')]);
  expect((await project.run('verify')).exitCode).toBe(0);
});
