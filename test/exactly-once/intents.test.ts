import { expect, test } from 'vitest';
import { createConnector } from '../../src/adapters/postgres/connector.ts';
import { readDatabaseUrl } from '../../src/adapters/url/database-url.ts';
import { awaitEnd } from '../../src/migrate/runner/apply/owner.ts';
import { backendBehind } from '../../src/migrate/runner/session/backend.ts';
import type { Session } from '../../src/migrate/contract/ports.ts';
import type { RunnerPorts } from '../../src/migrate/contract/runner-ports.ts';
import { cutAt } from '../support/cut.ts';
import { createTestDatabase, majors, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

const base = 'create table t (id int primary key, a text);';
const uniqueIndex = 'create unique index concurrently t_a on t (a);';

/** A project whose run has died inside a statement: instead of it the server has done this, and nobody has recorded it. */
async function died(
  database: TestDatabase,
  file: string,
  at: RegExp,
  instead: () => Promise<unknown> = async () => {},
): Promise<TestProject> {
  await using way = await cutAt(database.url, at, async () => {
    await instead();
    // Another run has taken over: this one may not go on by itself.
    await database.query("update godwit.epoch set epoch = epoch + 1, run = 'another'");
  });
  const files = { 'migrations/1_t.sql': base, 'migrations/2_part.sql': file };
  using dying = createProject(files, way.url);
  const ran = await dying.run('up', '--yes');
  expect(ran.exitCode, ran.err).toBe(20);
  return createProject(files, database.url);
}

function codes(ran: Awaited<ReturnType<TestProject['run']>>): readonly string[] {
  return ran.json.flatMap((event) => (event.kind === 'finding' ? [event.finding.code] : []));
}

const index = "select indisvalid as valid from pg_index where indexrelid = to_regclass('t_a')";

const halfBuilt = (database: TestDatabase) => async (): Promise<void> => {
  await database.query("insert into t values (1, 'x'), (2, 'x')");
  await database.query(uniqueIndex).catch(() => {});
  expect(await database.query(index)).toEqual([{ valid: false }]);
};

test.each(majors)(
  'an intent holds what it is about, OIDs, and the backend at work (PostgreSQL %i) (`leftover-remains`)',
  async (major) => {
    await using database = await createTestDatabase(major);
    using _ = await died(database, uniqueIndex, /^create unique/);
    const [row] = await database.query<{ detail: string }>(
      "select detail from godwit.statement where state = 'intent'",
    );
    const [table] = await database.query<{ oid: number }>("select 't'::regclass::oid as oid");
    expect(JSON.parse(row?.detail ?? '')).toEqual({
      owner: { pid: expect.any(Number), start: expect.stringMatching(/^\d+\.\d+$/) },
      outside: { kind: 'create-index', index: 't_a', table: { schema: null, name: 't' }, ifNotExists: false },
      before: { table: String(table?.oid), name: 'public.t_a', index: null },
    });
  },
);

test('a half-built index whose statement has left the file is dropped, and told (`leftover-cleared`)', async () => {
  await using database = await createTestDatabase();
  using project = await died(database, uniqueIndex, /^create unique/, halfBuilt(database));
  project.write('migrations/2_part.sql', 'insert into t values (3);');
  const ran = await project.run('up', '--json');
  expect(ran.exitCode, ran.out).toBe(0);
  expect(codes(ran)).toContain('leftover-cleared');
  expect(ran.out).toContain('CREATE INDEX public.t_a');
  expect(await database.query(index)).toEqual([]);
});

test('an index that was built belongs to the applied part: its statement may not leave the file', async () => {
  await using database = await createTestDatabase();
  using project = await died(database, uniqueIndex, /^create unique/, () => database.query(uniqueIndex));
  const [built] = await database.query("select 't_a'::regclass::oid as oid");
  project.write('migrations/2_part.sql', 'insert into t values (3);');
  const refused = await project.run('up', '--json');
  expect(refused.exitCode).toBe(10);
  expect(codes(refused)).toContain('applied-part-changed');
  expect(await database.query('select * from t')).toEqual([]);
  project.write('migrations/2_part.sql', `${uniqueIndex}\ninsert into t values (3);`);
  const ran = await project.run('up');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(await database.query("select 't_a'::regclass::oid as oid")).toEqual([built]);
});

test('a half-built index is repaired also when a statement was put before its own', async () => {
  await using database = await createTestDatabase();
  using project = await died(database, uniqueIndex, /^create unique/, halfBuilt(database));
  project.write('migrations/2_part.sql', `update t set a = 'y' where id = 2;\n/* again */ ${uniqueIndex}`);
  const ran = await project.run('up', '--yes');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(await database.query(index)).toEqual([{ valid: true }]);
});

test('an unusable index of somebody else is neither judged nor dropped', async () => {
  await using database = await createTestDatabase();
  const foreign = async (): Promise<void> => {
    await database.query("insert into t values (1, 'x'), (2, 'x')");
    await database.query('create unique index concurrently theirs on t (a)').catch(() => {});
  };
  using project = await died(database, 'create index concurrently t_a on t (a);', /^create index/, foreign);
  const ran = await project.run('up');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(
    await database.query("select indisvalid as valid from pg_index where indexrelid = 'theirs'::regclass"),
  ).toEqual([{ valid: false }]);
});

test.each(majors)(
  'a role that owns the table clears what a rebuild has left, on its TOAST as far as it may (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    const role = await database.role('owner');
    await database.query(
      `create schema godwit authorization ${role.name}; create schema app authorization ${role.name}; grant create on schema public to ${role.name}`,
    );
    const left = "select relname from pg_class where relname ~ '_cc(new|old)'";
    await using way = await cutAt(role.url, /^reindex/, async () => {
      const blocker = await database.connect();
      await blocker.query('begin isolation level repeatable read; select from t');
      await database.query("set statement_timeout to '300ms'");
      await database.query('reindex table concurrently t').catch(() => {});
      await database.query('reset statement_timeout');
      await blocker.query('commit');
      expect((await database.query(left)).length).toBeGreaterThan(1);
    });
    using project = createProject(
      { 'migrations/1_t.sql': base, 'migrations/2_part.sql': 'reindex table concurrently t;' },
      way.url,
    );
    const ran = await project.run('up', '--json');
    expect(ran.exitCode, ran.out).toBe(0);
    expect(codes(ran)).toContain('leftover-remains');
    const [first, second] = await database.query<{ relname: string }>(left);
    expect([first?.relname, second]).toEqual([expect.stringMatching(/^pg_toast_/), undefined]);
    expect(ran.out).toContain(`The rebuild left pg_toast.${first?.relname}`);
  },
);

test('an index of ONLY a partitioned table is rightly not valid', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_p.sql':
        'create table p (id int) partition by list (id); create table p1 partition of p for values in (1);',
      'migrations/2_only.sql': 'create index p_id on only p (id);',
    },
    database.url,
  );
  const ran = await project.run('up');
  expect(ran.exitCode, ran.err).toBe(0);
  expect((await project.run('verify')).exitCode).toBe(0);
});

test.each([true, false])(
  'an enum value that is there already stays where it is, and the server says that it is skipped (type of an earlier run: %s)',
  async (earlier) => {
    await using database = await createTestDatabase();
    using project = createProject(
      {
        'migrations/1_mood.sql': "create type mood as enum ('a', 'c', 'b');",
        'migrations/2_order.sql': "alter type mood add value if not exists 'b' before 'c';",
      },
      database.url,
    );
    if (earlier) await project.run('up', '--to', '1');
    const ran = await project.run('up');
    expect(ran.exitCode, ran.err).toBe(0);
    expect(ran.err).toContain('enum label "b" already exists, skipping');
    expect((await project.run('verify')).exitCode).toBe(0);
  },
);

async function sessionTo(database: TestDatabase): Promise<Session> {
  const address = readDatabaseUrl(database.url, 'the test', { user: 'postgres' });
  if (!address.ok) throw new Error(JSON.stringify(address.findings));
  const opened = await createConnector(address.value.address).open({
    pipelined: true,
    applicationName: 'test',
    settings: {},
  });
  if (!opened.ok) throw new Error(JSON.stringify(opened.findings));
  return opened.value;
}

const clock = {
  clock: () => performance.now(),
  random: Math.random,
  sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  signal: new AbortController().signal,
} as unknown as RunnerPorts;

test.each(majors)(
  'nobody looks at a statement while the backend that runs it lives: it is ended first (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    const [owner, looker] = [await sessionTo(database), await sessionTo(database)];
    const backend = await backendBehind(owner);
    if (!backend.ok) throw new Error('no backend');
    const running = owner.send('select pg_sleep(60)');
    // Its pid belongs to somebody else by now: another start.
    expect(await awaitEnd({ pid: backend.value.pid, start: '1' }, looker, clock)).toBeUndefined();
    const alive = `select count(*)::int as n from pg_stat_activity where pid = ${backend.value.pid}`;
    expect(await database.query(alive)).toEqual([{ n: 1 }]);
    expect(await awaitEnd(backend.value, looker, clock)).toBeUndefined();
    expect(await database.query(alive)).toEqual([{ n: 0 }]);
    expect((await running).ok).toBe(false);
    await Promise.all([owner.close(), looker.close()]);
  },
);
