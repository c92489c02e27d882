import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { until } from '../support/child.ts';
import { application, begin, eventsOf, patientMs } from './busy.ts';
import { elapse } from '../support/elapse.ts';

test(
  'a concurrent build waits for an old transaction in peace, and names it',
  async () => {
    await using database = await createTestDatabase();
    using folder = await begin(database, 'create index concurrently users_email on users (email);');
    const old = await application(database, 'set transaction isolation level repeatable read; select 1 from log');
    const going = folder.run('up', '--json');
    await until(
      'it waits for the old transaction',
      async () => {
        const phase = "select 1 from pg_stat_progress_create_index where phase = 'waiting for old snapshots'";
        return (await database.query(phase)).length > 0;
      },
      240_000,
    );
    // Longer than every other wait may be, and than the first look.
    await elapse(1_500, 'longer than any other wait may be');
    await old.query('commit');
    const ran = await going;
    expect(ran.exitCode, ran.out).toBe(0);
    expect(eventsOf(ran.json, 'lock.retry')).toEqual([]);
    expect(eventsOf(ran.json, 'lock.blocked')[0]).toMatchObject({ id: '2', blockers: [{ application: 'reports' }] });
    expect(eventsOf(ran.json, 'build.progress').map(({ phase }) => phase)).toContain('waiting for old snapshots');
  },
  patientMs,
);

test(
  'a concurrent build that has waited for its whole budget is cleared away and not begun again',
  async () => {
    await using database = await createTestDatabase();
    using folder = await begin(database, 'create unique index concurrently users_email on users (email);', {
      concurrent: '1500ms',
    });
    const old = await application(database, 'set transaction isolation level repeatable read; select 1 from log');
    const ran = await folder.run('up');
    expect(ran.exitCode, ran.err).toBe(40);
    expect(ran.err).toContain('[lock-timeout]');
    expect(ran.err).toContain('In the way: application “reports”');
    expect(ran.err).not.toContain('try 2');
    expect(await database.query("select to_regclass('users_email') as index")).toEqual([{ index: null }]);
    await old.query('commit');
    expect((await folder.run('up')).exitCode).toBe(0);
  },
  patientMs,
);

test(
  'a run that waits for another one never lets a concurrent build of that one die of a deadlock',
  async () => {
    await using database = await createTestDatabase();
    using folder = await begin(database, 'create index concurrently users_email on users (email);');
    const old = await application(database, 'set transaction isolation level repeatable read; select 1 from log');
    const first = folder.run('up', '--json');
    await until(
      'the build is under way',
      async () => (await database.query('select 1 from pg_stat_progress_create_index')).length > 0,
      240_000,
    );
    const others = [folder.run('up', '--json'), folder.run('up', '--json')];
    // More than the deadlock_timeout of the server.
    await elapse(1_500, 'longer than any other wait may be');
    await old.query('commit');
    for (const ran of await Promise.all([first, ...others])) {
      expect(ran.exitCode, ran.out).toBe(0);
      expect(eventsOf(ran.json, 'lock.retry')).toEqual([]);
    }
  },
  patientMs,
);
