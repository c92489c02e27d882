import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const base = `create table users (id int, email text);
create table log (n int generated always as identity, what text, waits text);`;
/** Notes for how long a lock would be waited for at this place of a file. */
const note = (what: string): string =>
  `insert into log (what, waits) values ('${what}', current_setting('lock_timeout'));`;

/** What a migration would wait at each of its notes. */
async function waits(text: string, locks: object = {}): Promise<Record<string, unknown>> {
  await using database = await createTestDatabase();
  const local = { database: { env: 'DATABASE_URL' }, locks };
  using folder = createProject(
    {
      'migrations/1_base.sql': base,
      'migrations/2_change.sql': text,
      'godwit.config.json': JSON.stringify({ environments: { local } }),
    },
    database.url,
  );
  const ran = await folder.run('up');
  expect(ran.exitCode, ran.err).toBe(0);
  const rows = await database.query<{ what: string; waits: string }>('select what, waits from log order by n');
  return Object.fromEntries(rows.map(({ what, waits: wait }) => [what, wait]));
}

test('only what stalls others waits shortly, and so does everything behind it', async () => {
  expect(
    await waits(`${note('first')} create table new (id int); create index on new (id); ${note('new')}
      alter table users add column age int; ${note('behind')} analyze users; ${note('gentle, but behind')}`),
  ).toEqual({ first: '30s', new: '30s', behind: '150ms', 'gentle, but behind': '150ms' });
});

test('what waits for old transactions may wait for as long as the environment says, and only that', async () => {
  expect(
    await waits(`analyze users; ${note('behind')}\ncreate index concurrently i on users (email);\n${note('after')}`, {
      concurrent: '7min',
    }),
  ).toEqual({ behind: '30s', after: '30s' });
});

test('the next migration, and the part behind a barrier, begin anew', async () => {
  expect(
    await waits(`alter table users add column age int; ${note('strong')}
      create index concurrently i on users (email); ${note('next part')}`),
  ).toEqual({ strong: '150ms', 'next part': '30s' });
});

test('what a file says itself holds', async () => {
  expect(
    await waits(`${note('first')} set lock_timeout = '3s'; alter table users add column age int; ${note('own')}
      create index concurrently i on users (email); ${note('still')} drop index i;`),
  ).toEqual({ first: '30s', own: '3s', still: '3s' });
  expect(
    await waits(`set local lock_timeout = '3s'; alter table users add column age int; ${note('own')}
      create index concurrently i on users (email); drop index i; ${note('anew')}`),
  ).toEqual({ own: '3s', anew: '150ms' });
  expect(
    await waits(
      `select pg_catalog.set_config('lock_timeout', '5s', true); alter table users add column age int; ${note('call')}`,
    ),
  ).toEqual({ call: '5s' });
  expect(await waits(`-- godwit: lock-timeout=4s\nalter table users add column age int; ${note('own')}`)).toEqual({
    own: '4s',
  });
});

test('a file that resets everything does not lose the short wait', async () => {
  expect(
    await waits(`alter table users add column age int; reset all; ${note('reset')}
      alter table users add column size int; ${note('strong')}`),
  ).toEqual({ reset: '150ms', strong: '150ms' });
});

test('a migration that goes in several messages waits as one in a single message', async () => {
  expect(
    await waits(`${note('first')} alter table users add column age int; ${note('strong')}
copy users (id) from stdin;
1
\\.
${note('behind')}`),
  ).toEqual({ first: '30s', strong: '150ms', behind: '150ms' });
});

test('a concurrent build waits for as long as the environment says', async () => {
  await using database = await createTestDatabase();
  await database.query('create table told (waits text)');
  const local = { database: { env: 'DATABASE_URL' }, locks: { concurrent: '7min' } };
  using folder = createProject(
    {
      'migrations/1_base.sql': `${base}
create function told() returns event_trigger language plpgsql as 'begin insert into told values (tg_tag || current_setting(''lock_timeout'')); end';
create event trigger told on ddl_command_start when tag in ('CREATE INDEX') execute function told();`,
      'migrations/2_change.sql': 'create index concurrently i on users (email);',
      'godwit.config.json': JSON.stringify({ environments: { local } }),
    },
    database.url,
  );
  const ran = await folder.run('up', '--no-verify');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(await database.query('select * from told')).toEqual([{ waits: 'CREATE INDEX7min' }]);
});

test('a rollback that counts the rows it would destroy waits shortly for the table too', async () => {
  await using database = await createTestDatabase();
  using folder = createProject(
    {
      'migrations/1_base.sql': base,
      'migrations/2_more.sql': 'create table more (id int);',
      'migrations/2_more.down.sql': `drop table more; ${note('down')}`,
    },
    database.url,
  );
  await folder.run('up');
  const ran = await folder.run('down', '--yes');
  expect(ran.exitCode, ran.err).toBe(0);
  expect(await database.query('select what, waits from log')).toEqual([{ what: 'down', waits: '150ms' }]);
});
