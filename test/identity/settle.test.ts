import { expect, test } from 'vitest';
import { atTerminal } from '../support/at-terminal.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

const slow = { timeout: 240_000 };
const files = (more: object = {}) => ({
  'godwit.config.json': JSON.stringify({
    environments: Object.fromEntries(
      ['stg', 'prod'].map((name) => [
        name,
        { database: { env: `${name.toUpperCase()}_URL` }, protected: false, checkpoint: 'never', ...more },
      ]),
    ),
  }),
  'migrations/1_users.sql': 'create table users (id int primary key);',
});

interface Lock {
  readonly environments: Readonly<Record<string, { id: string; systemIdentifier: string; databaseOid: string }>>;
}
const lockOf = (project: TestProject): Lock['environments'] =>
  (JSON.parse(project.read('godwit.lock.json')) as Lock).environments;

/** Two environments that are migrated and pinned; then staging is replaced by a copy of prod, and a migration is pending. */
async function refreshed() {
  const [prod, old] = [await createTestDatabase(), await createTestDatabase()];
  const env: Record<string, string> = { PROD_URL: prod.url, STG_URL: old.url };
  const project = createProject(files(), undefined, {});
  for (const name of ['prod', 'stg']) expect((await project.runWith(env, 'up', '-e', name)).exitCode).toBe(0);
  const stg = await createTestDatabase(undefined, prod.name);
  env['STG_URL'] = stg.url;
  project.write('migrations/2_orders.sql', 'create table orders (id int);');
  const run = (...argv: readonly string[]) => project.runWith(env, ...argv);
  return {
    project,
    env,
    run,
    prod,
    stg,
    async [Symbol.asyncDispose]() {
      project[Symbol.dispose]();
      await Promise.all([prod.drop(), old.drop(), stg.drop()]);
    },
  };
}

async function guardOf(database: TestDatabase) {
  const [row] = await database.query<{ environment: string; id: string; oid: string; here: string }>(
    `select environment, environment_id::text as id, database_oid::text as oid,
      (select oid::text from pg_database where datname = current_database()) as here from godwit.guard`,
  );
  return row!;
}

test('F11: a refreshed staging is refused once, with all that differs and the one cure', slow, async () => {
  await using scene = await refreshed();
  const before = lockOf(scene.project);
  for (const command of ['up', 'down', 'adopt']) {
    const ran = await scene.run(command, '-e', 'stg');
    expect([command, ran.exitCode]).toEqual([command, 10]);
    expect(ran.err.match(/\[wrong-database\]/g)).toHaveLength(1);
    expect(ran.err).toContain('belongs to environment "prod"');
    expect(ran.err).toContain(`The database has id ${before['prod']?.id}; "stg" is pinned to id ${before['stg']?.id}`);
    expect(ran.err).toContain(`pinned ${before['stg']?.databaseOid}`);
    expect(ran.err).toContain('godwit adopt --identity --reason TEXT -e stg');
  }
});

test('F11: commands that only look say it and answer (`wrong-database`)', slow, async () => {
  await using scene = await refreshed();
  const commands = [
    ['status'],
    ['plan'],
    ['verify'],
    ['runs', 'list'],
    ['runs', 'verify-chain'],
    ['adopt', '--export'],
  ];
  for (const command of commands) {
    const ran = await scene.run(...command, '-e', 'stg');
    expect([command, ran.exitCode]).toEqual([command, 0]);
    expect(ran.err.match(/\[wrong-database\]/g)).toHaveLength(1);
    expect(ran.err).toContain('adopt --identity');
  }
  const status = await scene.run('status', '-e', 'stg', '--json');
  expect(status.json[0]).toMatchObject({
    pending: 1,
    findings: [{ code: 'wrong-database', severity: 'warning' }],
  });
  // What others rely on later is not made of a doubtful database.
  expect((await scene.run('plan', '-e', 'stg', '--out', 'plan.json')).exitCode).toBe(10);
  expect((await scene.run('verify', '-e', 'stg', '--strict')).exitCode).toBe(10);
  expect((await scene.run('up', '-e', 'stg', '--dry-run')).exitCode).toBe(10);
});

test('F11: adopt --identity settles all of it in one recorded step', slow, async () => {
  await using scene = await refreshed();
  const { run, project, stg } = scene;
  const before = lockOf(project);
  const settled = await run('adopt', '--identity', '--reason', 'nightly refresh', '-e', 'stg');
  expect(settled.exitCode, settled.err).toBe(0);
  const guard = await guardOf(stg);
  expect(guard).toMatchObject({ environment: 'stg', oid: guard.here });
  expect([before['prod']?.id, before['stg']?.id]).not.toContain(guard.id);
  expect(lockOf(project)).toEqual({
    prod: before['prod'],
    stg: { ...before['stg'], id: guard.id, databaseOid: guard.here },
  });
  expect(settled.err).toContain('prod becomes stg');
  expect(settled.err).toContain(guard.id);

  const [row] = await stg.query<{ run: string; command: string; about: string; by_whom: string }>(
    'select * from godwit.run order by n desc limit 1',
  );
  expect(row).toMatchObject({ command: 'adopt', outcome: 'done', exit_code: 0 });
  expect(JSON.parse(row?.about ?? '')).toMatchObject({
    reason: 'nightly refresh',
    identity: {
      before: { environment: 'prod', id: before['prod']?.id, databaseOid: before['prod']?.databaseOid },
      pinned: { id: before['stg']?.id },
      after: { environment: 'stg', id: guard.id, databaseOid: guard.here },
    },
  });
  const [event] = await stg.query<{ body: string }>(
    `select body from godwit.event where kind = 'identity' and run = '${row?.run}'`,
  );
  expect(JSON.parse(event?.body ?? '')).toMatchObject({ after: { environment: 'stg', id: guard.id } });
  const chain = await run('runs', 'verify-chain', '-e', 'stg');
  expect(chain.exitCode, chain.shown).toBe(0);
  const shown = await run('runs', 'show', row?.run ?? '', '-e', 'stg');
  expect(shown.shown).toContain('nightly refresh');
  expect(shown.shown).toContain('prod becomes stg');

  const up = await run('up', '-e', 'stg');
  expect(up.exitCode, up.err).toBe(0);
  expect(up.err).not.toContain('wrong-database');
  const again = await run('adopt', '--identity', '--reason', 'again', '-e', 'stg');
  expect([again.exitCode, again.err]).toEqual([0, expect.stringContaining('Nothing to do')]);
});

test('F11: killed between the database and the lock file, the same command goes on', slow, async () => {
  await using scene = await refreshed();
  const { run, project, stg } = scene;
  const lock = project.read('godwit.lock.json');
  const command = ['adopt', '--identity', '--reason', 'nightly refresh', '-e', 'stg'];
  expect((await run(...command)).exitCode).toBe(0);
  const { id } = await guardOf(stg);
  project.write('godwit.lock.json', lock);
  const up = await run('up', '-e', 'stg');
  expect([up.exitCode, up.err]).toEqual([10, expect.stringContaining('adopt --identity')]);
  const again = await run(...command);
  expect(again.exitCode, again.err).toBe(0);
  expect((await guardOf(stg)).id).toBe(id);
  expect(lockOf(project)['stg']?.id).toBe(id);
  expect((await run('up', '-e', 'stg')).exitCode).toBe(0);
});

test('F11: the database of another environment is never settled', slow, async () => {
  await using scene = await refreshed();
  const { run, env, prod } = scene;
  env['STG_URL'] = prod.url;
  const settled = await run('adopt', '--identity', '--reason', 'a wrong URL', '-e', 'stg');
  expect([settled.exitCode, settled.err]).toEqual([10, expect.stringContaining('-e prod')]);
  // Also where the lock file knows nothing: the database says that it was changed here, as prod.
  scene.project.remove('godwit.lock.json');
  const unpinned = await run('adopt', '--identity', '--reason', 'a wrong URL', '-e', 'stg');
  expect([unpinned.exitCode, unpinned.err]).toEqual([10, expect.stringContaining('[wrong-database]')]);
  expect(await guardOf(prod)).toMatchObject({ environment: 'prod' });
  // What it holds is no answer about staging.
  expect((await run('status', '-e', 'stg')).exitCode).toBe(10);
});

test('F11: prod restored keeps its id; an environment that was renamed takes its entry along', slow, async () => {
  await using scene = await refreshed();
  const { run, env, project, stg } = scene;
  const before = lockOf(project);
  env['PROD_URL'] = stg.url;
  const settled = await run('adopt', '--identity', '--reason', 'restored', '-e', 'prod');
  expect(settled.exitCode, settled.err).toBe(0);
  const guard = await guardOf(stg);
  expect(guard).toMatchObject({ environment: 'prod', id: before['prod']?.id });
  expect(lockOf(project)['prod']).toEqual({ ...before['prod'], databaseOid: guard.here });

  const renamed = project.read('godwit.config.json').replace('"prod"', '"live"');
  project.write('godwit.config.json', renamed);
  const live = await run('adopt', '--identity', '--reason', 'renamed', '-e', 'live');
  expect(live.exitCode, live.err).toBe(0);
  expect(Object.keys(lockOf(project))).toEqual(['live', 'stg']);
  expect((await run('up', '-e', 'live')).exitCode).toBe(0);
});

test('F11: a protected environment wants its name typed, and shows before what it changes', slow, async () => {
  await using scene = await refreshed();
  const { run, env, project, stg } = scene;
  project.write('godwit.config.json', files({ protected: true })['godwit.config.json']);
  const line = 'adopt --identity --reason refresh -e stg --yes';
  const unasked = await run(...line.split(' '));
  expect([unasked.exitCode, unasked.err]).toEqual([10, expect.stringContaining('[needs-approval]')]);
  const no = await atTerminal(project, env, line, ['yes']);
  expect([no.exitCode, no.questions]).toEqual([10, [expect.stringContaining('stg is protected')]]);
  expect(no.err).toContain('prod becomes stg');
  expect(await guardOf(stg)).toMatchObject({ environment: 'prod' });
  const yes = await atTerminal(project, env, line, ['stg']);
  expect(yes.exitCode, yes.err).toBe(0);
  expect(await guardOf(stg)).toMatchObject({ environment: 'stg' });
});

test('F11: a physical copy that says so itself is told from its original', slow, async () => {
  await using scene = await refreshed();
  const { run, project, stg } = scene;
  // A copy of the whole server is where prod is pinned, as far as anybody can tell.
  const [here] = await stg.query<{ oid: string }>(
    'select oid::text from pg_database where datname = current_database()',
  );
  const lock = lockOf(project);
  const moved = { ...lock, prod: { ...lock['prod'], databaseOid: here?.oid } };
  project.write('godwit.lock.json', JSON.stringify({ version: 1, environments: moved }));
  const command = ['adopt', '--identity', '--reason', 'a snapshot', '-e', 'stg'];
  const refused = await run(...command);
  expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('a physical copy')]);
  await stg.query("update godwit.guard set environment = 'stg', environment_id = gen_random_uuid()");
  const settled = await run(...command);
  expect(settled.exitCode, settled.err).toBe(0);
  expect((await run('up', '-e', 'stg')).exitCode).toBe(0);
});

test('F11: an emptied database is taken under its name too', slow, async () => {
  await using scene = await refreshed();
  const { run, env, project } = scene;
  await using empty = await createTestDatabase();
  env['STG_URL'] = empty.url;
  expect((await run('up', '-e', 'stg')).err).toContain('godwit has never changed this database');
  const settled = await run('adopt', '--identity', '--reason', 'made anew', '-e', 'stg');
  expect(settled.exitCode, settled.err).toBe(0);
  const up = await run('up', '-e', 'stg');
  expect(up.exitCode, up.err).toBe(0);
  expect(lockOf(project)['stg']?.id).toBe((await guardOf(empty)).id);
  const chain = await run('runs', 'verify-chain', '-e', 'stg');
  expect(chain.exitCode, chain.shown).toBe(0);
});

test('F11: without a reason, or with something else to adopt, it is not understood', slow, async () => {
  await using database = await createTestDatabase();
  using project = createProject(files(), undefined, { STG_URL: database.url });
  for (const argv of [['--identity'], ['--identity', '1', '--reason', 'x'], ['--reason', 'x']])
    expect((await project.run('adopt', ...argv, '-e', 'stg')).exitCode).toBe(2);
});
