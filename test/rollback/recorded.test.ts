import { expect } from 'vitest';
import type { TestDatabase } from '../support/database.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { appliedProject, appliedRunByRun, history } from './applied.ts';
import { test } from '../support/test.ts';

const files = {
  'migrations/10_users.sql': 'create table users (id int primary key, name text);',
  'migrations/10_users.down.sql': 'drop table users;',
  'migrations/20_orders.sql': 'create table orders (id int primary key);\ninsert into orders values (1), (2);',
  'migrations/20_orders.down.sql': '-- Gone with its rows.\ndrop table orders;\n',
  'migrations/30_email.sql': "alter table users add column email text default 'ü';",
  'migrations/30_email.down.sql': 'alter table users drop column email;\r\n',
};

function remove(project: TestProject, ...names: readonly string[]): void {
  for (const name of names) for (const end of ['.sql', '.down.sql']) project.remove(`migrations/${name}${end}`);
}

test('F7: down undoes what has no file by the text that up has recorded (`down-recorded`)', async ({ database }) => {
  using project = await appliedRunByRun(database, files);
  remove(project, '30_email');
  for (const command of [
    ['plan', '--down'],
    ['down', '--dry-run'],
  ]) {
    const looked = await project.run(...command);
    expect([...command, looked.exitCode], looked.shown).toEqual([...command, 0]);
    expect(looked.shown).toContain('[down-recorded]');
    expect(looked.shown + looked.out).toContain('recorded text');
  }
  const down = await project.run('down');
  expect(down.exitCode, down.err).toBe(0);
  expect(down.err).toContain('[down-recorded]');
  expect(down.err).toContain('migrations/30_email.sql is not here.');
  expect(down.err).toMatch(/\(checksum [0-9a-f]{12}\)/);
  expect(down.err).toMatch(/1 migration undone, [1-9]\d* checks? passed/);
  expect((await history(database)).at(-1)).toBe('reverted 30');
  // No longer ahead.
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  expect(up.err).not.toContain('database-ahead');
  expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
});

test('F7: several at once, one of them between others, one with its file', async ({ database }) => {
  using project = await appliedProject(database, files);
  remove(project, '20_orders', '10_users');
  const down = await project.run('down', '--to', '0');
  expect(down.exitCode, down.err).toBe(0);
  expect((await history(database)).slice(-3)).toEqual(['reverted 30', 'reverted 20', 'reverted 10']);
  expect(await database.query("select to_regclass('users') as u, to_regclass('orders') as o")).toEqual([
    { u: null, o: null },
  ]);
});

test('F7: rows that the migration has not written are guarded as with a file (`down-loses-rows`)', async ({
  database,
}) => {
  using project = await appliedProject(database, files);
  remove(project, '30_email', '20_orders');
  // Its own two rows may go.
  await database.query('insert into orders values (3)');
  const refused = await project.run('down', '--to', '10');
  expect(refused.exitCode, refused.err).toBe(10);
  expect(refused.err).toContain('[down-loses-rows]');
  expect(refused.err).toContain('`--allow-row-loss 1`');
  expect(await history(database)).toHaveLength(3);
  const down = await project.run('down', '--to', '10', '--allow-row-loss', '1');
  expect(down.exitCode, down.err).toBe(0);
});

test('F7: where the file is there, the file counts', async ({ database }) => {
  using project = await appliedProject(database, files);
  project.write('migrations/30_email.down.sql', 'alter table users drop column email;\ncreate table witness (id int);');
  const down = await project.run('down');
  expect(down.err).not.toContain('down-recorded');
  expect(await database.query("select to_regclass('witness') is not null as there")).toEqual([{ there: true }]);
});

test('F7: without a recorded text it is refused: no down file, one that is too large, an older history (`down-not-kept`)', async ({
  database,
}) => {
  using project = await appliedProject(database, {
    ...files,
    'migrations/40_bare.sql': 'create table bare (id int);',
  });
  project.write('migrations/50_large.sql', 'create table large (id int);');
  project.write('migrations/50_large.down.sql', `-- ${'x'.repeat(256 * 1024)}\ndrop table large;`);
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(0);
  expect(up.err).toContain('[down-not-kept]');
  remove(project, '50_large');
  project.remove('migrations/40_bare.sql');
  for (const [to, named] of [
    ['40', ['50_large']],
    ['30', ['40_bare', '50_large']],
    ['20', ['40_bare', '50_large']],
  ] as const) {
    const refused = await project.run('down', '--to', to);
    expect(refused.exitCode, refused.err).toBe(10);
    expect(refused.err).toContain('[migration-missing]');
    expect(refused.err).toContain('the history has not kept its text');
    for (const name of named) expect(refused.err).toContain(name);
  }
  expect(await history(database)).toHaveLength(5);
});

test('F7: an edited text is named by verify-chain, one that was added or removed too', async ({ database }) => {
  using project = await appliedProject(database, files);
  for (const [change, back, why] of [
    [
      "update godwit.recorded_down set body = 'drop table orders; drop table users;' where seq = 2",
      `update godwit.recorded_down set body = convert_to('-- Gone with its rows.' || chr(10) || 'drop table orders;' || chr(10), 'UTF8') where seq = 2`,
      'migration 20 (number 2): the text of its down file is not the one that was recorded',
    ],
    [
      'create table public.kept as select * from godwit.recorded_down where seq = 3; delete from godwit.recorded_down where seq = 3',
      'insert into godwit.recorded_down select * from public.kept; drop table public.kept',
      'migration 30 (number 3): the text of its down file is gone',
    ],
  ] as const) {
    await database.query(change);
    const broken = await project.run('runs', 'verify-chain');
    expect(broken.exitCode, broken.shown).toBe(50);
    expect(broken.shown).toContain(why);
    await database.query(back);
    const whole = await project.run('runs', 'verify-chain');
    expect(whole.exitCode, whole.shown).toBe(0);
  }
});

test('F7: an edited text is not executed: its checksum no longer fits', async ({ database }) => {
  using project = await appliedProject(database, files);
  remove(project, '30_email');
  await database.query("update godwit.recorded_down set body = 'drop table users' where seq = 3");
  const down = await project.run('down');
  expect(down.exitCode, down.err).toBe(10);
  expect(down.err).toContain('migrations/30_email.down.sql');
  expect(await history(database)).toHaveLength(3);
});

test('F7: a recorded text that fails half-way goes on by the same command', async ({ database }) => {
  using project = await appliedProject(database, {
    ...files,
    'migrations/40_index.sql': 'create index concurrently users_name on users (name);\ncreate table later (id int);',
    'migrations/40_index.down.sql': 'drop index concurrently users_name;\ndrop table later;',
  });
  remove(project, '40_index');
  await database.query('create view holds as select * from later');
  const failed = await project.run('down');
  expect(failed.exitCode, failed.err).toBe(41);
  expect(failed.err).toContain('migrations/40_index.down.sql:2');
  // Undone in part: half of it is not there, also for an earlier release.
  const up = await project.run('up');
  expect(up.exitCode, up.err).toBe(10);
  expect(up.err).toContain('`godwit down`');
  await database.query('drop view holds');
  const resumed = await project.run('down');
  expect(resumed.exitCode, resumed.err).toBe(0);
  expect((await history(database)).at(-1)).toBe('reverted 40');
  expect((await project.run('up')).exitCode).toBe(0);
});

test('F7: a reviewed plan undoes by the recorded text', async ({ database }) => {
  using project = await appliedProject(database, files);
  remove(project, '30_email', '20_orders');
  const planned = await project.run('plan', '--down', '--out', 'back.json');
  expect(planned.exitCode, planned.shown).toBe(0);
  const down = await project.run('down', '--plan', 'back.json');
  expect(down.exitCode, down.err).toBe(0);
  expect((await history(database)).at(-1)).toBe('reverted 30');
});

test('F7: adopt keeps down files too', async ({ database }) => {
  await database.query('create table users (id int primary key, name text)');
  using project = await adopted(database);
  remove(project, '10_users');
  project.write('migrations/5_first.sql', 'create table first (id int);');
  const down = await project.run('down');
  expect(down.exitCode, down.err).toBe(0);
  expect(await history(database)).toEqual(['adopted 10', 'reverted 10']);
});

async function adopted(database: TestDatabase): Promise<TestProject> {
  const project = createProject({}, database.url);
  for (const end of ['sql', 'down.sql'] as const)
    project.write(`migrations/10_users.${end}`, files[`migrations/10_users.${end}`]);
  const ran = await project.run('adopt');
  expect(ran.exitCode, ran.err).toBe(0);
  return project;
}

test('F7: a history of version 2 has kept nothing, says so, and keeps from then on', async ({ database }) => {
  using project = await appliedProject(database, files);
  await database.query(`alter table godwit.statement add column set text not null default 'app'; drop table godwit.recorded_down, godwit.pruned;
    alter table godwit.epoch drop column pruned; alter table godwit.guard drop column partial; alter table godwit.migration drop constraint migration_run;
    alter table godwit.event drop constraint event_run; alter table godwit.statement drop constraint statement_migration;
    drop function godwit.keep_down; update godwit.guard set schema_version = 2`);
  await database.query("delete from godwit.event where kind = 'down-kept'");
  remove(project, '30_email');
  const refused = await project.run('down');
  expect(refused.exitCode, refused.err).toBe(10);
  expect(refused.err).toContain('the history has not kept its text');
  for (const end of ['.sql', '.down.sql'] as const)
    project.write(`migrations/30_email${end}`, files[`migrations/30_email${end}`]);
  const down = await project.run('down');
  expect(down.exitCode, down.err).toBe(0);
  expect((await project.run('up')).exitCode).toBe(0);
  remove(project, '30_email');
  const again = await project.run('down');
  expect(again.exitCode, again.err).toBe(0);
  expect(again.err).toContain('[down-recorded]');
});
