import { expect } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { start } from './command.ts';
import { sessionsGone } from './detached.ts';
import { elapse } from '../support/elapse.ts';
import { test } from '../support/test.ts';

const files = Object.fromEntries(
  Array.from({ length: 60 }, (_, n): [string, string] => [
    `migrations/${n + 2}_row.sql`,
    `insert into log values (${n});${n % 10 === 5 ? '\nselect pg_sleep(0.03);' : ''}`,
  ]),
);

test.each([0, 60, 120, 180, 240, 300, 400, 500])(
  'with `--tx all`, stopped after %i ms: all is there or nothing, and the exit code says which',
  async (ms) => {
    await using database = await createTestDatabase();
    using project = createProject({ 'migrations/1_log.sql': 'create table log (n int);' }, database.url);
    await project.run('up');
    for (const [path, text] of Object.entries(files)) project.write(path, text);
    const run = start(project, database.url, 'up', '--tx', 'all', '--no-verify');
    await elapse(ms, 'any moment');
    run.stop();
    const { exitCode, err } = await run.ended;
    expect([0, 130], err).toContain(exitCode);
    await sessionsGone(database);
    const counts = `select (select count(*)::int from log) as rows, (select count(*)::int - 1 from godwit.migration) as recorded`;
    const [seen] = await database.query(counts);
    expect([0, 60]).toContain(seen?.['rows']);
    expect(seen?.['recorded']).toBe(seen?.['rows']);
    expect(exitCode === 0 ? seen?.['rows'] : 60).toBe(60);
    const again = await project.run('up', '--tx', 'all', '--no-verify');
    expect(again.exitCode, again.err).toBe(0);
    expect(await database.query(counts)).toEqual([{ rows: 60, recorded: 60 }]);
  },
);
