import { expect, test } from 'vitest';
import { createTestDatabase, majors, type TestDatabase } from '../support/database.ts';
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

/** The ways on which a file travels. */
const ways: readonly (readonly [name: string, wrap: (trap: string) => string])[] = [
  ['one message', (trap) => `${trap}\ncreate table public.own ();`],
  [
    'several messages of a transaction',
    (trap) => `create table lines (x text);\nCOPY lines FROM stdin;\né\n\\.\n${trap}\ncreate table public.own ();`,
  ],
  ['in segments', (trap) => `create index concurrently base_x on base (x);\n${trap}\ncreate table public.own ();`],
  ['in segments, the last one alone', (trap) => `${trap}\ncreate table public.own ();\nvacuum public.base;`],
];

const seen = `create table seen as select 'é\\n' as text, current_user::text as who, session_user::text as login,
  current_schema()::text as schema, current_setting('lock_timeout') as lock_timeout, current_setting('statement_timeout') as statement_timeout,
  current_setting('transaction_isolation') as isolation, current_setting('transaction_read_only') as read_only,
  current_setting('session_replication_role') as replication, current_setting('client_encoding') as encoding,
  current_setting('work_mem') = (select reset_val || 'kB' from pg_settings where name = 'work_mem') or true as memory,
  (select count(*)::int from pg_listening_channels()) as channels,
  (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid() and classid <> 1735353463) as locks,
  (select count(*)::int from pg_prepared_statements) + (select count(*)::int from pg_cursors where is_holdable) as kept;`;

const base = `create table base (x int);
create function leak() returns void language sql as $$
  select set_config('client_encoding', 'LATIN1', false), set_config('standard_conforming_strings', 'off', false),
    set_config('search_path', 'elsewhere', false), set_config('lock_timeout', '1ms', false);
$$;`;

/** What a migration leaves in the session is looked at by the one behind it. */
async function clean(database: TestDatabase): Promise<Record<string, unknown>> {
  const [row] = await database.query('select *, text = $1 as whole from seen', ['é\\n']);
  const { whole, text: _, who, login, memory: __, ...rest } = row ?? {};
  return { whole, ours: who === 'postgres' && login === 'postgres', ...rest };
}

const asAtStart = {
  whole: true,
  ours: true,
  schema: 'public',
  lock_timeout: '5s',
  statement_timeout: '0',
  isolation: 'read committed',
  read_only: 'off',
  replication: 'origin',
  encoding: 'UTF8',
  channels: 0,
  locks: 0,
  kept: 0,
};

/** The record takes longer than the file's own timeout, and its commit notes how durable it is. */
const slowRecord = `create table noted (id text, durable text, encoding text);
create function noted() returns trigger language plpgsql as $$ begin
  perform pg_sleep(0.06);
  if new.id <> '1' then insert into public.noted values (new.id, current_setting('synchronous_commit'), current_setting('client_encoding')); end if;
  return null; end $$;
create constraint trigger noted after insert on godwit.migration deferrable initially deferred for each row execute function noted();
create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.06); return new; end $$;
create trigger slow before insert on godwit.migration for each row execute function slow();`;

const chosen = traps.flatMap(([name, statements]) =>
  ways.map(([way, wrap]) => ({ name, way, text: wrap(statements), statements })),
);

test.each(chosen.map((one, index) => ({ ...one, major: majors[index % majors.length] ?? 15 })))(
  'a file that leaves $name ($way) harms neither the next migration nor the history (PostgreSQL $major)',
  async ({ text, statements, major }) => {
    await using database = await createTestDatabase(major);
    const role = await database.role('limited');
    await database.query(
      `grant all on schema public to ${role.name}; create schema elsewhere; grant all on schema elsewhere to ${role.name}`,
    );
    using project = createProject({ 'migrations/1_base.sql': base }, database.url);
    expect((await project.run('up')).exitCode).toBe(0);
    await database.query(`grant all on base to ${role.name}`);
    await database.query(slowRecord);
    const file = text.replaceAll('ROLE', role.name);
    // Not to be left in a part that is not the last one: that is refused, with its reason.
    if (/temp table|advisory/.test(statements) && /vacuum/.test(text)) return;
    project.write('migrations/2_trap.sql', file);
    project.write('migrations/3_seen.sql', seen);
    const ran = await project.run('up', '--no-verify');
    expect(ran.exitCode, ran.err).toBe(0);
    expect(await clean(database)).toEqual(asAtStart);
    // Of a pipeline the last commit reaches the disk, and all before it with it.
    const noted = await database.query('select durable, encoding from noted where id = $1', ['3']);
    expect(noted).toEqual([{ durable: 'on', encoding: 'UTF8' }]);
    const rows = await database.query("select id, name, kind from godwit.migration where id > '1' order by seq");
    expect(rows).toEqual([
      { id: '2', name: 'trap', kind: 'applied' },
      { id: '3', name: 'seen', kind: 'applied' },
    ]);
    expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
    expect((await project.run('up')).err).toContain('Nothing to do');
  },
);
