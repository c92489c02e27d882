import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { startOwnServer } from '../support/own-server.ts';
import { createProject } from '../support/project.ts';
import { missing } from '../support/tools.ts';

const files = {
  'godwit.config.json': JSON.stringify({ environments: { dev: { database: { env: 'DEV' } } } }),
  'migrations/1_orders.sql':
    'create table customers (id int primary key, name text not null);\ncreate table orders (id bigint primary key, customer int references customers, total numeric, note text);\ncreate index on orders (customer);\ncreate view big as select * from orders where total > 500;',
  'migrations/2_drop.sql': 'drop view big;\ndrop table orders;',
  'migrations/3_after.sql': 'create table afterwards (customer int references customers);',
};

/** What is in the tables of the first migration, as one digest. */
const contents = `select md5(string_agg(t, '')) as digest, count(*)::int as n from (
  select c::text as t from customers c union all select o::text from orders o order by 1) rows`;

describe.skipIf(missing('pg_dump'))('with PostgreSQL’s own programs', () => {
  test('the printed command restores the database of a dump, to the last row', async () => {
    await using server = await startOwnServer();
    const password = String.raw`a:b\c'd"e $f*g%h #é`;
    await server.query('postgres', `create role owner login superuser password '${password.replaceAll("'", "''")}'`);
    await server.query('postgres', 'create database shop owner owner');
    const address = new URL(server.url('shop'));
    address.username = 'owner';
    address.password = encodeURIComponent(password);
    const PATH = process.env['PATH'] ?? '';
    using project = createProject(files, undefined, { DEV: address.href, PATH });
    expect((await project.run('up', '-e', 'dev', '--to', '1')).exitCode).toBe(0);
    await server.query(
      'shop',
      `insert into customers select n, 'c' || n from generate_series(1, 200) n;
       insert into orders select n, n % 200 + 1, n * 1.25, repeat('é', n % 30) from generate_series(1, 20000) n`,
    );
    const before = await server.query('shop', contents);
    const ran = await project.run('up', '-e', 'dev', '--destroy-rows', '--json');
    expect(ran.exitCode, ran.out).toBe(0);
    expect(ran.out + ran.err).not.toContain(password);
    const { checkpoint } = ran.json.find(({ kind }) => kind === 'checkpoint.taken') as unknown as {
      checkpoint: { restore: string; sha256: string };
    };
    const dump = readFileSync(checkpoint.restore.split(' ').at(-1) ?? '');
    expect(createHash('sha256').update(dump).digest('hex')).toBe(checkpoint.sha256);
    await server.query('shop', "update customers set name = 'changed later'");

    // As a person types it: the command asks for no more than the password.
    const env = { ...process.env, PGPASSWORD: password };
    await promisify(execFile)('/bin/sh', ['-c', checkpoint.restore], { env });
    expect(await server.query('shop', contents)).toEqual(before);
    expect(await server.query('shop', 'select count(*)::int as n from big')).toEqual([{ n: 19_600 }]);
    // The database is a different one by its number, which the lock file pins.
    const refused = await project.run('status', '-e', 'dev');
    expect(refused.shown).toContain('[wrong-database]');
    project.remove('godwit.lock.json');
    expect((await project.run('up', '-e', 'dev', '--destroy-rows')).exitCode).toBe(0);
  }, 600_000);
});
