import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const plain = { 'migrations/1_a.sql': 'create table a (id int);', 'migrations/2_b.sql': 'create table b (id int);' };

const refused: readonly (readonly [string, string, number, string])[] = [
  ['create index concurrently a_id on a (id);', 'This CREATE INDEX cannot run in a transaction.', 1, 'standalone'],
  ['select 1;\nvacuum a;', 'This VACUUM cannot run in a transaction.', 2, 'vacuum'],
  [
    '-- godwit: transaction=none\nselect 1;',
    'The file asks for `transaction=none`: its statements run one by one.',
    2,
    'none',
  ],
  ['begin;\nselect 1;\ncommit;\nbegin;\nselect 2;\ncommit;', 'A second transaction of the file begins here.', 5, 'own'],
  [
    'begin isolation level serializable;\nselect 1;\ncommit;',
    'The file asks for ISOLATION LEVEL SERIALIZABLE.',
    2,
    'level',
  ],
  [
    "alter type mood add value 'sad';\ninsert into m values ('sad');",
    'What follows ALTER TYPE … ADD VALUE needs a COMMIT in between, to use the new value.',
    2,
    'enum',
  ],
];

test.each(refused)('refused before anything changes (`needs-own-transaction`): %j', async (text, why, line, name) => {
  await using database = await createTestDatabase();
  const file = `migrations/2_${name}.sql`;
  using project = createProject(
    { ...plain, [file]: text, 'migrations/2_b.sql': '', 'migrations/3_c.sql': 'select 1;' },
    database.url,
  );
  project.remove('migrations/2_b.sql');
  for (const command of [['up'], ['up', '--dry-run'], ['plan']]) {
    const ran = await project.run(...command, '--tx', 'all');
    expect(ran.exitCode).toBe(10);
    expect(ran.err).toContain('needs-own-transaction');
    expect(ran.err).toContain(`${file}:${line}`);
    expect(ran.err).toContain(why);
    expect(ran.err.replaceAll(/\s+/g, ' ')).toContain('`godwit up --tx all --to 1`, then `godwit up --tx each --to 2`');
  }
  expect(await database.query("select to_regclass('a') as a, to_regnamespace('godwit') as schema")).toEqual([
    { a: null, schema: null },
  ]);
  // As it says: up to the one before it, then it alone.
  expect((await project.run('up', '--tx', 'all', '--to', '1')).exitCode).toBe(0);
});

test('a single pending migration needs no other mode: the plan is the same', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ 'migrations/1_a.sql': 'create table a (id int);' }, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  project.write('migrations/2_b.sql', 'create index concurrently a_id on a (id);');
  const [all] = (await project.run('plan', '--tx', 'all', '--json')).json;
  const [each] = (await project.run('plan', '--json')).json;
  expect(all?.['plan']).toEqual(each?.['plan']);
  expect((await project.run('up', '--tx', 'all')).exitCode).toBe(0);
});

test('a reviewed plan says that it is one transaction, its hash too, and `up --plan` applies it so', async () => {
  await using database = await createTestDatabase();
  using project = createProject(plain, database.url);
  const shown = await project.run('plan', '--tx', 'all', '--out', 'all.json');
  expect(shown.out).toContain('in one transaction: all of it is applied, or nothing');
  await project.run('plan', '--out', 'each.json');
  const all = JSON.parse(project.read('all.json')) as { plan: { hash: string; tx?: string } };
  const each = JSON.parse(project.read('each.json')) as { plan: { hash: string; tx?: string } };
  expect([all.plan.tx, each.plan.tx]).toEqual(['all', undefined]);
  expect(all.plan.hash).not.toBe(each.plan.hash);

  const combined = await project.run('up', '--plan', 'all.json', '--tx', 'each');
  expect(combined.exitCode).toBe(2);
  expect(combined.err).toContain('--plan and --tx cannot be combined');
  const sql = await project.run('plan', '--tx', 'all', '--sql');
  expect(sql.out.match(/^BEGIN/gm)).toHaveLength(1);
  expect(sql.out.match(/^COMMIT/gm)).toHaveLength(1);
  expect((await project.run('up', '--plan', 'all.json')).exitCode).toBe(0);
  const [row] = await database.query(
    'select count(distinct at)::int as ends, (select count(distinct xid)::int from godwit.own_transaction) as left from godwit.migration',
  );
  expect(row).toEqual({ ends: 2, left: 0 });
  const run = await project.run('runs', 'show', 'last');
  expect(run.out).toContain('command  up --tx all');
});

test('the environment may say so: `--tx each` on the command line wins', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      ...plain,
      'migrations/3_c.sql': 'create table c (id int);\nselect 1 / 0;',
      'godwit.config.json': JSON.stringify({
        environments: { local: { database: { env: 'DATABASE_URL' }, tx: 'all' } },
      }),
    },
    database.url,
  );
  const planned = await project.run('plan', '--json');
  expect(planned.json[0]?.['plan']).toMatchObject({ tx: 'all' });
  expect((await project.run('up')).exitCode).toBe(40);
  expect(await database.query("select to_regclass('a') as a")).toEqual([{ a: null }]);
  expect((await project.run('up', '--tx', 'each')).exitCode).toBe(40);
  expect(await database.query("select to_regclass('a') as a, to_regclass('c') as c")).toEqual([{ a: 'a', c: null }]);
  // Commands that know no such mode are not concerned.
  expect((await project.run('plan', '--down')).exitCode).toBe(10);
  const wrong = await project.run('up', '--resume-up', '--tx', 'all');
  expect([wrong.exitCode, wrong.err.includes('--resume-up and --tx all cannot be combined')]).toEqual([2, true]);
});

test('a migration that stands in part cannot join', async () => {
  await using database = await createTestDatabase();
  using project = createProject(
    {
      'migrations/1_a.sql': '-- godwit: transaction=none\ncreate table a (id int);\nselect 1 / 0;',
      'migrations/2_b.sql': 'create table b (id int);',
    },
    database.url,
  );
  expect((await project.run('up')).exitCode).toBe(41);
  const refusal = await project.run('up', '--tx', 'all');
  expect(refusal.exitCode).toBe(10);
  expect(refusal.err).toContain('An earlier run has left it half applied.');
});
