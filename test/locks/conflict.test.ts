import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { until } from '../support/child.ts';
import { application, begin, eventsOf, patientMs } from './busy.ts';

const waits = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'update users'";

test(
  'rows that others change under a migration in REPEATABLE READ: it is tried again, and sees what they have written',
  async () => {
    await using database = await createTestDatabase();
    using folder = await begin(
      database,
      "begin isolation level repeatable read;\nupdate users set email = email || ' migrated';\ncommit;",
    );
    await database.query("insert into users values (1, 'old')");
    const other = await application(database, "update users set email = 'new'");
    const going = folder.run('up', '--json');
    await until('the migration waits for the row', async () => (await database.query(waits)).length > 0);
    await other.query('commit');
    const ran = await going;
    expect(ran.exitCode, ran.out).toBe(0);
    expect(eventsOf(ran.json, 'lock.retry').map(({ cause }) => cause)).toEqual(['conflict']);
    expect(await database.query('select email from users')).toEqual([{ email: 'new migrated' }]);
  },
  patientMs,
);

test(
  'a conflict that comes back until the budget is spent is a clean failure with a code of its own (`serialization-failure`)',
  async () => {
    await using database = await createTestDatabase();
    using folder = await begin(
      database,
      "begin isolation level serializable;\ndo $$ begin raise exception 'again' using errcode = '40001'; end $$;\ncommit;",
      { budget: '1s' },
    );
    const ran = await folder.run('up');
    expect([ran.exitCode, ran.err]).toEqual([40, expect.stringContaining('serialization-failure')]);
    expect(ran.err).toContain('migrations/2_change.sql:2');
    expect(ran.err).toContain('Godwit tried');
  },
  patientMs,
);
