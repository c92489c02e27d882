import type { Client } from 'pg';
import { expect, test } from 'vitest';
import { createTestDatabase, majors, type TestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

interface Place {
  readonly epoch: string;
  readonly head: string;
  readonly run: string;
}

async function placeOf(database: TestDatabase): Promise<Place> {
  const [row] = await database.query<{ epoch: string; head: string; run: string }>(
    'select (select epoch from godwit.epoch), head, (select run from godwit.run limit 1) from godwit.guard',
  );
  if (row === undefined) throw new Error('no guard row');
  return row;
}

/** A migration as the server sees it, with what no lexer has looked at in its middle. */
function message(place: Place, body: string, id = '2'): string {
  return `begin isolation level read committed read write; select godwit.enter(${place.epoch}, '${place.head}'); ${body};
    set constraints all immediate; reset role;
    select godwit.record('${place.run}', 'applied', '${id}', 'x', 'm/2_x.sql', 'c', 'h${id}', '', 'up', 0, null, null, null, null); commit`;
}

async function codeOf(client: Client, text: string): Promise<string> {
  try {
    await client.query(text);
    return 'ok';
  } catch (error) {
    await client.query('rollback');
    return (error as { readonly code: string }).code;
  }
}

test.each(majors)(
  'a record outside of the transaction that entered is refused, however that one was ended (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    using project = createProject({ 'migrations/1_base.sql': 'create table base (n int);' }, database.url);
    await project.run('up');
    const client = await database.connect();
    const place = await placeOf(database);
    for (const body of [
      'commit; begin',
      'rollback; begin',
      'commit and chain',
      'rollback and chain',
      'commit; insert into base values (1); begin',
      'commit',
      'rollback',
      "prepare transaction 'gone'; begin",
    ]) {
      expect([body, await codeOf(client, message(place, body))]).toEqual([body, 'GW003']);
      await database.query("rollback prepared 'gone'").catch(() => {});
    }
    // Whatever a runner sends behind it, the head has not moved: nothing follows.
    expect(await placeOf(database)).toEqual(place);
    expect(
      await codeOf(client, message(place, 'savepoint a; insert into base values (7); release a; savepoint b')),
    ).toBe('ok');
    expect(await database.query("select id from godwit.migration where id = '2'")).toEqual([{ id: '2' }]);
  },
);

test.each(majors)(
  'of messages that are on their way together none takes effect behind one that failed (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    using project = createProject(
      { 'migrations/1_base.sql': 'create table base (n int unique deferrable initially deferred);' },
      database.url,
    );
    await project.run('up');
    const place = await placeOf(database);
    const bodies = [
      'selec 1',
      'select 1 / 0',
      'insert into base values (1), (1)',
      'commit; select bad',
      'rollback to nowhere',
    ];
    for (const body of bodies) {
      const client = await database.connect();
      const behind = message({ ...place, head: 'h2' }, 'insert into base values (9)', '3');
      const codes = [
        await codeOf(client, message(place, body)),
        await codeOf(client, behind),
        await codeOf(client, behind),
      ];
      expect([body, codes.slice(1)]).toEqual([body, ['GW002', 'GW002']]);
      await client.end();
    }
    expect(await database.query('select * from base')).toEqual([]);
    expect(await placeOf(database)).toEqual(place);
  },
);

test.each(majors)(
  'a runner of an older epoch does nothing, under any isolation of its role (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    using project = createProject({ 'migrations/1_base.sql': 'create table base (n int);' }, database.url);
    await project.run('up');
    const place = await placeOf(database);
    const client = await database.connect();
    for (const isolation of ['read committed', 'repeatable read', 'serializable']) {
      await client.query(`set default_transaction_isolation to '${isolation}'`);
      const old = { ...place, epoch: String(Number(place.epoch) - 1) };
      expect(await codeOf(client, message(old, 'insert into base values (1)'))).toBe('GW001');
      expect(await codeOf(client, message({ ...place, head: 'other' }, 'insert into base values (1)'))).toBe('GW002');
    }
    expect(await database.query('select * from base')).toEqual([]);
  },
);

test.each(majors)(
  'who waited for the guard row reads what was recorded meanwhile, not an old snapshot (PostgreSQL %i)',
  async (major) => {
    await using database = await createTestDatabase(major);
    using project = createProject({ 'migrations/1_base.sql': 'create table base (n int);' }, database.url);
    await project.run('up');
    const place = await placeOf(database);
    const [first, second] = [await database.connect(), await database.connect()];
    await second.query("set default_transaction_isolation to 'repeatable read'");
    const [before, after] = message(place, 'insert into base values (1)').split('insert into base values (1);');
    await first.query(before ?? '');
    const waiting = codeOf(second, message(place, 'insert into base values (2)'));
    await first.query(`insert into base values (1); ${after ?? ''}`);
    expect(await waiting).toBe('GW002');
    expect(await database.query('select * from base')).toEqual([{ n: 1 }]);
  },
);
