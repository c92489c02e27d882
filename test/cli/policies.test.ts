import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from '../../src/cli/program.ts';
import { atTerminal } from '../support/at-terminal.ts';
import { createTestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';

const files = {
  'godwit.config.json': JSON.stringify({
    environments: {
      dev: { database: { env: 'DEV' } },
      other: { database: { env: 'OTHER' } },
      prod: { database: { env: 'PROD' }, checkpoint: 'never' },
      strict: { database: { env: 'PROD' }, protected: false, checkpoint: 'always' },
    },
  }),
  'migrations/0001_users.sql': 'create table users (id bigint primary key);',
  'migrations/0001_users.down.sql': 'drop table users;',
};

test('a protected environment takes no bare --yes: without a person it refuses before anything changes', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, undefined, { PROD: database.url });
  const ran = await project.run('up', '-e', 'prod', '--yes');
  expect(ran.exitCode).toBe(10);
  expect(ran.err).toContain('[needs-approval]');
  expect(await database.query("select to_regclass('users') as t")).toEqual([{ t: null }]);
});

test('a person sees the plan and types the name; another word changes nothing', async () => {
  await using database = await createTestDatabase();
  const env = { PROD: database.url };
  using project = createProject(files, undefined, env);
  const refused = await atTerminal(project, env, 'up -e prod', ['yes']);
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain('1 migration would run');
  expect(refused.questions).toHaveLength(1);
  const applied = await atTerminal(project, env, 'up -e prod', ['prod']);
  expect(applied.exitCode, applied.err).toBe(0);
  const again = await atTerminal(project, env, 'up -e prod', []);
  expect([again.exitCode, again.questions]).toEqual([0, []]);
});

test('a reviewed plan is applied as it is, and refused once it no longer holds', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, undefined, { PROD: database.url, DEV: database.url });
  expect((await project.run('plan', '-e', 'prod', '--out', 'p.json')).exitCode).toBe(0);
  expect((await project.run('up', '-e', 'dev', '--plan', 'p.json')).err).toContain('[plan-changed]');
  expect((await project.run('down', '-e', 'prod', '--plan', 'p.json')).err).toContain('[plan-file-invalid]');
  project.write('migrations/0001_users.sql', 'create table users (id bigint primary key, more text);');
  const changed = await project.run('up', '-e', 'prod', '--plan', 'p.json');
  expect([changed.exitCode, changed.err]).toEqual([10, expect.stringContaining('[plan-changed]')]);
  project.write('migrations/0001_users.sql', files['migrations/0001_users.sql']);
  expect((await project.run('up', '-e', 'prod', '--plan', 'p.json')).exitCode).toBe(0);
});

test('a reviewed plan that was applied is nothing to do, and is not followed by more (`plan-applied`)', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, undefined, { PROD: database.url });
  await project.run('plan', '-e', 'prod', '--out', 'p.json');
  const reviewed = ['up', '-e', 'prod', '--plan', 'p.json'] as const;
  expect((await project.run(...reviewed)).exitCode).toBe(0);
  const again = await project.run(...reviewed);
  expect([again.exitCode, again.shown]).toEqual([
    0,
    expect.stringMatching(/\[plan-applied\]\n.*Run 01\w+ applied that plan/),
  ]);
  project.write('migrations/0002_more.sql', 'create table more (id int);');
  const more = await project.run(...reviewed);
  expect([more.exitCode, more.shown]).toEqual([
    10,
    expect.stringMatching(/\[plan-changed\]\n.*Run 01\w+ applied that plan/),
  ]);
});

test.each(['{}', '{"godwit":"plan","v":1}', 'nonsense'])(
  'a plan file that is none is refused: %s (`plan-file-invalid`)',
  async (text) => {
    using project = createProject({ ...files, 'p.json': text });
    const ran = await project.run('up', '--plan', 'p.json');
    expect([ran.exitCode, ran.err]).toEqual([2, expect.stringContaining('[plan-file-invalid]')]);
  },
);

test('the first run pins the environment; another database behind its name is refused', async () => {
  await using first = await createTestDatabase();
  await using second = await createTestDatabase();
  using project = createProject(files, undefined, { DEV: first.url, OTHER: second.url });
  expect((await project.run('status', '-e', 'dev')).exitCode).toBe(0);
  expect(existsSync(join(project.folder, 'godwit.lock.json'))).toBe(false);
  expect((await project.run('up', '-e', 'dev')).exitCode).toBe(0);
  expect((await project.run('up', '-e', 'other')).exitCode).toBe(0);
  const text = project.read('godwit.lock.json');
  const { environments } = JSON.parse(text) as { environments: Record<string, { id: string }> };
  expect(Object.keys(environments)).toEqual(['dev', 'other']);

  // What happens when two URLs are swapped.
  project.write('godwit.lock.json', text.replace(environments['dev']?.id ?? '', environments['other']?.id ?? ''));
  const wrong = await project.run('up', '-e', 'dev');
  expect([wrong.exitCode, wrong.err]).toEqual([10, expect.stringContaining('[wrong-database]')]);
});

test('a database that belongs to another environment is refused, and does not become that of this one', async () => {
  await using database = await createTestDatabase();
  await using own = await createTestDatabase();
  using project = createProject(files, undefined, { DEV: database.url, OTHER: database.url });
  expect((await project.run('up', '-e', 'other')).exitCode).toBe(0);
  const wrong = await project.run('up', '-e', 'dev');
  expect([wrong.exitCode, wrong.err]).toEqual([10, expect.stringContaining('[wrong-database]')]);
  expect(Object.keys(JSON.parse(project.read('godwit.lock.json')).environments)).toEqual(['other']);
  const right = await project.runWith({ DEV: own.url }, 'up', '-e', 'dev');
  expect(right.exitCode, right.err).toBe(0);
});

test('a checkpoint policy without means stops the run until the checkpoint is waived with a reason', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, undefined, { PROD: database.url, GODWIT_PG_BIN: '/nowhere' });
  const refused = await project.run('up', '-e', 'strict');
  expect([refused.exitCode, refused.err]).toEqual([10, expect.stringContaining('[needs-checkpoint]')]);
  expect((await project.run('up', '-e', 'strict', '--waive-checkpoint', 'backup of noon')).exitCode).toBe(0);
});

test('a dry run shows the plan and changes nothing', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, undefined, { DEV: database.url });
  const ran = await project.run('up', '-e', 'dev', '--dry-run');
  expect([ran.exitCode, ran.shown]).toEqual([0, expect.stringContaining('1 migration would run')]);
  expect(await database.query("select to_regclass('users') as t, to_regnamespace('godwit') as g")).toEqual([
    { t: null, g: null },
  ]);
});

test('an attempt that never reached the database is listed, and carried into the history by the next run', async () => {
  await using database = await createTestDatabase();
  using project = createProject(files, undefined, { DEV: database.url });
  const unreachable = createProjectAt(project, { DEV: 'postgresql://a:b@127.0.0.1:1/d' });
  expect((await unreachable('up', '-e', 'dev')).exitCode).toBe(30);
  const listed = await project.run('runs', 'list', '-e', 'dev', '--json');
  expect(listed.json[0]).toMatchObject({ runs: [{ command: 'up', outcome: 'unreachable', exitCode: 30 }] });
  expect((await project.run('up', '-e', 'dev')).exitCode).toBe(0);
  expect(await database.query('select command, exit_code from godwit.run order by started_at')).toMatchObject([
    { exit_code: 30 },
    { exit_code: 0 },
  ]);
  const after = await project.run('runs', 'list', '-e', 'dev', '--json');
  const { runs } = after.json[0] as unknown as { runs: readonly { ms: number }[] };
  expect(runs).toMatchObject([{ exitCode: 0 }, { outcome: 'never-connected', exitCode: 30 }]);
  expect(runs[1]?.ms).toBeGreaterThan(0);
});

function createProjectAt(project: TestProject, env: Readonly<Record<string, string>>) {
  return async (...argv: readonly string[]) => {
    let err = '';
    const io = {
      cwd: project.folder,
      env,
      out: () => {},
      err: (text: string) => void (err += text),
      terminal: false,
      interactive: false,
      columns: () => 80,
      ask: () => Promise.resolve(undefined),
      input: () => Promise.resolve(''),
    };
    return { exitCode: await runProgram({ argv, io, signal: new AbortController().signal }), err };
  };
}

test('the password is in no file that godwit writes', async () => {
  await using database = await createTestDatabase();
  const password = new URL(database.url).password;
  using project = createProject(files, undefined, { DEV: database.url });
  await project.run('plan', '-e', 'dev', '--out', 'p.json');
  const ran = await project.run('up', '-e', 'dev', '--json');
  const [run] = ran.json;
  const ledger = readFileSync(join(project.folder, '.godwit', 'runs', `${(run as { run: string }).run}.json`), 'utf8');
  for (const text of [ran.out, ran.err, ledger, project.read('p.json'), project.read('godwit.lock.json')])
    expect(text).not.toContain(password);
});
