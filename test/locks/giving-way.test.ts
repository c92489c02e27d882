import type { Client } from 'pg';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/migrate/event.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { until } from '../support/child.ts';

/** On a busy machine the pauses between tries add up. */
const patientMs = 90_000;

const users = 'create table users (id bigint primary key, email text);\ncreate table log (what text);\n';

/** A database in which `users` is there, and a migration that is to change it. */
async function begin(database: TestDatabase, text: string, config?: object): Promise<TestProject> {
  const files = { 'migrations/1_users.sql': users, 'migrations/2_change.sql': text };
  const written =
    config === undefined
      ? {}
      : {
          'godwit.config.json': JSON.stringify({
            environments: { local: { database: { env: 'DATABASE_URL' }, locks: config } },
          }),
        };
  const folder = createProject({ ...files, ...written }, database.url);
  const ran = await folder.run('up', '--to', '1');
  expect(ran.exitCode, ran.err).toBe(0);
  return folder;
}

/** A session of the application, in a transaction in which it has done this. */
async function application(database: TestDatabase, does: string): Promise<Client> {
  const client = await database.connect({ application_name: 'reports' });
  await client.query(`begin; ${does}`);
  return client;
}

function eventsOf<Kind extends RunEvent['kind']>(
  events: readonly RunEvent[],
  kind: Kind,
): readonly Extract<RunEvent, { readonly kind: Kind }>[] {
  return events.filter((event): event is Extract<RunEvent, { readonly kind: Kind }> => event.kind === kind);
}

/** Waits until a session of a run has waited for a lock, and given up, so many times. */
async function tries(database: TestDatabase, count: number): Promise<void> {
  const waiting = async (): Promise<boolean> => {
    const rows = await database.query(
      "select 1 from pg_locks l join pg_stat_activity a using (pid) where a.datname = current_database() and a.application_name like 'godwit%' and not l.granted",
    );
    return rows.length > 0;
  };
  for (let n = 0; n < count; n += 1) {
    await until('it waits', waiting, 30_000);
    await until('it has given up', async () => !(await waiting()), 30_000);
  }
}

test(
  'a migration gives way to a reader, says who that is, and is through when the reader has gone',
  async () => {
    await using database = await createTestDatabase();
    using folder = await begin(database, 'alter table users add column age int;');
    const reader = await application(database, "select count(*) from users where email = 'secret@example.org'");
    const { rows } = await reader.query<{ pid: number }>('select pg_backend_pid() as pid');
    const going = folder.run('up', '--json');
    await tries(database, 3);
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
      /It was tried \d+ times within \d+ s\. In the way: application “reports” \(user \w+, pid \d+, idle in transaction for \d+ s: begin; select count\(\*\) from users where email = \?\)\./,
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
      30_000,
    );
    // Longer than every other wait may be, and than the first look.
    await new Promise((resolve) => setTimeout(resolve, 1500));
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
      30_000,
    );
    const others = [folder.run('up', '--json'), folder.run('up', '--json')];
    // More than the deadlock_timeout of the server.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await old.query('commit');
    for (const ran of await Promise.all([first, ...others])) {
      expect(ran.exitCode, ran.out).toBe(0);
      expect(eventsOf(ran.json, 'lock.retry')).toEqual([]);
    }
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

/** Lets an application lock the tables the other way round until it has been told to stop. */
async function crosses(database: TestDatabase, times: number): Promise<number> {
  const client = await database.connect({ application_name: 'reports' });
  // Whoever waits longer than its own timeout is the one that dies: the migration.
  await client.query("set deadlock_timeout to '60s'");
  const waits =
    "select 1 from pg_locks where relation = 'log'::regclass and not granted and mode = 'AccessExclusiveLock'";
  let crossed = 0;
  for (; crossed < times; crossed += 1) {
    await client.query('begin; lock table log in share mode');
    const going = Date.now() + 20_000;
    while ((await database.query(waits)).length === 0) {
      if (Date.now() > going) return crossed;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await client.query('lock table users in share mode');
    await client.query('commit');
  }
  return crossed;
}

const crossing =
  '-- godwit: lock-timeout=30s\nalter table users add column age int;\nalter table log add column at timestamptz;';

test(
  'a deadlock with the application is tried again',
  async () => {
    await using database = await createTestDatabase();
    using folder = await begin(database, crossing);
    const [ran] = await Promise.all([folder.run('up', '--json'), crosses(database, 2)]);
    expect(ran.exitCode, ran.out).toBe(0);
    expect(eventsOf(ran.json, 'lock.retry').map(({ cause }) => cause)).toEqual(['deadlock', 'deadlock']);
  },
  patientMs,
);

test(
  'a deadlock that comes back is a clean failure after three further tries',
  async () => {
    await using database = await createTestDatabase();
    using folder = await begin(database, crossing);
    const [ran, crossed] = await Promise.all([folder.run('up', '--json'), crosses(database, 4)]);
    expect(crossed).toBe(4);
    expect(ran.exitCode, ran.out).toBe(40);
    expect(eventsOf(ran.json, 'lock.retry').map(({ attempt }) => attempt)).toEqual([2, 3, 4]);
    expect(eventsOf(ran.json, 'finding').map(({ finding }) => finding.code)).toContain('deadlock');
    expect(
      await database.query("select 1 from pg_attribute where attrelid = 'users'::regclass and attname = 'age'"),
    ).toEqual([]);
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
    expect(ran.err).toContain('In the way: a prepared transaction');
  },
  patientMs,
);
