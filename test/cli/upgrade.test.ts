import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createProject, type TestProject } from '../support/project.ts';

const slow = { timeout: 120_000 };
const config = (major: number) => JSON.stringify({ environments: { local: { database: 'embedded', major } } });

const files = {
  'godwit.config.json': config(15),
  'migrations/1_shop.sql': `create schema shop;
create type shop.state as enum ('new', 'paid');
create table shop.users (id int generated always as identity primary key, email text unique, shouted text generated always as (upper(email)) stored);
create table shop.orders (id bigserial primary key, user_id int not null references shop.users, state shop.state not null default 'new', at timestamptz not null default now(), price numeric(10, 2), tags text[], doc jsonb, raw bytea)
  partition by range (id);
create table shop.orders_1 partition of shop.orders for values from (1) to (1000);
create table shop."Odd, name" ("a b" text, c float8);
create function shop.stamp() returns trigger language plpgsql as 'begin new.price := coalesce(new.price, 1); return new; end';
create trigger stamp before insert on shop.orders for each row execute function shop.stamp();
create view shop.paid as select * from shop.orders where state = 'paid';
create materialized view shop.totals as select user_id, sum(price) as total from shop.orders group by 1;
insert into shop.users (email) values ('seed@example.com');`,
  'migrations/2_index.sql': 'create index concurrently users_email on shop.users (email);',
  'migrations/3_gone.sql': 'create table gone (id int);',
  'migrations/4_drop.sql': '-- godwit: allow=drop-table reason="test"\ndrop table gone;',
};
const rows = `insert into shop.users (email) select 'u' || n || '@example.com' from generate_series(1, 500) n;
insert into shop.orders (user_id, state, tags, doc, raw, price) select n, 'paid', array['a', E'b\\\\n'], '{"x": 1}', '\\x00ff', null from (select id as n from shop.users order by id limit 400) u;
insert into shop."Odd, name" values (E'tab\\t, \\\\N and \\u00fc', 0.1), (null, 'NaN');
delete from shop.users where id = (select max(id) from shop.users); refresh materialized view shop.totals;`;

async function answer(project: TestProject, sql: string): Promise<unknown> {
  const ran = await project.run('db', 'sql', sql, '--json');
  expect(ran.exitCode, ran.out + ran.err).toBe(0);
  const [document] = ran.json as unknown as [{ results: { rows: string[][] }[] }];
  return document.results.map((result) => result.rows);
}

const contents = `select count(*), sum(id), max(shouted) from shop.users;
select count(*), sum(price), min(tags::text), max(raw::text) from shop.orders; select * from shop."Odd, name" order by 1;
select count(*), sum(total) from shop.totals; select last_value, is_called from shop.users_id_seq; select last_value from shop.orders_id_seq;
select seq, id, kind, checksum, run from godwit.migration order by seq; select environment_id, head, seq from godwit.guard`;

async function shop(more: object = {}): Promise<TestProject> {
  const project = createProject({ ...files, ...more });
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  const filled = await project.run('db', 'sql', rows);
  expect(filled.exitCode, filled.err).toBe(0);
  return project;
}

test(
  'the embedded server is brought to another major with rows, history and proof, and the old data are kept (`embedded-other-major`)',
  slow,
  async () => {
    using project = await shop();
    const before = await answer(project, contents);
    project.write('godwit.config.json', config(18));
    const refused = await project.run('up');
    expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('[embedded-other-major]')]);
    expect(refused.err).toContain('`godwit db upgrade`, which rebuilds the data under PostgreSQL 18');
    const upgraded = await project.run('db', 'upgrade');
    expect(upgraded.exitCode, upgraded.err).toBe(0);
    expect(upgraded.err).toContain('PostgreSQL 18 has the data of PostgreSQL 15: 4 migrations run again');
    expect(await answer(project, 'show server_version_num')).toEqual([[[expect.stringMatching(/^18/)]]]);
    expect(await answer(project, contents)).toEqual(before);
    for (const command of ['up', 'verify', 'runs verify-chain', 'status']) {
      const ran = await project.run(...command.split(' '));
      expect([command, ran.exitCode, ran.shown]).toEqual([command, 0, expect.not.stringContaining('[')]);
    }
    const runs = await project.run('runs', 'list');
    expect(runs.shown).toContain('upgraded from PostgreSQL 15 to 18');
    project.write('migrations/5_more.sql', 'alter table shop.orders add column more int;');
    project.write('migrations/5_more.down.sql', 'alter table shop.orders drop column more;');
    for (const command of ['up', 'down']) expect((await project.run(command)).exitCode, command).toBe(0);
    const again = await project.run('db', 'upgrade');
    expect([again.exitCode, again.err]).toEqual([0, expect.stringContaining('Nothing to do')]);

    // The way back that was named.
    const [, back] = /to go back: `godwit db stop; (.+)`/.exec(upgraded.err) ?? [];
    execFileSync('sh', ['-c', back ?? 'false'], { cwd: project.folder });
    project.write('godwit.config.json', config(15));
    expect(await answer(project, contents)).toEqual(before);
  },
);

test(
  'what no migration made is named and stops the upgrade, unless it is left behind (`upgrade-would-lose`)',
  slow,
  async () => {
    using project = await shop();
    const byHand = `create table by_hand (id int); create role helper; alter table shop.users add column note text;
create or replace function shop.stamp() returns trigger language plpgsql as 'begin return new; end'; create database other`;
    for (const statement of byHand.split('; create database'))
      expect(
        (await project.run('db', 'sql', statement.startsWith(' other') ? 'create database other' : statement)).exitCode,
      ).toBe(0);
    const before = await answer(project, 'select count(*) from shop.users');
    const refused = await project.run('db', 'upgrade', '--to', '18');
    expect(refused.exitCode, refused.err).toBe(10);
    expect(refused.err.match(/\[upgrade-would-lose\]/g)).toHaveLength(1);
    for (const what of [
      'table public.by_hand',
      'role helper',
      'shop.users.note',
      'function shop.stamp()',
      'database other',
    ])
      expect(refused.err).toContain(what);
    expect(await answer(project, "select count(*) from shop.users; select to_regclass('by_hand')")).toEqual([
      ...(before as unknown[]),
      [['by_hand']],
    ]);
    expect(existsSync(join(project.folder, '.godwit/postgres/data-15'))).toBe(false);
    project.write('godwit.config.json', config(18));
    const upgraded = await project.run('db', 'upgrade', '--lose-rest');
    expect(upgraded.exitCode, upgraded.err).toBe(0);
    expect(await answer(project, "select count(*) from shop.users; select to_regclass('by_hand')")).toEqual([
      ...(before as unknown[]),
      [[null]],
    ]);
    expect((await project.run('verify')).exitCode).toBe(0);
  },
);

test(
  'files that are not as they were applied, or do not run on the other major, stop it; nothing is changed',
  slow,
  async () => {
    using project = await shop();
    const before = await answer(project, contents);
    project.write('migrations/3_gone.sql', 'create table gone (id bigint);');
    const changed = await project.run('db', 'upgrade', '--to', '18');
    expect([changed.exitCode, changed.err]).toEqual([10, expect.stringContaining('[migration-changed]')]);
    project.write('migrations/3_gone.sql', files['migrations/3_gone.sql']);
    project.write(
      'migrations/5_only15.sql',
      "do $$ begin if current_setting('server_version_num')::int >= 160000 then raise 'not here'; end if; end $$;",
    );
    expect((await project.run('up')).exitCode).toBe(0);
    const failing = await project.run('db', 'upgrade', '--to', '18');
    expect([failing.exitCode, failing.err]).toEqual([40, expect.stringContaining('On PostgreSQL 18: ')]);
    const [last] = (await answer(project, 'show server_version_num')) as string[][][];
    expect(last?.[0]?.[0]).toMatch(/^15/);
    expect(((await answer(project, contents)) as unknown[]).slice(0, 6)).toEqual((before as unknown[]).slice(0, 6));
  },
);

test(
  'killed at any moment, the old data are in their place, and the same command goes on',
  { timeout: 300_000 },
  async () => {
    using project = await shop();
    // Whatever major the data have is right.
    project.remove('godwit.config.json');
    const before = (await answer(project, contents)) as unknown[];
    const program = join(import.meta.dirname, '../../dist/godwit.cjs');
    const ended: (number | null)[] = [];
    for (let ms = 250; ms < 100_000 && ended.at(-1) !== 0; ms *= 1.5) {
      const child = spawn(process.execPath, [program, 'db', 'upgrade', '--to', '18'], {
        cwd: project.folder,
        env: { ...process.env, HOME: project.folder },
        stdio: 'ignore',
      });
      const timer = setTimeout(() => child.kill('SIGKILL'), ms);
      ended.push(await new Promise((resolve) => child.once('exit', resolve)));
      clearTimeout(timer);
      // Whichever data are in their place, they are whole.
      const rowsOnly = ((await answer(project, contents)) as unknown[]).slice(0, 4);
      expect(rowsOnly, `killed after ${ms} ms`).toEqual(before.slice(0, 4));
    }
    expect(ended.length).toBeGreaterThan(3);
    expect(ended.at(-1)).toBe(0);
    expect(await answer(project, contents)).toEqual(before);
    expect(await answer(project, 'show server_version_num')).toEqual([[[expect.stringMatching(/^18/)]]]);
  },
);
