import { beforeAll, describe, expect, test } from 'vitest';
import { createParser } from '../../src/adapters/parser/libpg-query.ts';
import { lockModes, type LockMode } from '../../src/sql/locks/lock.ts';
import { locksOf } from '../../src/sql/locks.ts';
import { createTestDatabase, majors } from '../support/database.ts';

const parser = createParser();
beforeAll(async () => await parser.load());

const there = `
  create table a (id int primary key, b int, c text);
  create index a_b on a (b);
  create unique index a_c on a (c);
  create table parent (id int primary key, b int);
  create table target (id int primary key);
  create table parted (id int, b int) partition by range (id);
  create table parted_low partition of parted for values from (0) to (10);
  create table parted_high (id int, b int);
  create view v as select 1 as one;
  create materialized view m as select 1 as one;
  create unique index m_one on m (one);
  create sequence s;
  create function f() returns trigger language plpgsql as 'begin return new; end';
  create trigger a_f before insert on a for each row execute function f();
  create policy a_p on a;
  create rule a_r as on delete to a do also select 1;
  alter table a add constraint positive check (b > 0) not valid;
  alter table a add constraint to_parent foreign key (b) references target not valid;
  create schema other;
  create type mood as enum ('good');
`;

/** What must be said of a statement is what the server says; here stands only what is asked. */
const statements = [
  'alter table a add column d int',
  'alter table a add column d int references parent',
  'alter table a drop column c',
  'alter table a alter column b set not null',
  'alter table a alter column b set statistics 100',
  'alter table a set (fillfactor = 70)',
  'alter table a alter column b set statistics 100, add column d int',
  'alter table a validate constraint positive',
  'alter table a validate constraint to_parent',
  'alter table a add constraint more foreign key (id) references parent not valid',
  'alter table a add constraint big check (b > 10) not valid',
  'alter table a add constraint key unique (b)',
  'alter table a disable trigger a_f',
  'alter table a enable trigger user',
  'alter table a disable trigger all',
  'alter table a enable row level security',
  'alter table a owner to current_user',
  'alter table a rename to z',
  'alter table a rename column b to z',
  'alter table a rename constraint positive to z',
  'alter table a set schema other',
  'alter table a cluster on a_b',
  'alter table parted attach partition parted_high for values from (10) to (20)',
  'alter table parted detach partition parted_low',
  'alter index a_b rename to z',
  'alter view v rename to z',
  'alter view v set (security_barrier)',
  'alter materialized view m rename to z',
  'alter sequence s restart with 5',
  'alter sequence s owned by a.id',
  'create table new (id int)',
  'create table new (id int references parent, a int, foreign key (a) references a)',
  'create table new partition of parted for values from (30) to (40)',
  'create table new (like a)',
  'create table new as select * from a',
  'create index on a (b)',
  'create unique index on a (b)',
  'create trigger t after update on a for each row execute function f()',
  'create policy p on a',
  'alter policy a_p on a using (true)',
  'create rule r as on update to a do also select 1',
  'create view w as select * from a',
  'create or replace view v as select 2 as one',
  'create function g() returns int language sql return 1',
  // Of a table with a foreign key the one that it points to is locked as well, which its text does not tell.
  'drop table parent, parted_high',
  'drop view v',
  'drop materialized view m',
  'drop sequence s',
  'drop trigger a_f on a',
  'drop policy a_p on a',
  'drop rule a_r on a',
  'drop function g2()',
  'drop type mood',
  'truncate a',
  'lock table a in share mode',
  'lock table a in share update exclusive mode',
  'lock table a, parent in exclusive mode',
  'refresh materialized view m',
  'refresh materialized view concurrently m',
  'cluster a using a_b',
  'analyze a',
  'insert into parent values (1)',
  'update a set b = 2',
  'delete from parent',
  'select * from a for update',
  "alter type mood add value 'bad'",
  'grant select on a to public',
  'do $$ begin update a set b = 2; end $$',
];

const strength = (mode: LockMode): number => lockModes.indexOf(mode);
const noticed = strength('SHARE UPDATE EXCLUSIVE');

function strongest(locks: readonly { readonly on: string; readonly mode: LockMode }[]): Record<string, LockMode> {
  const found: Record<string, LockMode> = {};
  for (const { on, mode } of locks) {
    const before = found[on];
    if (strength(mode) >= noticed && (before === undefined || strength(mode) > strength(before))) found[on] = mode;
  }
  return found;
}

describe.each(majors)('on PostgreSQL %i', (major) => {
  test('the locks that are expected of a statement are those that the server takes', async () => {
    await using database = await createTestDatabase(major);
    await database.query(`${there} create function g2() returns int language sql return 1;`);
    const told: Record<string, unknown> = {};
    const taken: Record<string, unknown> = {};
    for (const statement of statements) {
      const parsed = parser.parse(statement);
      const [node] = parsed.ok ? parsed.nodes : [];
      told[statement] = strongest(locksOf(node ?? {}));
      await database.query(
        "begin; create temp table before as select oid, relname, relkind from pg_class where relkind <> 't'",
      );
      await database.query(statement);
      const rows = await database.query<{ on: string; mode: string; relkind: string }>(
        `select b.relname as on, b.relkind, l.mode from pg_locks l join before b on b.oid = l.relation
         where l.pid = pg_backend_pid() and l.locktype = 'relation' and b.oid >= 16384`,
      );
      await database.query('rollback');
      const locks = rows
        // A table's indexes are locked along with it.
        .filter(({ relkind }) => relkind !== 'i' || statement.startsWith('alter index'))
        .map(({ on, mode }) => ({ on, mode: modeOf(mode) }));
      taken[statement] = strongest(locks);
    }
    expect(told).toEqual(taken);
  });
});

/** `ShareRowExclusiveLock` → `SHARE ROW EXCLUSIVE` */
function modeOf(name: string): LockMode {
  const words = name
    .replace(/Lock$/, '')
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toUpperCase();
  return lockModes.find((mode) => mode === words) ?? 'ACCESS EXCLUSIVE';
}
