import { describe, expect, test } from 'vitest';
import { atTerminal } from '../support/at-terminal.ts';
import { cutAt } from '../support/cut.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { files, someHistory } from './some-history.ts';
import { elapse } from '../support/elapse.ts';

const now = (): string => new Date().toISOString();

/** Four runs that may be pruned, of which two recorded migrations, and a newest one. */
async function oldHistory(project: TestProject): Promise<void> {
  await someHistory(project);
  project.write('migrations/4_d.sql', 'create table d (id int);');
  expect((await project.run('up')).exitCode).toBe(0);
}

async function verifyChain(project: TestProject): Promise<readonly [number, string]> {
  const { exitCode, shown } = await project.run('runs', 'verify-chain');
  return [exitCode, shown];
}

test('F1: old runs are pruned by a command; every read goes on, and what is left proves itself and says what went', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  await oldHistory(project);
  const heads = await database.query('select run, events, event_head from godwit.run where n < 5 order by n');
  const preview = await project.run('runs', 'prune', '--before', now(), '--dry-run');
  expect([preview.exitCode, preview.shown]).toEqual([0, expect.stringContaining('19 events of 4 runs')]);
  expect(await database.query('select count(*)::int as n from godwit.event')).toEqual([{ n: 24 }]);

  const pruned = await project.run('runs', 'prune', '--before', now(), '--yes', '--json');
  expect([pruned.exitCode, pruned.err]).toEqual([0, '']);
  expect(pruned.json).toMatchObject([
    {
      command: 'runs prune',
      outcome: 'done',
      pruning: { runs: 4, gone: 2, events: 19, statements: 0, attempts: 0 },
    },
  ]);
  for (const command of ['status', 'plan', 'verify', 'runs list', 'up'])
    expect([command, (await project.run(...command.split(' '))).exitCode]).toEqual([command, 0]);
  expect((await project.run('status')).shown).toMatch(/✔ 1 a .* by .*\n.*✔ 2 b .* by /);
  expect(await verifyChain(project)).toEqual([
    0,
    expect.stringMatching(
      /4 runs, 12 events, 4 migrations.*\n.*UTC: 4 runs before .* with 19 events pruned by .*, run 01/,
    ),
  ]);
  expect(
    await database.query("select n::int, by_whom <> '' as who from godwit.run where from_where || client_address = ''"),
  ).toEqual([
    { n: 1, who: true },
    { n: 3, who: true },
  ]);
  // A backup of what went can be held against it.
  expect(await database.query('select run, events, event_head from godwit.pruned order by n')).toEqual(heads);
  const gone = String(heads[1]?.['run']);
  const show = await project.run('runs', 'show', gone, '--config', 'none.json');
  expect(show.exitCode).toBe(2);
  using elsewhere = createProject(files, database.url);
  for (const command of ['show', 'verify-chain']) {
    const asked = await elsewhere.run('runs', command, gone);
    expect([asked.exitCode, asked.err]).toEqual([
      2,
      expect.stringMatching(`Run ${gone.slice(0, 12)}\\w* was pruned on .* in run 01`),
    ]);
  }
  const kept = await project.run('runs', 'verify-chain', String(heads[0]?.['run']), '--json');
  expect(kept.json).toMatchObject([
    { exitCode: 0, chains: [{ ok: true, prunedBy: expect.any(String) }, { ok: true }] },
  ]);
});

test('F1: nothing is pruned of a history whose audit was altered: the traces would go (`prune-refused`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  await oldHistory(project);
  await database.query("update godwit.run set by_whom = 'eve' where n = 2");
  const refused = await project.run('runs', 'prune', '--before', now(), '--yes');
  expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('[prune-refused]')]);
  expect(refused.err).toMatch(/The audit chain is not intact: Run 01\w+: by_whom is "eve" and was ".*"\.\n/);
  expect(await database.query('select count(*)::int as n from godwit.run')).toEqual([{ n: 5 }]);
});

test('F1: what keeps a run is respected: the newest, a hook that passed, a migration that stands in part', async () => {
  await using database = await createTestDatabase();
  const hooked = { after: { up: [{ name: 'smoke', command: ['true'] }] } };
  const config = { environments: { dev: { database: { env: 'DATABASE_URL' }, ...hooked } } };
  using project = createProject({ ...files, 'godwit.config.json': JSON.stringify(config) }, database.url);
  const dev = ['-e', 'dev'] as const;
  const up = async (name: string, text: string, exitCode = 0): Promise<void> => {
    project.write(`migrations/${name}.sql`, text);
    const ran = await project.run('up', ...dev);
    expect([name, ran.exitCode, ran.err]).toEqual([name, exitCode, ran.err]);
  };
  await up('3_c', 'create table c (id int);');
  await up('4_d', 'create table d (id int);');
  await up('5_e', 'create index concurrently d_id on d (id);\nselect oops;', 41);
  const before = await database.query<{ run: string }>('select run from godwit.run order by n');
  expect(before).toHaveLength(5);
  const pruned = await project.run('runs', 'prune', '--before', now(), '--yes', ...dev);
  expect([pruned.exitCode, pruned.err]).toEqual([0, expect.stringContaining('✔ 3 runs pruned')]);
  expect(
    await database.query(
      'select n::int from godwit.run r where exists (select from godwit.event e where e.run = r.run) order by n',
    ),
  ).toEqual([{ n: 4 }, { n: 5 }, { n: 6 }]);
  const chain = await project.run('runs', 'verify-chain', ...dev);
  expect([chain.exitCode, chain.shown]).toEqual([0, chain.shown]);
  // The hook is not executed again for what it has seen, and the migration is resumed.
  await up('5_e', 'create index concurrently d_id on d (id);\nselect 1;');
  const again = await project.run('runs', 'prune', '--before', now(), '--yes', ...dev);
  expect([again.exitCode, again.err]).toEqual([0, again.err]);
  const end = await project.run('runs', 'verify-chain', ...dev);
  expect([end.exitCode, end.shown]).toEqual([0, expect.stringMatching(/pruned by .*\n.*pruned by /)]);
});

test('F1: statements of migrations that are not in effect go, the others stay for `up` to compare with (`migration-reformatted`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ ...files, 'migrations/2_b.down.sql': 'drop table b;' }, database.url);
  const ran = async (line: string): Promise<void> => {
    const { exitCode, shown } = await project.run(...line.split(' '));
    expect([line, exitCode, shown]).toEqual([line, 0, shown]);
  };
  await ran('up --to 1');
  await ran('up');
  await ran('down --allow-row-loss 9');
  project.write('migrations/9_z.sql', 'select 1;');
  project.write('migrations/9_z.down.sql', 'select 1;');
  await ran('up');
  const pruned = await project.run('runs', 'prune', '--before', now(), '--yes', '--json');
  expect(pruned.json).toMatchObject([{ pruning: { runs: 3, gone: 0, statements: 3 } }]);
  expect(await database.query('select distinct seq::int from godwit.statement order by 1')).toEqual([
    { seq: 1 },
    { seq: 4 },
    { seq: 5 },
  ]);
  expect(await verifyChain(project)).toEqual([0, expect.any(String)]);
  project.write('migrations/1_a.sql', `-- a note\n${files['migrations/1_a.sql']}`);
  const up = await project.run('up');
  expect([up.exitCode, up.err]).toEqual([0, expect.stringContaining('[migration-reformatted]')]);
  await ran('down --to 1 --allow-row-loss 9');
  expect(await verifyChain(project)).toEqual([0, expect.any(String)]);
  const again = await project.run('runs', 'prune', '--before', now(), '--yes');
  expect([again.exitCode, again.err]).toEqual([0, expect.stringContaining('1 run pruned')]);
  expect(await verifyChain(project)).toEqual([0, expect.any(String)]);
  const nothing = await project.run('runs', 'prune', '--before', now(), '--yes', '--json');
  expect(nothing.json).toMatchObject([{ exitCode: 0, outcome: 'nothing-to-do', pruning: { runs: 0 } }]);
});

describe('F1: what is left after a pruning is as safe as before', () => {
  test.each([
    ['a name', "update godwit.run set by_whom = 'eve' where n = 1", /by_whom is "eve"/],
    ['a place', "update godwit.run set from_where = 'eve' where n = 1", /from_where is "eve" and was empty/],
    ['a chain’s length', "update godwit.run set events = 0, event_head = '' where n = 1", /migration/],
    ['a file', "update godwit.migration set file = 'x.sql' where seq = 1", /file is "x.sql"/],
    ['a statement', "update godwit.statement set hash = 'x' where seq = 1", /its statements/],
    ['words', "update godwit.object set words = '{forged}' where name = 'public.a.name'", /column public.a.name/],
    ['a former word', "update godwit.former_object set words = '{forged}'", /former definitions/],
    ['a note', 'delete from godwit.pruned where n = 2', /run number 2 has lost its row/],
    [
      'a note of a run that stays',
      'delete from godwit.pruned where n = 1',
      /the note that run 01\w+ was pruned was removed/,
    ],
    ['a head', "update godwit.pruned set event_head = 'x' where n = 2", /differs from what run/],
    ['a count', 'update godwit.epoch set pruned = 1', /counts 1 pruned runs, and 2/],
    [
      'a run, as if it had been pruned',
      'delete from godwit.event where run = (select run from godwit.run where n = 5); delete from godwit.migration where seq = 4; delete from godwit.run where n = 5; update godwit.epoch set pruned = 3',
      /run number 5/,
    ],
    ['the pruning itself', "delete from godwit.event where kind = 'pruned.kept'", /event \d is missing/],
  ])('%s that is edited is named', async (_, damage, found) => {
    await using database = await createTestDatabase();
    using project = createProject(files, database.url);
    await oldHistory(project);
    expect((await project.run('runs', 'prune', '--before', now(), '--yes')).exitCode).toBe(0);
    await database.query(`set session_replication_role = replica; ${damage}`);
    expect(await verifyChain(project)).toEqual([50, expect.stringMatching(found)]);
  });
});

test.each([
  ['', '--before is missing'],
  ['yesterday', 'that is not a date'],
  ['2026-02-30', 'that is not a date'],
  ['2026-13-01', 'that is not a date'],
  ['31.01.2026', 'that is not a date'],
  ['2999-01-01', 'lies in the future'],
])('F1: --before %j is refused, and says what a date is', async (date, why) => {
  using project = createProject(files);
  const ran = await project.run('runs', 'prune', ...(date === '' ? [] : ['--before', date]), '--yes');
  expect([ran.exitCode, ran.err]).toEqual([2, expect.stringContaining(why)]);
});

test('F1: a person is asked, in a protected environment for its name; --yes is none there (`needs-approval`)', async () => {
  await using database = await createTestDatabase();
  const config = {
    environments: { prod: { database: { env: 'DATABASE_URL' } }, dev: { database: { env: 'DATABASE_URL' } } },
  };
  using project = createProject({ ...files, 'godwit.config.json': JSON.stringify(config) }, database.url);
  const env = { HOME: project.folder, DATABASE_URL: database.url };
  expect((await atTerminal(project, env, 'up -e prod', ['prod'])).exitCode).toBe(0);
  project.write('migrations/3_c.sql', 'create table c (id int);');
  expect((await atTerminal(project, env, 'up -e prod', ['prod'])).exitCode).toBe(0);
  const line = `runs prune -e prod --before ${now()}`;
  const unasked = await project.run(...line.split(' '), '--yes');
  expect([unasked.exitCode, unasked.shown]).toEqual([10, expect.stringContaining('[needs-approval]')]);
  const wrong = await atTerminal(project, env, line, ['yes']);
  expect([wrong.exitCode, wrong.err]).toEqual([10, expect.stringContaining('[needs-approval]')]);
  expect(wrong.err).toContain('To be pruned');
  const typed = await atTerminal(project, env, line, ['prod']);
  expect([typed.exitCode, typed.err]).toEqual([0, expect.stringContaining('✔ 1 run pruned')]);
});

test('F1: in an unprotected environment yes is enough, and where nobody can be asked --yes', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  await oldHistory(project);
  const env = { HOME: project.folder, DATABASE_URL: database.url };
  const line = `runs prune --before ${now()}`;
  const unasked = await project.run(...line.split(' '));
  expect([unasked.exitCode, unasked.shown]).toEqual([10, expect.stringContaining('Add `--yes`')]);
  const no = await atTerminal(project, env, line, ['']);
  expect([no.exitCode, no.err]).toEqual([10, expect.stringContaining('[prune-refused]')]);
  const yes = await atTerminal(project, env, line, ['y']);
  expect([yes.exitCode, yes.err]).toEqual([0, expect.stringContaining('✔ 4 runs pruned')]);
});

/** Ends whatever session of godwit waits for this lock. */
async function endWaiting(database: TestDatabase): Promise<void> {
  await database.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'godwit %' and datname = current_database() and wait_event_type = 'Lock'`,
  );
}

test('F1: cut off in the middle, it is done once, or not at all', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, database.url);
  await oldHistory(project);
  await using cut = await cutAt(database.url, /prune_runs/);
  const ran = await project.runWith({ DATABASE_URL: cut.url }, 'runs', 'prune', '--before', now(), '--yes');
  expect([cut.done(), ran.exitCode, ran.shown]).toEqual([true, 0, expect.stringContaining('✔ 4 runs pruned')]);
  expect(await verifyChain(project)).toEqual([0, expect.stringContaining('4 runs, 12 events')]);
  await using blocker = {
    client: await database.connect(),
    [Symbol.asyncDispose]: async () => await blocker.client.end(),
  };
  project.write('migrations/7_x.sql', 'select 1;');
  expect((await project.run('up')).exitCode).toBe(0);
  await blocker.client.query('begin; lock table godwit.pruned in exclusive mode');
  const state = { over: false };
  const again = project.run('runs', 'prune', '--before', now(), '--yes').finally(() => (state.over = true));
  for (let n = 0; n < 5 && !state.over; n += 1) {
    await elapse(300, 'it connects and waits again');
    await endWaiting(database);
  }
  await blocker.client.query('rollback');
  const ended = await again;
  expect([0, 42]).toContain(ended.exitCode);
  expect(await verifyChain(project)).toEqual([0, expect.any(String)]);
});

test('F1: a squash that was pruned is still proven, and so are kept down files', async () => {
  await using database = await createTestDatabase();
  using project = createProject({ ...files, 'migrations/2_b.down.sql': 'drop table b;' }, database.url);
  expect((await project.run('up')).exitCode).toBe(0);
  const text = Object.values(files).join('\n');
  for (const path of ['1_a.sql', '2_b.sql', '2_b.down.sql']) project.remove(`migrations/${path}`);
  project.write('migrations/2_all.sql', `-- godwit: replaces 1..2\n${text}`);
  expect((await project.run('up')).exitCode).toBe(0);
  project.write('migrations/3_c.sql', 'create table c (id int);');
  expect((await project.run('up')).exitCode).toBe(0);
  const pruned = await project.run('runs', 'prune', '--before', now(), '--yes');
  expect([pruned.exitCode, pruned.err]).toEqual([0, expect.stringContaining('✔ 2 runs pruned')]);
  expect(await verifyChain(project)).toEqual([0, expect.stringContaining('4 migrations')]);
  await database.query("update godwit.migration set file = 'x.sql' where kind = 'squashed'");
  expect(await verifyChain(project)).toEqual([50, expect.stringContaining('file is "x.sql"')]);
  await database.query("update godwit.recorded_down set body = 'drop table a;'");
  expect(await verifyChain(project)).toEqual([50, expect.stringContaining('the text of its down file is not')]);
});
