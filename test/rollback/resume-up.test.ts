import { expect } from 'vitest';
import { until } from '../support/child.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createMachine, type Machine } from '../support/machine.ts';
import type { TestProject } from '../support/project.ts';
import { appliedProject, history } from './applied.ts';
import { test } from '../support/test.ts';

const files = {
  'migrations/1_t.sql': 'create table t (id int, a int, b int);\ninsert into t values (1, 1, 1);',
  'migrations/1_t.down.sql': 'drop table t;',
  'migrations/2_index.sql': `create table u (id int);
insert into u values (1);
create index concurrently t_a on t (a);
create unique index concurrently t_b on t (b) where b > 0;`,
  'migrations/2_index.down.sql': 'drop index concurrently t_b;\ndrop index concurrently t_a;\ndrop table u;',
};

/** A project whose `down` has dropped both indexes, and not the table that a view holds. */
async function halfDown(database: TestDatabase): Promise<TestProject> {
  const project = await appliedProject(database, files);
  await database.query('create view holds as select * from u');
  const down = await project.run('down');
  expect(down.exitCode, down.err).toBe(41);
  await database.query('drop view holds');
  return project;
}

async function indexes(database: TestDatabase): Promise<readonly string[]> {
  const rows = await database.query<{ name: string }>(
    "select relname as name from pg_class join pg_index on indexrelid = oid where relname like 't\\_%' and indisvalid order by 1",
  );
  return rows.map(({ name }) => name);
}

async function notes(database: TestDatabase): Promise<number> {
  const [row] = await database.query<{ n: number }>(
    'select (select count(*) from godwit.statement where seq is null)::int + (select count(*) from godwit.own_transaction)::int as n',
  );
  return row?.n ?? -1;
}

test('F4: up --resume-up does again what a half-done down has undone, and nothing else', async ({ database }) => {
  using project = await halfDown(database);
  expect(await indexes(database)).toEqual([]);
  const refused = await project.run('up');
  expect(refused.exitCode).toBe(10);
  expect(refused.err).toContain(
    'Run `godwit down` first, or `godwit up --resume-up`, which reapplies what was undone.',
  );
  expect((await project.run('status')).shown).toContain('`godwit up --resume-up` reapplies what was undone');

  const plan = await project.run('plan', '--resume-up');
  expect(plan.exitCode, plan.shown).toBe(0);
  expect(plan.shown + plan.out).toContain('1 migration would have reapplied what `down` undid');
  expect(plan.shown + plan.out).toContain('create index ×2');

  const up = await project.run('up', '--resume-up');
  expect(up.exitCode, up.err).toBe(0);
  expect(await indexes(database)).toEqual(['t_a', 't_b']);
  // Rows that the file inserts were there all the time.
  expect(await database.query('select count(*)::int as n from u')).toEqual([{ n: 1 }]);
  expect(await history(database)).toEqual(['applied 1', 'applied 2']);
  expect(await notes(database)).toBe(0);
  expect(up.err).toMatch(/[2-9] checks passed/);

  for (const command of [['verify', '--strict'], ['runs', 'verify-chain'], ['up'], ['up', '--resume-up']]) {
    const ran = await project.run(...command);
    expect([...command, ran.exitCode], ran.shown).toEqual([...command, 0]);
  }
  const events = await database.query<{ body: { abandoned: { tag: string }[] } }>(
    "select body::json as body from godwit.event where kind = 'brought-back' order by n",
  );
  expect(events.flatMap(({ body }) => body.abandoned.map(({ tag }) => tag))).toEqual(['DROP INDEX', 'DROP INDEX']);
  const down = await project.run('down', '--to', '0');
  expect(down.exitCode, down.err).toBe(0);
  expect(await history(database)).toEqual(['applied 1', 'applied 2', 'reverted 2', 'reverted 1']);
});

test('F4: what cannot be brought back for certain is refused before anything changes (`not-brought-back`)', async ({
  database,
}) => {
  using project = await appliedProject(database, {
    ...files,
    'migrations/2_index.down.sql': 'drop table u;\ndrop index concurrently t_b;\nselect oops;',
  });
  expect((await project.run('down')).exitCode).toBe(41);
  const before = await database.query('select count(*)::int as n from godwit.run');
  for (const command of [
    ['plan', '--resume-up'],
    ['up', '--resume-up'],
  ]) {
    const refused = await project.run(...command);
    expect([...command, refused.exitCode], refused.shown).toEqual([...command, 10]);
    expect(refused.shown).toContain('[not-brought-back]');
    expect(refused.shown).toContain('migrations/2_index.down.sql:1:1');
    expect(refused.shown).toContain('DROP TABLE has run');
  }
  expect(await database.query('select count(*)::int as n from godwit.run')).toEqual(before);
  expect(await indexes(database)).toEqual(['t_a']);
});

test('F4: where an index cannot be built, down goes on; what was brought back is undone again', async ({
  database,
}) => {
  using project = await halfDown(database);
  // The last one that was dropped, t_a, comes back first; then t_b is refused.
  await database.query('insert into t values (2, 2, 1)');
  const failed = await project.run('up', '--resume-up');
  expect(failed.exitCode, failed.err).toBe(41);
  expect(failed.err).toContain('migrations/2_index.sql:4');
  expect(await indexes(database)).toEqual(['t_a']);
  const down = await project.run('down');
  expect(down.exitCode, down.err).toBe(0);
  expect(await indexes(database)).toEqual([]);
  expect(await history(database)).toEqual(['applied 1', 'applied 2', 'reverted 2']);
  expect(await notes(database)).toBe(0);
  expect((await project.run('runs', 'verify-chain')).exitCode).toBe(0);
  await database.query('delete from t where id = 2');
  expect((await project.run('up')).exitCode).toBe(0);
});

test('F4: an index that somebody has made again is taken, or named when it is another one', async ({ database }) => {
  using project = await halfDown(database);
  await database.query('create index t_a on t (a); create unique index t_b on t (b) where b > 5');
  const up = await project.run('up', '--resume-up');
  expect(up.exitCode, up.err).toBe(50);
  expect(up.err).toContain('t_b');
  expect(up.err).not.toContain('t_a:');
  expect(await notes(database)).toBe(0);
});

test('F4: later migrations, other options and nothing to resume', async ({ database }) => {
  using project = await appliedProject(database, files);
  const idle = await project.run('up', '--resume-up');
  expect(idle.exitCode, idle.err).toBe(0);
  for (const option of [['--to', '1'], ['--out-of-order']]) {
    const wrong = await project.run('up', '--resume-up', ...option);
    expect(wrong.exitCode).toBe(2);
  }
});

const whole = ['t_a', 't_b'];

/** Kills `up --resume-up` while the server builds its first index, which waits for a writer; then lets the writer go. */
async function killedInBuild(database: TestDatabase, machine: Machine, end: 'cancel' | 'finish'): Promise<void> {
  expect((await machine.run('up')).exitCode).toBe(0);
  await database.query('create view holds as select * from u');
  expect((await machine.run('down')).exitCode).toBe(41);
  await database.query('drop view holds');
  const writer = await database.connect();
  await writer.query('begin; insert into t values (3, 3, 3)');
  const atWork = machine.start('up', '--resume-up', '--on-disconnect', end);
  await until('the build waits', async () => {
    const [row] = await database.query<{ n: number }>(
      "select count(*)::int as n from pg_stat_activity where query like '%create index concurrently t_a%' and wait_event_type = 'Lock' and pid <> pg_backend_pid()",
    );
    return row?.n === 1;
  });
  atWork.process.kill('SIGKILL');
  await atWork.ended;
  await writer.query('rollback');
  await writer.end();
  await until('its sessions are gone', async () => {
    const [row] = await database.query<{ n: number }>(
      "select count(*)::int as n from pg_stat_activity where application_name like 'godwit %' and datname = current_database()",
    );
    return row?.n === 0;
  });
}

test.each([
  ['cancel', 'up --resume-up'],
  ['finish', 'up --resume-up'],
  ['cancel', 'down'],
  ['finish', 'down'],
] as const)('F4: killed in the middle (%s), `%s` goes on', { timeout: 240_000 }, async (end, command) => {
  await using database = await createTestDatabase();
  using machine = createMachine(files, { DATABASE_URL: database.url });
  await killedInBuild(database, machine, end);
  const again = await machine.run(...command.split(' '));
  expect(again.exitCode, again.shown).toBe(0);
  const undone = command === 'down';
  expect(await indexes(database)).toEqual(undone ? [] : whole);
  expect((await history(database)).at(-1)).toBe(undone ? 'reverted 2' : 'applied 2');
  expect(await notes(database)).toBe(0);
  for (const check of [['verify', '--strict'], ['runs', 'verify-chain'], ['up']]) {
    const ran = await machine.run(...check);
    expect([...check, ran.exitCode], ran.shown).toEqual([...check, 0]);
  }
  expect(await indexes(database)).toEqual(whole);
});

test('F4: what down had only begun when it was killed is settled first', { timeout: 240_000 }, async ({ database }) => {
  using machine = createMachine(files, { DATABASE_URL: database.url });
  expect((await machine.run('up')).exitCode).toBe(0);
  const writer = await database.connect();
  await writer.query('begin; insert into t values (3, 3, 3)');
  const atWork = machine.start('down');
  await until('the drop waits', async () => {
    const [row] = await database.query<{ n: number }>(
      "select count(*)::int as n from pg_stat_activity where query like '%drop index concurrently t_b%' and wait_event_type = 'Lock' and pid <> pg_backend_pid()",
    );
    return row?.n === 1;
  });
  atWork.process.kill('SIGKILL');
  await atWork.ended;
  await writer.query('rollback');
  await writer.end();
  const up = await machine.run('up', '--resume-up');
  expect(up.exitCode, up.err).toBe(0);
  expect(await indexes(database)).toEqual(whole);
  expect(await notes(database)).toBe(0);
  for (const check of [['verify', '--strict'], ['runs', 'verify-chain'], ['up']]) {
    const ran = await machine.run(...check);
    expect([...check, ran.exitCode], ran.shown).toEqual([...check, 0]);
  }
});

test('F4: an index that the migration drops, and down had built again, is dropped again', async ({ database }) => {
  using project = await appliedProject(database, {
    'migrations/1_t.sql': 'create table t (id int, a int);\ncreate index t_old on t (a);',
    'migrations/2_index.sql':
      'create index concurrently t_new on t (a, id);\ndrop index concurrently t_old;\nvacuum t;',
    'migrations/2_index.down.sql':
      'create index concurrently t_old on t (a);\nvacuum t;\ndrop index t_new;\ndrop table nosuch;',
  });
  expect((await project.run('down')).exitCode).toBe(41);
  expect(await indexes(database)).toEqual(['t_new', 't_old']);
  const up = await project.run('up', '--resume-up');
  expect(up.exitCode, up.err).toBe(0);
  expect(await indexes(database)).toEqual(['t_new']);
  expect(await notes(database)).toBe(0);
  for (const command of [['verify', '--strict'], ['runs', 'verify-chain'], ['up']]) {
    const ran = await project.run(...command);
    expect([...command, ran.exitCode], ran.shown).toEqual([...command, 0]);
  }
});

test('F4: a reviewed plan resumes, and holds to what it was made for', async ({ database }) => {
  using project = await halfDown(database);
  expect((await project.run('plan', '--resume-up', '--out', 'forward.json')).exitCode).toBe(0);
  const up = await project.run('up', '--plan', 'forward.json');
  expect(up.exitCode, up.err).toBe(0);
  expect(await indexes(database)).toEqual(whole);
  const again = await project.run('up', '--plan', 'forward.json');
  expect([again.exitCode, again.err]).toEqual([0, expect.stringContaining('[plan-applied]')]);
});
