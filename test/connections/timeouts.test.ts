import { expect, test } from 'vitest';
import { createTestDatabase, majors } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { layLine } from '../support/slow-line.ts';

const newest = majors.find((major) => major >= 17);

test.runIf(newest !== undefined)('F08: a transaction_timeout that ends even the first look is overruled', async () => {
  await using database = await createTestDatabase(newest);
  await database.query(`alter database ${database.name} set transaction_timeout to '1ms'`);
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int);' }, database.url);
  for (const command of ['status', 'up', 'verify']) {
    const ran = await project.run(command);
    expect([command, ran.exitCode], ran.shown).toEqual([command, 0]);
  }
  expect(await database.query("select to_regclass('a')::text as a")).toEqual([{ a: 'a' }]);
});

test.each([
  [
    '25P03',
    'idle_in_transaction_session_timeout',
    "create table b (id int);\nset idle_in_transaction_session_timeout = '1ms';\ncopy b from stdin;\n1\n\\.\nselect 1;",
    40,
  ],
  [
    '57P05',
    'idle_session_timeout',
    "-- godwit: transaction=none\nset idle_session_timeout = '1ms';\ncreate table b (id int);\nvacuum b;\nselect 1;",
    41,
  ],
])(
  'F08: %s is a timeout that the file has set, and no lost connection (`statement-failed`)',
  async (sqlstate, setting, sql, exitCode) => {
    await using database = await createTestDatabase();
    // Between two messages the session is idle for longer than that.
    await using line = await layLine(database.url, { delayMs: 20 });
    using project = createProject({ 'migrations/1_b.sql': sql }, line.url);
    const ran = await project.run('up');
    expect([ran.exitCode, ran.err]).toEqual([exitCode, expect.stringContaining(`SQLSTATE ${sqlstate}`)]);
    expect(ran.err).toContain(`the role’s own ${setting}: this file`);
    expect(ran.err).not.toContain('connection-lost');
  },
);
