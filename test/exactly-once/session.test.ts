import { expect, test } from 'vitest';
import { createTestDatabase, majors } from '../support/database.ts';
import { createProject } from '../support/project.ts';

/** What a file does to its session. Nothing of it may reach the history or the next migration. */
const traps: readonly (readonly [name: string, statements: string])[] = [
  [
    'settings',
    "set lock_timeout to '7s'; set work_mem to '1MB'; set timezone to 'Asia/Tokyo'; set datestyle to 'German';",
  ],
  ['the encoding, by a function', "select set_config('client_encoding', 'LATIN1', false);"],
  ['the encoding, inside DO', "do $$ begin perform set_config('client_encoding', 'LATIN1', false); end $$;"],
  ['how strings are read', "select set_config('standard_conforming_strings', 'off', false);"],
  ['all of it, by a function of an earlier migration', 'select public.leak();'],
  ['a role', 'set role "ROLE";'],
  ['a session authorization', 'set session authorization "ROLE";'],
  ['a role, inside DO', 'do $$ begin execute \'set role "ROLE"\'; end $$;'],
  ['the search path', "set search_path to '';"],
  ['the search path, by a function', "select set_config('search_path', 'elsewhere', false);"],
  ['durability', 'set synchronous_commit to off;'],
  ['a tiny statement timeout', "set statement_timeout to '30ms';"],
  ['a tiny statement timeout, by a function', "select set_config('statement_timeout', '30ms', false);"],
  ['a tiny lock timeout', "set lock_timeout to '1ms';"],
  ['replica mode', 'set session_replication_role to replica;'],
  ['read only defaults', 'set default_transaction_read_only to on;'],
  ['serializable defaults', 'set default_transaction_isolation to serializable;'],
  [
    'session characteristics, inside DO',
    "do $$ begin execute 'set session characteristics as transaction read only'; end $$;",
  ],
  ['RESET ALL', 'reset all;'],
  ['DISCARD PLANS, SEQUENCES and TEMP', 'discard plans; discard sequences; discard temp;'],
  ['a channel', 'listen news;'],
  ['session locks', 'select pg_advisory_lock(7), pg_advisory_lock(7), pg_advisory_lock_shared(1, 2);'],
  [
    'a temporary table, a prepared statement, a cursor',
    'create temp table seen (x int); prepare p as select 1; declare c cursor with hold for select 1;',
  ],
  ['a savepoint', 'savepoint a; release a; savepoint b;'],
  ['row security', 'set row_security to off;'],
];

const alone = 'in segments, the last one alone';

/** The ways on which a file travels. */
const ways: readonly (readonly [name: string, wrap: (trap: string) => string])[] = [
  ['one message', (trap) => `${trap}\ncreate table public.ownNUMBER ();`],
  [
    'several messages of a transaction',
    (trap) =>
      `create table linesNUMBER (x text);\nCOPY linesNUMBER FROM stdin;\né\n\\.\n${trap}\ncreate table public.ownNUMBER ();`,
  ],
  [
    'in segments',
    (trap) => `create index concurrently base_xNUMBER on base (x);\n${trap}\ncreate table public.ownNUMBER ();`,
  ],
  [alone, (trap) => `${trap}\ncreate table public.ownNUMBER ();\nvacuum public.base;`],
];

/** What a migration leaves in the session is looked at by the one behind it. */
const look = (table: string): string => `create table ${table} as select 'é\\n' as text, current_user::text as who,
  session_user::text as login, current_schema()::text as schema, current_setting('statement_timeout') as statement_timeout,
  current_setting('lock_timeout') = (select lock_timeout from public.before) as same_lock_timeout,
  current_setting('transaction_isolation') as isolation, current_setting('transaction_read_only') as read_only,
  current_setting('session_replication_role') as replication, current_setting('client_encoding') as encoding,
  (select count(*)::int from pg_listening_channels()) as channels,
  (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid() and classid <> 1735353463) as locks,
  (select count(*)::int from pg_prepared_statements) + (select count(*)::int from pg_cursors where is_holdable) as kept;`;

const asAtStart = {
  text: 'é\\n',
  who: 'postgres',
  login: 'postgres',
  schema: 'public',
  statement_timeout: '0',
  same_lock_timeout: true,
  isolation: 'read committed',
  read_only: 'off',
  replication: 'origin',
  encoding: 'UTF8',
  channels: 0,
  locks: 0,
  kept: 0,
};

const base = `create table base (x int);
create table before as select current_setting('lock_timeout') as lock_timeout;
create function leak() returns void language sql as $$
  select set_config('client_encoding', 'LATIN1', false), set_config('standard_conforming_strings', 'off', false),
    set_config('search_path', 'elsewhere', false), set_config('lock_timeout', '1ms', false);
$$;`;

/** The record of a file with a tiny timeout takes longer than that, and each commit notes how durable it is. */
const watchRecords = `create table noted (id text, durable text, encoding text);
create function noted() returns trigger language plpgsql as $$ begin
  insert into public.noted values (new.id, current_setting('synchronous_commit'), current_setting('client_encoding'));
  return null; end $$;
create constraint trigger noted after insert on godwit.migration deferrable initially deferred for each row execute function noted();
create function slow() returns trigger language plpgsql as $$ begin
  set constraints godwit.noted deferred;
  if new.name ~ 'timeout' then perform pg_sleep(0.06); end if; return new; end $$;
create trigger slow before insert on godwit.migration for each row execute function slow();`;

test.each(majors.flatMap((major) => ways.map(([way, wrap]) => ({ major, way, wrap }))))(
  'what a file leaves in its session harms neither the next migration nor the history ($way, PostgreSQL $major)',
  async ({ major, way, wrap }) => {
    await using database = await createTestDatabase(major);
    const role = await database.role('limited');
    await database.query(
      `grant all on schema public to ${role.name}; create schema elsewhere; grant all on schema elsewhere to ${role.name}`,
    );
    using project = createProject({ 'migrations/1_base.sql': base }, database.url);
    expect((await project.run('up')).exitCode).toBe(0);
    await database.query(`grant all on base, before to ${role.name}; alter table base owner to ${role.name}`);
    await database.query(watchRecords);
    // What later parts could not rely on is refused anyway.
    const fitting = traps.filter(([, text]) => !(way === alone && /temp table|advisory/.test(text)));
    for (const [index, [name, text]] of fitting.entries()) {
      const file = wrap(text.replaceAll('ROLE', role.name)).replaceAll('NUMBER', String(index));
      const version = String(100 + index);
      project.write(`migrations/${version}1_${name.replaceAll(/[^a-z]+/gi, '_')}.sql`, file);
      project.write(`migrations/${version}2_look.sql`, look(`public.seen${index}`));
    }
    const ran = await project.run('up', '--no-verify');
    expect(ran.exitCode, ran.err).toBe(0);
    for (const [index, [name]] of fitting.entries())
      expect({ name, found: await database.query(`select * from seen${index}`) }).toEqual({ name, found: [asAtStart] });
    // Of a pipeline the last commit reaches the disk, and all before it with it.
    const last = await database.query('select durable, encoding from noted order by id desc limit 1');
    expect(last).toEqual([{ durable: 'on', encoding: 'UTF8' }]);
    const [{ n } = {}] = await database.query('select count(*)::int as n from godwit.migration');
    expect(n).toBe(1 + 2 * fitting.length);
    expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
    expect((await project.run('up')).err).toContain('Nothing to do');
  },
);

test.each(majors)(
  'a file that makes its commits less durable does not do so to its record (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    using project = createProject({ 'migrations/1_base.sql': base }, database.url);
    await project.run('up');
    await database.query(watchRecords);
    project.write('migrations/2_quick.sql', 'set synchronous_commit to off;\ncreate table quick ();');
    const ran = await project.run('up');
    expect(ran.exitCode, ran.err).toBe(0);
    expect(await database.query('select id, durable from noted')).toEqual([{ id: '2', durable: 'on' }]);
  },
);
