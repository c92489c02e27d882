import { expect, test } from 'vitest';
import { until } from '../support/child.ts';
import { startOwnServer } from '../support/own-server.ts';
import { createProject } from '../support/project.ts';

/** With these, the log is written only by commits that wait for it. */
const lazy = { wal_writer_delay: '10s', wal_writer_flush_after: '0', synchronous_commit: 'on' };

test('a first run that outlives a crash of the server leaves a baseline that later differences are found with', async () => {
  await using server = await startOwnServer(lazy);
  using project = createProject(
    {
      'migrations/1_wait.sql': 'select pg_sleep(2);',
      'migrations/2_notes.sql':
        "create table notes (id int primary key, text text);\ninsert into notes values (1, 'a');",
    },
    server.url('postgres'),
  );
  const running = project.run('up');
  let pid = 0;
  await until('the first migration waits', async () => {
    const [found] = await server.query<{ pid: number }>(
      'postgres',
      "select pid from pg_stat_activity where application_name like 'godwit %' and wait_event = 'PgSleep'",
    );
    pid = found?.pid ?? 0;
    return pid > 0;
  });
  process.kill(pid, 'SIGKILL');
  expect((await running).exitCode).toBe(0);
  expect((await project.run('verify')).exitCode).toBe(0);
  await server.query('postgres', 'alter table notes add column more int');
  const drifted = await project.run('verify');
  expect(drifted.shown).toContain('notes');
  expect(drifted.shown).toContain('x');
});
