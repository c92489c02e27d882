import { expect, test } from 'vitest';
import { createProject, type TestProject } from '../support/project.ts';

const slow = { timeout: 120_000 };
const files = {
  'godwit.config.json': JSON.stringify({ environments: { local: { database: 'embedded', major: 15 } } }),
  'migrations/1_a.sql': 'create table a (n int);',
  'migrations/2_b.sql': 'create table b (n int);',
};

async function applied(more: object = {}): Promise<TestProject> {
  const project = createProject({ ...files, ...more });
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  return project;
}

test('`upgrade-refused`: what was applied and has no file cannot run again', slow, async () => {
  using project = await applied();
  project.remove('migrations/2_b.sql');
  const ran = await project.run('db', 'upgrade', '--to', '18');
  expect([ran.exitCode, ran.err]).toEqual([10, expect.stringContaining('[upgrade-refused]')]);
  expect(ran.err).toContain('The files of 2 are not in this folder');
  expect((await project.run('status')).exitCode).toBe(0);
});

test('`upgrade-failed`: a row that the other major does not take stops it, and the old data stay', slow, async () => {
  const text = `create function major() returns int immutable language sql as $$ select current_setting('server_version_num')::int / 10000 $$;
create table c (n int check (major() < 16 or n > 100));`;
  using project = await applied({ 'migrations/3_c.sql': text });
  expect((await project.run('db', 'sql', 'insert into c values (1)')).exitCode).toBe(0);
  const ran = await project.run('db', 'upgrade', '--to', '18');
  expect([ran.exitCode, ran.err]).toEqual([expect.any(Number), expect.stringContaining('[upgrade-failed]')]);
  expect(ran.err).toContain('violates check constraint');
  const asked = await project.run('db', 'sql', 'select major(), n from c');
  expect(asked.out).toMatch(/15 *│ *1/);
});
