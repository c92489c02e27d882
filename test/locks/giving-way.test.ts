import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { until } from '../support/child.ts';
import { application, begin, eventsOf, patientMs, tries, users } from './busy.ts';
import { elapse } from '../support/elapse.ts';

test(
  'a migration gives way to a reader, says who that is, and is through when the reader has gone',
  async () => {
    await using database = await createTestDatabase();
    using folder = await begin(database, 'alter table users add column age int;');
    const reader = await application(database, "select count(*) from users where email = 'secret@example.org'");
    const { rows } = await reader.query<{ pid: number }>('select pg_backend_pid() as pid');
    const going = folder.run('up', '--json');
    await tries(database, 3);
    // Others read it all the while: neither the first reader nor the migration is through.
    expect(await database.query('select count(*)::int as n from users')).toEqual([{ n: 0 }]);
    await reader.query('commit');
    const ran = await going;
    expect(ran.exitCode, ran.out).toBe(0);
    const retries = eventsOf(ran.json, 'lock.retry');
    expect(retries.map(({ attempt }) => attempt)).toEqual(retries.map((_, index) => index + 2));
    expect(retries.at(-1)).toMatchObject({
      id: '2',
      cause: 'timeout',
      budgetMs: 300_000,
      blockers: [
        {
          pid: rows[0]?.pid,
          application: 'reports',
          state: 'idle in transaction',
          query: 'select pg_backend_pid() as pid',
        },
      ],
    });
    expect(eventsOf(ran.json, 'migration.started').filter(({ id }) => id === '2')).toHaveLength(1);
    expect(ran.out).not.toContain('secret@example.org');
  },
  patientMs,
);

test(
  'when the budget is spent the finding names who was in the way',
  async () => {
    await using database = await createTestDatabase();
    using folder = await begin(database, '\nalter table users add column age int;');
    const reader = await application(database, "select count(*) from users where email = 'secret@example.org'");
    const ran = await folder.run('up', '--lock-budget', '4s');
    await reader.query('commit');
    expect(ran.exitCode).toBe(40);
    expect(ran.err).toMatch(/\[lock-timeout\]\n +migrations\/2_change.sql:2:1/);
    expect(ran.err).toMatch(
      /Godwit tried \d+ times within \d+ s\. In the way: application “reports” \(user \w+, pid \d+, idle in transaction for \d+ s: begin; select count\(\*\) from users where email = \?\)\./,
    );
    expect(ran.err).toMatch(/ 2 {2}no lock in time, try 3 in \d+ ms, \d s of 4 s spent/);
    expect(ran.err).not.toContain('secret@example.org');
    expect(
      await database.query("select 1 from pg_attribute where attrelid = 'users'::regclass and attname = 'age'"),
    ).toEqual([]);
  },
  patientMs,
);

test(
  'a statement that may run for so long only is rolled back, and the finding says how to allow it more',
  async () => {
    await using database = await createTestDatabase();
    using folder = await begin(
      database,
      "-- godwit: statement-timeout=300ms\ninsert into log values ('half');\nselect pg_sleep(30);",
    );
    const ran = await folder.run('up');
    expect(ran.exitCode).toBe(40);
    expect(ran.err).toContain('statement timeout');
    expect(ran.err).toContain('`-- godwit: statement-timeout=10min`');
    expect(await database.query('select * from log')).toEqual([]);
  },
  patientMs,
);

test(
  'a statement that waits by its own wish steps back when too many wait behind it',
  async () => {
    await using database = await createTestDatabase();
    using folder = await begin(database, '-- godwit: lock-timeout=60s\nalter table users add column age int;', {
      waiters: 2,
    });
    const blocker = await application(database, 'select count(*) from users');
    const going = folder.run('up', '--json');
    const waiting = "select 1 from pg_locks where relation = 'users'::regclass and not granted";
    await until('it waits', async () => (await database.query(waiting)).length > 0, 30_000);
    const readers = await Promise.all(Array.from({ length: 4 }, () => database.connect()));
    // They are answered although neither the blocker nor the migration is through.
    await Promise.all(readers.map(async (reader) => await reader.query('select count(*) from users')));
    await blocker.query('commit');
    const ran = await going;
    expect(ran.exitCode, ran.out).toBe(0);
    expect(eventsOf(ran.json, 'lock.retry')[0]).toMatchObject({
      cause: 'crowd',
      blockers: [{ application: 'reports' }],
    });
  },
  patientMs,
);

test(
  'a rollback gives way too, also while it counts the rows that it would destroy',
  async () => {
    await using database = await createTestDatabase();
    using folder = await begin(database, 'create table more (id int);');
    folder.write('migrations/2_change.down.sql', 'drop table more;');
    await folder.run('up');
    const reader = await application(database, 'select count(*) from more');
    const ran = await folder.run('down', '--yes', '--lock-budget', '3s', '--json');
    expect(ran.exitCode, ran.out).toBe(40);
    expect(eventsOf(ran.json, 'lock.retry').at(-1)).toMatchObject({ id: '2', blockers: [{ application: 'reports' }] });
    await reader.query('commit');
    expect((await folder.run('down', '--yes')).exitCode).toBe(0);
  },
  patientMs,
);

test(
  'of another role only what it may see is told, and that is enough',
  async () => {
    await using database = await createTestDatabase();
    const owner = await database.role('owner');
    await database.query(
      `grant create on database ${database.name} to ${owner.name}; grant all on schema public to ${owner.name}`,
    );
    using folder = createProject({ 'migrations/1_users.sql': users }, owner.url);
    await folder.run('up');
    folder.write('migrations/2_change.sql', 'alter table users add column age int;');
    const reader = await application(database, "select count(*) from users where email = 'secret'");
    const ran = await folder.run('up', '--lock-budget', '3s');
    await reader.query('commit');
    expect(ran.exitCode).toBe(40);
    expect(ran.err).toMatch(/In the way: application “reports” \(user \w+, pid \d+\)\./);
  },
  patientMs,
);

test(
  'a prepared transaction that is in the way is named as one',
  async () => {
    await using database = await createTestDatabase();
    using folder = await begin(database, 'alter table users add column age int;');
    const client = await application(database, 'select count(*) from users');
    await client.query(`prepare transaction '${database.name}'`);
    const ran = await folder.run('up', '--lock-budget', '3s');
    await client.query(`rollback prepared '${database.name}'`);
    expect(ran.exitCode).toBe(40);
    // F16: by its gid, with what ends it.
    expect(ran.err).toMatch(
      new RegExp(`In the way: the prepared transaction '${database.name}' \\(user postgres, for \\d+ s\\)`),
    );
    expect(ran.err).toContain(`\`ROLLBACK PREPARED '${database.name}'\``);
    expect(ran.err).not.toContain('pg_terminate_backend');
  },
  patientMs,
);

test(
  'who was in the way is named even when there is no second try',
  async () => {
    await using database = await createTestDatabase();
    using folder = await begin(database, 'create index on users (email);');
    const reader = await application(database, 'select count(*) from users');
    const writer = await database.connect({ application_name: 'imports' });
    await writer.query("begin; insert into users values (7, 'secret')");
    const ran = await folder.run('up', '--lock-budget', '0');
    await reader.query('commit');
    await writer.query('commit');
    expect(ran.exitCode).toBe(40);
    // The reader holds a lock as well, but none that an index minds.
    expect(ran.err).toMatch(/In the way: application “imports” \(.*insert into users values \(\?, \?\)\)\./);
    expect(ran.err).not.toContain('tried');
  },
  patientMs,
);

test(
  'a table on which there is always some short transaction is changed all the same',
  async () => {
    await using database = await createTestDatabase();
    using folder = await begin(database, 'alter table users add column age int;');
    const over = new AbortController();
    const clients = await Promise.all(Array.from({ length: 8 }, () => database.connect()));
    // Each begins while others are under way, so that there is no moment without one that has a while to go.
    const traffic = clients.map(async (client, index) => {
      await elapse(index * 90, 'none begins with another');
      for (const until = Date.now() + 60_000; !over.signal.aborted && Date.now() < until;)
        await client.query('begin; select count(*) from users; select pg_sleep(0.3 + random() * 0.5); commit');
    });
    const ran = await folder.run('up', '--json');
    over.abort();
    await Promise.all(traffic);
    expect(ran.exitCode, ran.out).toBe(0);
    expect(eventsOf(ran.json, 'lock.retry').length).toBeLessThan(12);
  },
  patientMs,
);
