import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { until } from '../support/child.ts';

/** Files of 400 KB and of 5 MB: the one is a single message, the other is streamed. */
test.each([1_000, 12_000])(
  'a file of %i rows that is saved while the one before it runs is not applied in another form',
  async (rows) => {
    await using database = await createTestDatabase();
    const text = (value: number): string =>
      `create table log (n int);\n${`insert into log values (${value}); -- ${'x'.repeat(400)}\n`.repeat(rows)}`;
    using project = createProject(
      {
        'migrations/1_a.sql': 'select 1;',
        'migrations/2_b.sql': '-- godwit: transaction=none\nselect pg_sleep(1);',
        'migrations/3_c.sql': text(1),
      },
      database.url,
    );
    const going = project.run('up');
    const sleeping = "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'";
    await until('the second migration sleeps', async () => (await database.query(sleeping)).length > 0);
    project.write('migrations/3_c.sql', text(2));
    const ran = await going;
    expect([ran.exitCode, ran.err]).toEqual([40, expect.stringContaining('[file-moved-on]')]);
    expect(ran.err).toContain('the failed migration was rolled back: 2 migrations applied');
    expect(await database.query("select to_regclass('log') as log")).toEqual([{ log: null }]);
    expect(await database.query('select outcome from godwit.run')).toEqual([{ outcome: 'failed' }]);
    const again = await project.run('up', '--no-verify');
    expect(again.exitCode, again.err).toBe(0);
    expect(await database.query('select distinct n from log')).toEqual([{ n: 2 }]);
  },
);
