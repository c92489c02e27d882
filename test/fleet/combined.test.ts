import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { shippedGodwit } from '../support/running.ts';
import { detach, running } from '../stop/detached.ts';
import { createProject } from '../support/project.ts';
import { createTenants, folder } from './tenants.ts';

test('with --tx all each database gets all migrations or none, whatever happens in the others', async () => {
  await using tenants = await createTenants(3);
  const [first, second, third] = tenants.all;
  await second?.query(`create table account (name text); insert into account values ('ann'), ('ann')`);
  const ran = await tenants.project.run('up', '--databases', 'tenants.txt', '--tx', 'all');
  expect(ran.exitCode).toBe(40);
  const applied = 'select id from godwit.migration order by seq';
  for (const one of [first, third]) expect(await one?.query(applied)).toEqual([{ id: '1' }, { id: '2' }]);
  expect(await second?.query(applied)).toEqual([]);

  await second?.query('delete from account');
  const again = await tenants.project.run('up', '--databases', 'tenants.txt', '--tx', 'all');
  expect(again.exitCode, again.shown).toBe(0);
  expect(await second?.query(applied)).toEqual([{ id: '1' }, { id: '2' }]);
});

test('hooks run for each database with its URL, once; one that fails is told of its database, and runs there again', async () => {
  const look = `const { pathname } = new URL(process.env.DATABASE_URL); console.log('looks at ' + pathname.slice(1)); process.exit(require('node:fs').existsSync('bad' + pathname) ? 4 : 0)`;
  const after = { up: [{ name: 'look', command: [process.execPath, '-e', look] }] };
  const environments = { dev: { database: { env: 'DATABASE_URL' }, checkpoint: 'never', after } };
  await using tenants = await createTenants(3, { ...folder, 'godwit.config.json': JSON.stringify({ environments }) });
  const [first, second] = tenants.all;
  const up = ['up', '-e', 'dev', '--databases', 'tenants.txt', '--json'];
  tenants.project.write(`bad/${second?.name}`, '');
  const ran = await tenants.project.run(...up);
  expect(ran.exitCode, ran.shown).toBe(50);
  const failed = ran.json.filter(({ kind, exitCode }) => kind === 'database.finished' && exitCode !== 0);
  expect(failed).toMatchObject([{ entry: second?.name, exitCode: 50 }]);
  expect(JSON.stringify(failed)).toContain('hook-failed');
  const byText = (a: string, b: string): number => a.localeCompare(b);
  const looks = (one: typeof ran): readonly string[] =>
    one.json
      .flatMap((event) => (event.kind === 'output' ? [`${String(event['entry'])} ${event.text.trim()}`] : []))
      .toSorted(byText);
  expect(looks(ran)).toEqual(tenants.all.map(({ name }) => `${name} looks at ${name}`).toSorted(byText));

  tenants.project.remove(`bad/${second?.name}`);
  const again = await tenants.project.run(...up);
  expect(again.exitCode, again.shown).toBe(0);
  expect(looks(again)).toEqual([`${second?.name} looks at ${second?.name}`]);
  expect(await first?.query(`select command from godwit.run order by started_at`)).toEqual([
    { command: 'up' },
    { command: 'exec' },
  ]);
});

test('--databases - reads the list from standard input', async () => {
  await using tenants = await createTenants(2);
  const run = (input: string): string =>
    execFileSync(process.execPath, [shippedGodwit, 'up', '--databases', '-', '--json'], {
      cwd: tenants.project.folder,
      env: { PATH: process.env['PATH'], HOME: tenants.project.folder, DATABASE_URL: tenants.home.url },
      input,
      encoding: 'utf8',
    });
  const list = `# tenants\n${tenants.all.map(({ name }) => name).join('\n')}\n`;
  expect(run(list)).toContain('"databases":2');
  for (const one of tenants.all)
    expect(await one.query('select id from godwit.migration order by seq')).toEqual([{ id: '1' }, { id: '2' }]);
});

test('--take-over ends a live run in the database that has one, and the rest goes its way', async () => {
  await using tenants = await createTenants(3);
  const [, held] = tenants.all;
  using other = createProject(
    { ...folder, 'migrations/2_unique.sql': `${folder['migrations/2_unique.sql']}select pg_sleep(60);` },
    held?.url,
  );
  await detach(other);
  await running(held!, '%pg_sleep(60)%');
  const busy = await tenants.project.run('up', '--databases', 'tenants.txt', '--wait', '1ms');
  expect(busy.exitCode, busy.shown).toBe(20);
  const taken = await tenants.project.run('up', '--databases', 'tenants.txt', '--take-over', '--json');
  expect(taken.exitCode, taken.shown).toBe(0);
  const changed = taken.json.filter(({ kind, outcome }) => kind === 'database.finished' && outcome === 'done');
  expect(changed).toMatchObject([{ entry: held?.name }]);
  expect(await held?.query('select id from godwit.migration order by seq')).toEqual([{ id: '1' }, { id: '2' }]);
  expect(await held?.query('select outcome from godwit.run order by started_at desc limit 1')).toEqual([
    { outcome: 'done' },
  ]);
  expect(await held?.query(`select from godwit.event where kind = 'took-over'`)).toHaveLength(1);
});
