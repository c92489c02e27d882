import { expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

const node = process.execPath;
const one = { 'migrations/1_a.sql': 'create table a (id int primary key);' };
const two = { ...one, 'migrations/2_b.sql': 'create table b (id int primary key);' };

/** A hook that passes while a file is there. */
const whileThere = (name: string, file: string) => ({
  name,
  command: [node, '-e', `console.log('${name} looks'); process.exit(require('node:fs').existsSync('${file}') ? 0 : 4)`],
});

const configOf = (environments: object) => ({ 'godwit.config.json': JSON.stringify({ environments }) });

const dev = { database: { env: 'DEV_URL' }, checkpoint: 'never' };
const prod = { database: { env: 'PROD_URL' }, checkpoint: 'never', protected: false, requires: 'dev' };

test('hooks follow a good `up` in their order, as runs of their own, until one fails: 50, and `up` again goes on there (`hook-failed`)', async () => {
  await using database = await createTestDatabase();
  const hooks = [whileThere('first', 'one'), whileThere('second', 'two'), whileThere('third', 'one')];
  using project = createProject(
    { ...one, one: '', ...configOf({ dev: { ...dev, after: { up: hooks } } }) },
    undefined,
    { DEV_URL: database.url },
  );
  const dry = await project.run('up', '-e', 'dev', '--dry-run');
  expect(dry.shown).toContain('Afterwards: 3 hooks (first, second, third).');
  const up = await project.run('up', '-e', 'dev', '--json');
  expect(up.exitCode, up.err).toBe(50);
  expect(up.json.map(({ kind }) => kind).filter((kind) => kind.startsWith('run.'))).toEqual([
    'run.started',
    'run.finished',
  ]);
  expect(up.json.at(-1)).toMatchObject({ exitCode: 50, outcome: 'verification-failed', events: up.json.length });
  const codes = up.json.flatMap((event) => (event.kind === 'finding' ? [event.finding.code] : []));
  expect(codes).toEqual(['command-failed', 'hook-failed']);
  const begun = up.json.flatMap((event) => (event.kind === 'exec.started' ? [event.hook] : []));
  expect(begun).toEqual(['first', 'second']);

  const rows = await database.query('select run, command, outcome, about from godwit.run order by started_at');
  expect(rows).toMatchObject([
    { command: 'up', outcome: 'done' },
    { command: 'exec', outcome: 'done' },
    { command: 'exec', outcome: 'failed' },
  ]);
  expect(JSON.parse(String(rows[2]?.['about']))).toMatchObject({
    hook: 'second',
    follows: rows[0]?.['run'],
    seq: 1,
    exitCode: 4,
  });

  project.write('two', '');
  const again = await project.run('up', '-e', 'dev');
  expect(again.exitCode, again.err).toBe(0);
  expect(again.err).toContain('Hook first has already passed with these migrations.');
  expect(again.out).toBe('second looks\nthird looks\n');
  const once = await project.run('up', '-e', 'dev');
  expect([once.exitCode, once.out]).toEqual([0, '']);
});

test('a run that fails is followed by nothing, and so is a detached one, which says so (`hooks-left`)', async () => {
  await using database = await createTestDatabase();
  const files = { 'migrations/1_a.sql': 'select 1 / 0;' };
  const after = { up: [whileThere('first', 'one')] };
  using project = createProject({ ...files, ...configOf({ dev: { ...dev, after } }) }, undefined, {
    DEV_URL: database.url,
  });
  const up = await project.run('up', '-e', 'dev');
  expect([up.exitCode, up.out]).toEqual([40, '']);
  const detached = await project.run('up', '-e', 'dev', '--detach');
  expect(detached.err).toContain('[hooks-left]');
  const run = /runs attach -e dev (\w+)/.exec(detached.err)?.[1] ?? '';
  expect((await project.run('runs', 'attach', '-e', 'dev', run)).exitCode).toBe(40);
});

test('what another environment lacks is not promoted, by name; and is, once it is there and its hooks have passed (`not-promoted`)', async () => {
  await using first = await createTestDatabase();
  await using second = await createTestDatabase();
  const after = { up: [whileThere('smoke', 'healthy')] };
  using project = createProject({ ...two, ...configOf({ dev: { ...dev, after }, prod }) }, undefined, {
    DEV_URL: first.url,
    PROD_URL: second.url,
  });
  const before = await project.run('up', '-e', 'prod');
  expect([before.exitCode, before.err]).toEqual([10, expect.stringContaining('[not-promoted]')]);
  expect(before.err).toContain('`dev` lacks migrations/1_a.sql, migrations/2_b.sql.');
  expect(before.err).toContain('Hook `smoke` of `dev` has not passed there.');
  expect(await second.query("select to_regnamespace('godwit') as schema")).toEqual([{ schema: null }]);

  expect((await project.run('up', '-e', 'dev', '--to', '1')).exitCode).toBe(50);
  const hooked = await project.run('up', '-e', 'prod', '--to', '1', '--json');
  expect(hooked.exitCode).toBe(10);
  expect(hooked.json.flatMap((event) => (event.kind === 'finding' ? [event.finding.why] : []))).toEqual([
    expect.stringContaining('Hook `smoke`'),
  ]);

  project.write('healthy', '');
  expect((await project.run('up', '-e', 'dev', '--to', '1')).exitCode).toBe(0);
  const part = await project.run('up', '-e', 'prod', '--to', '1');
  expect(part.exitCode, part.err).toBe(0);
  const rest = await project.run('up', '-e', 'prod');
  expect([rest.exitCode, rest.err]).toEqual([10, expect.stringContaining('`dev` lacks migrations/2_b.sql.')]);

  // The hook has passed with an older history only.
  project.remove('healthy');
  expect((await project.run('up', '-e', 'dev')).exitCode).toBe(50);
  const stale = await project.run('up', '-e', 'prod');
  expect(stale.err).toContain('has not passed there since migrations were applied last');
  project.write('healthy', '');
  expect((await project.run('up', '-e', 'dev')).exitCode).toBe(0);
  const done = await project.run('up', '-e', 'prod');
  expect(done.exitCode, done.err).toBe(0);
  expect(done.err.split('\n')[0]).toMatch(/^prod · /);
});

test('a file that was applied elsewhere from other bytes is not promoted', async () => {
  await using first = await createTestDatabase();
  await using second = await createTestDatabase();
  using project = createProject({ ...one, ...configOf({ dev, prod }) }, undefined, {
    DEV_URL: first.url,
    PROD_URL: second.url,
  });
  expect((await project.run('up', '-e', 'dev')).exitCode).toBe(0);
  project.write('migrations/1_a.sql', 'create table a (id bigint primary key);');
  const up = await project.run('up', '-e', 'prod');
  expect([up.exitCode, up.err]).toEqual([10, expect.stringContaining('applied different files as migrations/1_a.sql')]);
});

test('an environment that cannot be asked lets nothing be promoted', async () => {
  await using second = await createTestDatabase();
  using project = createProject({ ...one, ...configOf({ dev, prod }) }, undefined, {
    DEV_URL: 'postgresql://a:b@127.0.0.1:9/app',
    PROD_URL: second.url,
  });
  const up = await project.run('up', '-e', 'prod');
  expect([up.exitCode, up.err]).toEqual([
    30,
    expect.stringContaining('`prod` requires `dev`, which could not be queried'),
  ]);
});

test('wrong hooks and requirements are named before anything runs', async () => {
  const wrong: readonly (readonly [object, string])[] = [
    [{ dev: { after: { up: [{ name: 'a', command: 'npm run smoke' }] } } }, '["npm","run","smoke"]'],
    [{ dev: { after: { up: [{ command: ['a'] }] } } }, 'after.up[0].name: is missing'],
    [{ dev: { after: { up: [{ name: 'a b', command: ['a'] }] } } }, 'after.up[0].name'],
    [{ dev: { after: { up: [{ name: 'a', command: ['a'], image: 'x/y:1' }] } } }, 'after.up[0].image'],
    [{ dev: { after: { up: [0, 1].map(() => ({ name: 'a', command: ['a'] })) } } }, 'has two hooks `a`'],
    [{ dev: { after: { down: [] } } }, 'after.down'],
    [{ dev: {}, prod: { requires: 'stage' } }, 'names `stage`'],
    [{ dev: { requires: 'prod' }, prod: { requires: 'dev' } }, 'leads back to'],
    [{ dev: { requires: 'dev' } }, 'leads back to `dev`'],
  ];
  for (const [environments, expected] of wrong) {
    using project = createProject({ ...one, ...configOf(environments) });
    const ran = await project.run('status', '-e', 'dev');
    expect([ran.exitCode, ran.shown]).toEqual([2, expect.stringContaining(expected)]);
  }
});
