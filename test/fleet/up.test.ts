import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { serverUrl } from '../support/database.ts';
import { createTenants, folder } from './tenants.ts';

test('every database of the list gets the migrations in a run of its own, and the summary counts them', async () => {
  await using tenants = await createTenants(3);
  const ran = await tenants.project.run('up', '--databases', 'tenants.txt');
  expect(ran.shown).toContain('3 databases: 2 migrations applied');
  expect(ran.exitCode).toBe(0);
  const runs = new Set<string>();
  for (const one of tenants.all) {
    const [row] = await one.query<{ run: string; applied: number }>(
      'select min(run) as run, count(*)::int as applied from godwit.migration',
    );
    expect(row?.applied).toBe(2);
    runs.add(row?.run ?? '');
  }
  expect(runs.size).toBe(3);
  expect(await tenants.home.query(`select from pg_namespace where nspname = 'godwit'`)).toEqual([]);

  const again = await tenants.project.run('up', '--databases', 'tenants.txt');
  expect(again.shown).toContain('3 databases: nothing to do');
  expect(again.exitCode).toBe(0);
});

test('one tenant whose data does not fit fails alone; the rest goes on, and the same command resumes', async () => {
  await using tenants = await createTenants(4);
  const [, second] = tenants.all;
  await second?.query(`create table account (name text); insert into account values ('ann'), ('ann')`);
  tenants.list('missing_tenant');
  const ran = await tenants.project.run('up', '--databases', 'tenants.txt');
  expect(ran.exitCode).toBe(40);
  expect(ran.shown).toContain('3 databases: 2 migrations applied');
  expect(ran.shown).toContain('2 databases: failed');
  expect(ran.shown).toMatch(new RegExp(`${second?.name} +failed +statement-failed migrations/2_unique.sql:1`));
  expect(ran.shown).toMatch(/missing_tenant +\w+ +database-missing/);

  await second?.query('delete from account');
  tenants.list();
  const again = await tenants.project.run('up', '--databases', 'tenants.txt', '--json');
  expect(again.exitCode).toBe(0);
  const ends = again.json.filter(({ kind }) => kind === 'database.finished');
  expect(ends.map(({ outcome }) => String(outcome)).toSorted((a, b) => a.localeCompare(b))).toEqual([
    'done',
    'nothing-to-do',
    'nothing-to-do',
    'nothing-to-do',
  ]);
  expect(await second?.query('select id from godwit.migration order by seq')).toEqual([{ id: '1' }, { id: '2' }]);
});

test('no other database begins when the first one fails: `fleet-stopped`', async () => {
  await using tenants = await createTenants(3, { ...folder, 'migrations/2_unique.sql': 'select nonsense' });
  const ran = await tenants.project.run('up', '--databases', 'tenants.txt');
  expect(ran.exitCode).toBe(40);
  expect(ran.shown).toContain('[fleet-stopped]');
  expect(ran.shown).toContain('2 databases: not begun');
  for (const one of tenants.all.slice(1))
    expect(await one.query(`select from pg_namespace where nspname = 'godwit'`)).toEqual([]);
});

test('a database that has everything is proof: what fails behind it stops nobody else', async () => {
  await using tenants = await createTenants(4, { 'migrations/1_account.sql': 'create table account (name text)' });
  const [first, second] = tenants.all;
  tenants.project.write('two.txt', `${first?.name}\n${second?.name}\n`);
  expect((await tenants.project.run('up', '--databases', 'two.txt')).exitCode).toBe(0);
  tenants.project.write('migrations/2_more.sql', 'create table more (id int)');
  expect((await tenants.project.run('up', '--databases', 'two.txt')).exitCode).toBe(0);
  tenants.project.write('migrations/1_account.sql', 'create table account (name text)');
  tenants.project.write('migrations/2_more.sql', 'create table more (id int)');
  await tenants.all[2]?.query('create table more (id int)');
  const ran = await tenants.project.run('up', '--databases', 'tenants.txt');
  expect(ran.exitCode).toBe(40);
  expect(ran.shown).toContain('2 databases: nothing to do');
  expect(ran.shown).toContain('1 database: 2 migrations applied');
});

test('nothing else begins once so many have failed; --stop-after 0 tries all', async () => {
  await using tenants = await createTenants(4);
  for (const one of tenants.all.slice(1))
    await one.query(`create table account (name text); insert into account values ('ann'), ('ann')`);
  const stopped = await tenants.project.run('up', '--databases', 'tenants.txt', '--stop-after', '2', '--parallel', '1');
  expect(stopped.shown).toContain('2 databases: failed');
  expect(stopped.shown).toContain('1 database: not begun');
  const all = await tenants.project.run('up', '--databases', 'tenants.txt', '--stop-after', '0', '--canary', '0');
  expect(all.shown).toContain('3 databases: failed');
  expect(all.exitCode).toBe(40);
});

test('a database that another run holds is busy, one without the right to create the history is refused', async () => {
  await using tenants = await createTenants(3);
  const [, held, foreign] = tenants.all;
  const other = await held?.connect();
  await other?.query('select pg_advisory_lock(1735353463, 26996)');
  const reader = await foreign?.role('reader');
  tenants.project.write('list.txt', [tenants.all[0]?.name, held?.name, reader?.url].join('\n'));
  const ran = await tenants.project.run('up', '--databases', 'list.txt', '--wait', '0s', '--json');
  const ends = ran.json.filter(({ kind, exitCode }) => kind === 'database.finished' && exitCode !== 0);
  expect(new Map(ends.map(({ entry, outcome }) => [entry, outcome]))).toEqual(
    new Map([
      [held?.name, 'busy'],
      [foreign?.name, 'refused'],
    ]),
  );
  // What waiting does not cure counts more.
  expect(ran.exitCode).toBe(10);
  expect(ran.out + ran.err).not.toContain(new URL(reader?.url ?? '').password);
  const ledger = readdirSync(join(tenants.project.folder, '.godwit', 'runs'));
  expect(ledger).toHaveLength(2);
});

test('events name the entry of the list, and the last lines tell how all of it ended', async () => {
  await using tenants = await createTenants(2);
  const { json } = await tenants.project.run('up', '--databases', 'tenants.txt', '--json');
  const [first] = tenants.all;
  const own = json.filter(({ entry }) => entry === first?.name);
  expect(own.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['run.started', 'plan', 'migration.applied', 'run.finished', 'database.finished']),
  );
  expect(json.at(-2)).toMatchObject({
    kind: 'databases.finished',
    databases: 2,
    changed: 2,
    failed: 0,
    notStarted: [],
  });
  expect(json.at(-1)).toMatchObject({ kind: 'run.finished', outcome: 'done', exitCode: 0 });
});

test('the list may come from a query on the database of the environment; an unusable answer is `list-invalid`', async () => {
  await using tenants = await createTenants(2);
  const names = tenants.all.map(({ name }) => `'${name}'`).join(', ');
  const query = `select datname from pg_database where datname in (${names}) order by 1`;
  const ran = await tenants.project.run('up', '--databases-query', query);
  expect(ran.shown).toContain('2 databases: 2 migrations applied');
  for (const [wrong, why] of [
    ['select datname, oid from pg_database', 'returns 2 columns'],
    ['select datname from pg_database where false', 'returns no row'],
    ['create table x ()', 'read-only transaction'],
    ['selec', 'syntax error'],
  ] as const) {
    const refused = await tenants.project.run('up', '--databases-query', wrong);
    expect(refused.exitCode).toBe(2);
    expect(refused.shown).toContain('[list-invalid]');
    expect(refused.shown.replaceAll(/\s+/g, ' ')).toContain(why);
  }
});

test('entries that lead to the same database are refused before anything begins: `listed-twice`', async () => {
  await using tenants = await createTenants(1);
  const [only] = tenants.all;
  tenants.list(only?.url ?? '');
  const ran = await tenants.project.run('up', '--databases', 'tenants.txt');
  expect(ran.exitCode).toBe(2);
  expect(ran.shown).toContain('[listed-twice]');
  expect(ran.shown).toContain('tenants.txt:3 and tenants.txt:2');
  expect(ran.shown).not.toContain(new URL(serverUrl()).password);
  expect(await only?.query(`select from pg_namespace where nspname = 'godwit'`)).toEqual([]);
});

test.each([
  [
    ['--databases', 'tenants.txt', '--databases-query', 'select 1'],
    '--databases and --databases-query cannot be combined',
  ],
  [['--databases', 'tenants.txt', '--detach'], '--databases and --detach cannot be combined'],
  [['--parallel', '3'], '--parallel belongs to --databases'],
  [['--databases', 'missing.txt'], 'no such file'],
  [['--databases', 'empty.txt'], 'names no database'],
  [['--databases', 'wrong.txt'], 'wrong.txt:2: the line is neither'],
])('the wrong command line %j is refused', async (argv, why) => {
  await using tenants = await createTenants(0);
  tenants.project.write('empty.txt', '# nothing\n\n');
  tenants.project.write('wrong.txt', 'a\nhost=b dbname=c\n');
  const ran = await tenants.project.run('up', ...argv);
  expect(ran.exitCode).toBe(2);
  expect(ran.shown.replaceAll(/\s+/g, ' ')).toContain(why);
});

test('where jobs do the work, many databases at once are `fleet-remote`', async () => {
  const files = {
    ...folder,
    'godwit.config.json': JSON.stringify({
      environments: { dev: { engine: { kind: 'cloud-run', project: 'acme-dev' } } },
    }),
  };
  await using tenants = await createTenants(0, files, { METADATA_SERVER_DETECTION: 'none' });
  tenants.project.write('tenants.txt', 'a\n');
  const ran = await tenants.project.run('up', '-e', 'dev', '--databases', 'tenants.txt');
  expect(ran.shown).toContain('[fleet-remote]');
  expect(ran.exitCode).toBe(2);
});

test('a broken tenant at the head of the list does not hold up those behind it once others have everything', async () => {
  await using tenants = await createTenants(4);
  const [first, , third] = tenants.all;
  await first?.query(`create table account (name text); insert into account values ('ann'), ('ann')`);
  const stopped = await tenants.project.run('up', '--databases', 'tenants.txt');
  const why = stopped.shown.replaceAll(/\s+/g, ' ');
  expect(why).toContain(`${first?.name} was changed first and failed, so that 3 were not begun.`);
  expect(why).toContain('`--canary 0` begins the others all the same.');
  tenants.project.write('one.txt', `${third?.name}\n`);
  expect((await tenants.project.run('up', '--databases', 'one.txt')).exitCode).toBe(0);
  const again = await tenants.project.run('up', '--databases', 'tenants.txt');
  expect(again.exitCode).toBe(40);
  expect(again.shown).toContain('2 databases: 2 migrations applied');
  expect(again.shown).toContain('1 database: nothing to do');
  expect(again.shown).not.toContain('not begun');
});

test('a fix names no command that would work on the database of the environment', async () => {
  await using tenants = await createTenants(3, { 'migrations/1_account.sql': 'create table account (name text)' });
  const [, second, third] = tenants.all;
  await second?.query('create table account (name text)');
  expect((await tenants.project.run('up', '--databases', 'tenants.txt')).exitCode).toBe(40);
  const { json } = await tenants.project.run('up', '--databases', 'tenants.txt', '--json');
  const fixes = json.flatMap(({ kind, findings, finding }) =>
    kind === 'database.finished' || kind === 'finding' ? [JSON.stringify([findings, finding])] : [],
  );
  expect(fixes.join('\n')).toContain(`Run it on ${second?.name} alone: see “One tenant alone” in docs/fleet.md.`);
  expect(fixes.join('\n')).not.toContain('`godwit adopt');
  expect(third).toBeDefined();
  const list = await tenants.project.run('runs', 'list');
  expect(list.shown).toContain(`up ${second?.name}`);
  const { json: listed } = await tenants.project.run('runs', 'list', '--json');
  const [{ run } = { run: '' }] = (listed[0]?.['runs'] ?? []) as { run: string }[];
  const one = await tenants.project.run('runs', 'show', run);
  expect(one.shown).toMatch(new RegExp(`database +${second?.name}`));
  expect(one.shown).not.toContain('[unknown-run]');
  expect(one.exitCode).toBe(0);
});

test('status ends as for one database if one cannot be read, and tells why', async () => {
  await using tenants = await createTenants(1);
  tenants.list('missing_tenant');
  const alone = await tenants.project.run('up', '--databases', 'tenants.txt');
  const status = await tenants.project.run('status', '--databases', 'tenants.txt');
  expect(status.exitCode).toBe(alone.exitCode);
  expect(status.shown).toContain('1 database: something is in the way');
  expect(status.shown).toMatch(/database-missing: \S+/);
  expect(status.shown).toContain('godwit explain CODE');
  tenants.list();
  tenants.project.write('migrations/1_account.sql', 'select 2');
  const changed = await tenants.project.run('status', '--databases', 'tenants.txt');
  expect(changed.shown).toContain('migration-changed');
  expect(changed.exitCode).toBe(0);
});
