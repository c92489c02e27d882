import { expect, test } from 'vitest';
import { atTerminal } from '../support/at-terminal.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const files = { 'migrations/1_a.sql': 'create table a (n int);' };
const env = {
  HOME: process.env['HOME'] ?? '',
  PATH: process.env['PATH'] ?? '',
  ...(process.env['GODWIT_CACHE'] === undefined ? {} : { GODWIT_CACHE: process.env['GODWIT_CACHE'] }),
};

test('`unknown-code`: explain proposes the nearest code', async () => {
  using project = createProject({});
  const ran = await project.run('explain', 'half-wey');
  expect([ran.exitCode, ran.shown]).toEqual([2, expect.stringContaining('[unknown-code]')]);
  expect(ran.shown).toContain('godwit explain half-way');
});

test('`identity-without-reason`: an identity is not adopted without a word why', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  const ran = await project.run('adopt', '--identity');
  expect([ran.exitCode, ran.err]).toEqual([2, expect.stringContaining('[identity-without-reason]')]);
});

test('`identity-unconfirmed`: whoever does not type yes changes nothing', async () => {
  await using first = await createTestDatabase();
  await using second = await createTestDatabase();
  const config = JSON.stringify({ environments: { stg: { database: { env: 'STG_URL' }, checkpoint: 'never' } } });
  using project = createProject({ ...files, 'godwit.config.json': config });
  expect((await project.runWith({ STG_URL: first.url }, 'up', '-e', 'stg')).exitCode).toBe(0);
  expect((await project.runWith({ STG_URL: second.url }, 'up', '-e', 'stg')).exitCode).toBe(10);
  const before = project.read('godwit.lock.json');
  const asked = await atTerminal(project, { STG_URL: second.url }, 'adopt --identity --reason new -e stg', ['no']);
  expect([asked.exitCode, asked.err]).toEqual([10, expect.stringContaining('[identity-unconfirmed]')]);
  expect(asked.questions).toHaveLength(1);
  expect(project.read('godwit.lock.json')).toBe(before);
});

test('`reset-failed`: the server’s own words, and the database is as it was', async () => {
  await using database = await createTestDatabase();
  await using administrator = await createTestDatabase();
  using project = createProject(files, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  await administrator.query(`alter database ${database.name} is_template true`);
  const ran = await project.run('db', 'reset', '--yes');
  await administrator.query(`alter database ${database.name} is_template false`);
  expect([ran.exitCode, ran.err]).toEqual([expect.any(Number), expect.stringContaining('[reset-failed]')]);
  expect(ran.err).toContain('cannot drop a template database');
  expect((await project.run('verify')).exitCode).toBe(0);
});

test('`embedded-query-failed`, `checkpoint-unknown`: what the embedded server and its copies do not have', async () => {
  using project = createProject(files, undefined, env);
  try {
    const asked = await project.run('db', 'sql', 'select * from nowhere');
    expect([asked.exitCode, asked.err]).toEqual([40, expect.stringContaining('[embedded-query-failed]')]);
    expect(asked.err).toContain('relation "nowhere" does not exist');
    const restored = await project.run('db', 'restore', '01NOSUCHRUN');
    expect([restored.exitCode, restored.err]).toEqual([2, expect.stringContaining('[checkpoint-unknown]')]);
  } finally {
    await project.run('db', 'stop');
  }
});
