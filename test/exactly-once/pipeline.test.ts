import { expect, test } from 'vitest';
import { cutAt } from '../support/cut.ts';
import { createTestDatabase, majors, type TestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { until } from '../support/child.ts';

/** What stops the third of many migrations that are on their way together. */
interface Stopper {
  readonly name: string;
  readonly sql: string;
  readonly code?: string;
  readonly majors?: readonly number[];
  readonly says: string;
}

const stoppers: readonly Stopper[] = [
  { name: 'an error at run time', sql: 'create table half ();\nselect 1 / 0;', says: '3_stop.sql:2' },
  {
    name: 'grammar that this server does not know yet',
    sql: 'create table half (a int);\nalter table half add b int generated always as (a) virtual;',
    majors: [15],
    says: '3_stop.sql:2',
  },
  {
    name: 'a deferred constraint',
    sql: 'create table p (id int primary key);\ncreate table half (p int references p deferrable initially deferred);\ninsert into half values (1);',
    says: 'at the end of the file, where deferred constraints are checked',
  },
  {
    name: 'a COMMIT inside DO',
    sql: 'create table half ();\ndo $$ begin commit; end $$;',
    says: '2D000',
  },
  {
    name: 'a ROLLBACK in a procedure that is called',
    sql: 'create procedure leave() language plpgsql as $$ begin rollback; end $$;\ncreate table half ();\ncall leave();',
    says: '2D000',
  },
  {
    name: 'a COMMIT in dynamic SQL',
    sql: "create table half ();\ndo $$ begin execute 'commit'; end $$;",
    says: '0A000',
  },
  {
    name: 'another isolation level, inside DO',
    sql: "create table half ();\ndo $$ begin execute 'set transaction isolation level serializable'; end $$;",
    says: '25001',
  },
  {
    name: 'a transaction that it makes read only',
    sql: "create table half ();\nselect set_config('transaction_read_only', 'on', true);",
    says: '25006',
  },
  {
    name: 'a statement that runs outside of transactions only',
    sql: 'create table half (id int) partition by list (id);\nreindex table half;',
    says: 'transaction=none',
  },
  {
    name: 'a sequence of statements that drops the history',
    // Written so that reading the file does not show it.
    sql: "create table half ();\ndo $$ begin execute 'drop schema god' || 'wit cascade'; end $$;",
    says: 'schema "godwit" does not exist',
  },
];

async function state(database: TestDatabase): Promise<Record<string, unknown> | undefined> {
  const [row] = await database.query(
    `select (select array_agg(id order by seq) from godwit.migration) as recorded, to_regclass('half') as half,
       (select array_agg(relname::text order by relname) from pg_class where relname ~ '^t[0-9]+$') as tables`,
  );
  return row;
}

const wraps = [
  ['one message', ''],
  ['several messages', 'create table lines (x text);\nCOPY lines FROM stdin;\na\n\\.\n'],
] as const;

const chosen = majors.flatMap((major) =>
  stoppers
    .filter((one) => one.majors?.includes(major) ?? true)
    .flatMap((one) => wraps.map(([way, before]) => ({ ...one, major, way, before }))),
);

test.each(chosen)(
  'behind $name ($way) nothing is applied, and before it everything (PostgreSQL $major)',
  async ({ sql, says, major, before }) => {
    await using database = await createTestDatabase(major);
    const files = Object.fromEntries(
      [1, 2, 4, 5, 6, 7, 8, 9].map((n) => [`migrations/${n}_t.sql`, `create table t${n} ();`]),
    );
    using project = createProject({ ...files, 'migrations/3_stop.sql': before + sql }, database.url);
    const ran = await project.run('up', '--yes', '--no-verify');
    expect(ran.exitCode, ran.err).toBe(40);
    const lines = before.split('\n').length - 1;
    expect(ran.err).toContain(says.replace(/sql:(\d)/, (_, line: string) => `sql:${Number(line) + lines}`));
    expect(await state(database)).toEqual({ recorded: ['1', '2'], half: null, tables: ['t1', 't2'] });
    project.write('migrations/3_stop.sql', 'create table t3 ();');
    const again = await project.run('up', '--no-verify');
    expect(again.exitCode, again.err).toBe(0);
    expect((await state(database))?.['recorded']).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
  },
);

test.each(majors)(
  'defaults of role and database for isolation, deferral and durability change nothing (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    const role = await database.role('owner', 'superuser');
    await database.query(`alter role ${role.name} set default_transaction_isolation to serializable;
      alter database ${database.name} set default_transaction_isolation to 'repeatable read';
      alter role ${role.name} set default_transaction_deferrable to on;
      alter role ${role.name} set statement_timeout to '1ms';
      alter role ${role.name} set lock_timeout to '1ms';
      alter role ${role.name} set synchronous_commit to off;
      alter role ${role.name} set client_encoding to 'LATIN1';
      alter role ${role.name} set session_replication_role to replica`);
    using project = createProject(
      {
        'migrations/1_a.sql': "create table a (x text); insert into a values ('é'); select pg_sleep(0.02);",
        'migrations/2_b.sql': 'create index concurrently a_x on a (x);\ncreate table b ();',
        'migrations/3_c.sql': 'create table c (x text);\nCOPY c FROM stdin;\né\n\\.\nselect pg_sleep(0.02);',
      },
      role.url,
    );
    const [first, second] = await Promise.all([project.run('up'), project.run('up')]);
    expect([first.exitCode, second.exitCode], first.err + second.err).toEqual([0, 0]);
    expect(await database.query('select x from a union all select x from c')).toEqual([{ x: 'é' }, { x: 'é' }]);
    expect((await project.run('verify')).exitCode).toBe(0);
  },
);

test.each(majors)(
  'a file that changes what its database is like for later sessions does not split its own run (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    await using way = await cutAt(database.url, /create table third/);
    using project = createProject(
      {
        'migrations/1_path.sql': `create schema app; alter database ${database.name} set search_path to app, public;
          alter database ${database.name} set default_transaction_read_only to on; alter database ${database.name} set client_encoding to 'LATIN1';`,
        'migrations/2_first.sql': 'create table first (id int);',
        'migrations/3_second.sql': 'create table second (x text);\nCOPY second FROM stdin;\né\n\\.\n',
        'migrations/4_third.sql': 'create index concurrently first_id on first (id);\ncreate table third (id int);',
        'migrations/5_back.sql': `alter database ${database.name} reset default_transaction_read_only;`,
      },
      way.url,
    );
    const ran = await project.run('up');
    expect(ran.exitCode, ran.err).toBe(0);
    expect(way.done()).toBe(true);
    const lies =
      "select relname, relnamespace::regnamespace::text as schema from pg_class where relname in ('first', 'second', 'third') order by 1";
    expect(await database.query(lies)).toEqual(
      ['first', 'second', 'third'].map((relname) => ({ relname, schema: 'public' })),
    );
    expect(await database.query('select x from public.second')).toEqual([{ x: 'é' }]);
  },
);

test('DISCARD ALL gives nothing of the run away: another run still finds the database busy', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    { 'migrations/1_a.sql': 'create table a ();\ndiscard all;\nselect pg_sleep(1.5);\ncreate table b ();' },
    database.url,
  );
  const going = project.run('up');
  const sleeping =
    "select 1 from pg_stat_activity where datname = current_database() and query ~ 'pg_sleep' and state = 'active' and pid <> pg_backend_pid()";
  await until('it is under way', async () => (await database.query(sleeping)).length > 0, 20_000);
  const other = await project.run('up', '--wait', '0s');
  expect(other.exitCode, other.err).toBe(20);
  const ran = await going;
  expect(ran.exitCode, ran.err).toBe(0);
});
