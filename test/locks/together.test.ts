import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { application, begin, eventsOf, patientMs, tries } from './busy.ts';

test(
  'with `--tx all` a lock that others hold gives the whole transaction back, and it is tried again as one',
  async () => {
    await using database = await createTestDatabase();
    using folder = await begin(database, 'create table before (id int);');
    folder.write('migrations/3_age.sql', 'alter table users add column age int;');
    folder.write('migrations/4_after.sql', 'create table after (id int);');
    const reader = await application(database, 'select count(*) from users');
    const going = folder.run('up', '--tx', 'all', '--json');
    await tries(database, 2);
    // Nobody waits behind it between two tries, and nothing of it is there.
    expect(await database.query("select to_regclass('before') as b, (select count(*)::int from users) as n")).toEqual([
      { b: null, n: 0 },
    ]);
    await reader.query('commit');
    const ran = await going;
    expect(ran.exitCode, ran.out).toBe(0);
    expect(eventsOf(ran.json, 'lock.retry')[0]).toMatchObject({ id: '3', cause: 'timeout' });
    expect(eventsOf(ran.json, 'migration.applied').map(({ id }) => id)).toEqual(['2', '3', '4']);
    expect(await database.query('select id from godwit.migration order by seq')).toEqual([
      { id: '1' },
      { id: '2' },
      { id: '3' },
      { id: '4' },
    ]);
  },
  patientMs,
);

test(
  'when the budget is spent it says that none was applied',
  async () => {
    await using database = await createTestDatabase();
    using folder = await begin(database, 'create table before (id int);');
    folder.write('migrations/3_age.sql', 'alter table users add column age int;');
    const reader = await application(database, 'select count(*) from users');
    const ran = await folder.run('up', '--tx', 'all', '--lock-budget', '2s');
    await reader.query('commit');
    expect(ran.exitCode).toBe(40);
    expect(ran.err).toMatch(/\[lock-timeout\]\n +migrations\/3_age.sql:1:1/);
    expect(ran.err.replaceAll(/\s+/g, ' ')).toContain('share one transaction: none of them was applied.');
    expect(await database.query("select to_regclass('before') as b")).toEqual([{ b: null }]);
  },
  patientMs,
);
