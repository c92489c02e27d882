import { expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const slow = { timeout: 240_000 };
const config = (identity: string, more: object = {}) =>
  JSON.stringify({
    environments: {
      prod: { database: { env: 'PROD_URL' }, protected: false, checkpoint: 'never' },
      dev: { database: { env: 'DEV_URL' } },
      stg: { database: { env: 'STG_URL' }, checkpoint: 'never', identity, ...more },
    },
  });

/** Prod is migrated and pinned; staging is a copy of it, of which only the configuration knows. */
async function scene() {
  const prod = await createTestDatabase();
  const project = createProject({
    'godwit.config.json': config('copied-from prod'),
    'migrations/1_users.sql': 'create table users (id int primary key);',
    'migrations/1_users.down.sql': 'drop table users;',
  });
  expect((await project.runWith({ PROD_URL: prod.url }, 'up', '-e', 'prod')).exitCode).toBe(0);
  project.write('migrations/2_orders.sql', 'create table orders (id int);');
  const made = [prod];
  const copy = async (): Promise<TestDatabase> => {
    const database = await createTestDatabase(undefined, prod.name);
    made.push(database);
    return database;
  };
  const at = (database: TestDatabase, ...argv: readonly string[]) =>
    project.runWith({ STG_URL: database.url }, '-e', 'stg', ...argv);
  return {
    project,
    prod,
    copy,
    at,
    async [Symbol.asyncDispose]() {
      project[Symbol.dispose]();
      await Promise.all(made.map((database) => database.drop()));
    },
  };
}

const guardOf = async (database: TestDatabase) =>
  (
    await database.query<{ environment: string; id: string; seq: string }>(
      'select environment, environment_id::text as id, seq::text from godwit.guard',
    )
  )[0]!;

const changing: readonly (readonly string[])[] = [
  ['up'],
  ['down', '--to', '0'],
  ['adopt'],
  ['adopt', '--baseline', '2'],
  ['adopt', '--identity', '--reason', 'x'],
  ['verify', '--accept', 'public.users', '--reason', 'x'],
  ['exec', '--', 'true'],
  ['up', '--take-over'],
];

test(
  'F11: a database that is replaced by copies every night is settled by the first run, in one line',
  slow,
  async () => {
    await using set = await scene();
    const { project, copy, at } = set;
    const lock = project.read('godwit.lock.json');
    const ids = new Set<string>();
    for (const night of [1, 2]) {
      const stg = await copy();
      for (const command of ['status', 'plan', 'verify'])
        expect((await at(stg, command)).shown, command).not.toContain('wrong-database');
      const up = await at(stg, 'up');
      expect(up.exitCode, `night ${night}: ${up.err}`).toBe(0);
      expect(up.err.match(/a copy of prod, is stg now/g)).toHaveLength(1);
      const guard = await guardOf(stg);
      expect(guard).toMatchObject({ environment: 'stg', seq: '2' });
      expect(lock).not.toContain(guard.id);
      ids.add(guard.id);
      const [event] = await stg.query<{ body: string }>("select body from godwit.event where kind = 'identity'");
      expect(JSON.parse(event?.body ?? '')).toMatchObject({
        before: { environment: 'prod' },
        after: { environment: 'stg', id: guard.id },
      });
      const chain = await at(stg, 'runs', 'verify-chain');
      expect(chain.exitCode, chain.shown).toBe(0);
      // It is settled: the next run has nothing to say about it.
      project.write('migrations/3_more.sql', 'create table more (id int);');
      const next = await at(stg, 'up');
      expect([next.exitCode, next.err]).toEqual([0, expect.not.stringContaining('is stg now')]);
      project.remove('migrations/3_more.sql');
    }
    expect(ids.size).toBe(2);
    expect(project.read('godwit.lock.json')).toBe(lock);
  },
);

test('F11: pointed at prod itself, no command changes anything', slow, async () => {
  await using set = await scene();
  const before = await guardOf(set.prod);
  for (const command of changing) {
    const ran = await set.at(set.prod, ...command);
    expect([command, ran.exitCode, ran.err]).toEqual([command, 10, expect.stringContaining('[wrong-database]')]);
  }
  expect(await guardOf(set.prod)).toEqual(before);
  expect(await set.prod.query('select count(*)::int as runs from godwit.run')).toEqual([{ runs: 1 }]);
});

test('F11: prod that has moved is no copy, also for a lock file that does not know it yet', slow, async () => {
  await using set = await scene();
  const { project, copy, at } = set;
  const stale = project.read('godwit.lock.json');
  const moved = await copy();
  const settled = await project.runWith(
    { PROD_URL: moved.url },
    'adopt',
    '--identity',
    '--reason',
    'moved',
    '-e',
    'prod',
  );
  expect(settled.exitCode, settled.err).toBe(0);
  project.write('godwit.lock.json', stale);
  const up = await at(moved, 'up');
  expect([up.exitCode, up.err]).toEqual([10, expect.stringContaining('of environment "prod" itself')]);
  expect(await guardOf(moved)).toMatchObject({ environment: 'prod' });
});

test('F11: prod whose history is gone, whose name or id was edited, is not taken for a copy', slow, async () => {
  await using set = await scene();
  const damages = [
    "update godwit.guard set environment = 'dev'",
    'update godwit.guard set environment_id = gen_random_uuid()',
    'drop schema godwit cascade',
  ];
  for (const damage of damages) {
    await set.prod.query(damage);
    const up = await set.at(set.prod, 'up');
    expect([damage, up.exitCode, up.err]).toEqual([damage, 10, expect.stringContaining('[wrong-database]')]);
  }
});

test(
  'F11: without a pin of prod nothing is changed, and nothing by the same address (`copied-from-unpinned`)',
  slow,
  async () => {
    await using set = await scene();
    const { project, copy, at, prod } = set;
    const stg = await copy();
    const same = await project.runWith({ PROD_URL: stg.url, STG_URL: stg.url }, 'up', '-e', 'stg');
    expect([same.exitCode, same.shown]).toEqual([10, expect.stringContaining('lead to the same address')]);
    project.remove('godwit.lock.json');
    const up = await at(stg, 'up');
    expect([up.exitCode, up.err]).toEqual([10, expect.stringContaining('[copied-from-unpinned]')]);
    expect(up.err).toContain('godwit up -e prod');
    expect((await at(stg, 'status')).exitCode).toBe(0);
    // The cure, with nothing pending.
    project.remove('migrations/2_orders.sql');
    expect((await project.runWith({ PROD_URL: prod.url }, 'up', '-e', 'prod')).exitCode).toBe(0);
    project.write('migrations/2_orders.sql', 'create table orders (id int);');
    const again = await at(stg, 'up');
    expect(again.exitCode, again.err).toBe(0);
  },
);

test('F11: a copy of anything else is refused', slow, async () => {
  await using set = await scene();
  const { project, copy, at } = set;
  const stg = await copy();
  await stg.query("update godwit.guard set environment = 'dev'");
  const ofDev = await at(stg, 'up');
  expect([ofDev.exitCode, ofDev.err]).toEqual([10, expect.stringContaining('belongs to environment "dev"')]);
  await stg.query("update godwit.guard set environment = 'prod', environment_id = gen_random_uuid()");
  const ofOther = await at(stg, 'up');
  expect([ofOther.exitCode, ofOther.err]).toEqual([10, expect.stringContaining('it is not a copy of that one')]);
  expect(
    (await project.runWith({ STG_URL: stg.url }, 'adopt', '--identity', '--reason', 'x', '-e', 'stg')).exitCode,
  ).toBe(0);
  expect((await at(stg, 'up')).exitCode).toBe(0);
});

test.each([
  ['copied from prod', 'must be "copied-from NAME"'],
  ['copied-from nothing', 'not an environment here'],
  ['copied-from stg', 'itself'],
  ['copied-from local', 'not an environment here'],
])('F11: identity "%s" is refused with the configuration', async (identity, why) => {
  using project = createProject({ 'godwit.config.json': config(identity) });
  const ran = await project.run('status', '-e', 'stg');
  expect([ran.exitCode, ran.shown]).toEqual([2, expect.stringContaining(why)]);
});
