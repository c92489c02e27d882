import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { TestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';
import { until } from '../support/child.ts';
import { test } from '../support/test.ts';

const files = {
  'migrations/1_a.sql': 'create table a (n int);',
  'migrations/2_b.sql': 'create table b (n int);',
  'migrations/3_c.sql': 'create table c (n int);',
};

/**
 * Lets somebody else apply the second migration in the moment in which a run has made its plan and begins: the run's row
 * waits for a lock that the other one holds.
 */
async function moveBehind(database: TestDatabase, going: () => Promise<unknown>): Promise<void> {
  const other = await database.connect();
  await other.query('begin; lock table godwit.event in share mode');
  const ran = going();
  const waiting = "select 1 from pg_locks where relation = 'godwit.event'::regclass and not granted";
  await until('the run begins', async () => (await database.query(waiting)).length > 0);
  const [guard] = (await other.query('select head, (select epoch from godwit.epoch) as epoch from godwit.guard')).rows;
  const [run] = (await other.query('select run from godwit.run')).rows;
  const checksum = createHash('sha256').update(files['migrations/2_b.sql']).digest('hex');
  const head = createHash('sha256').update(`${guard.head}\napplied\n2\n${checksum}`).digest('hex');
  await other.query(`select godwit.enter(${guard.epoch}, '${guard.head}'); ${files['migrations/2_b.sql']}
    select godwit.record('${run.run}', 'applied', '2', 'b', 'migrations/2_b.sql', '${checksum}', '${head}', '', 'up', 0, null, null, null, null);
    commit`);
  await ran;
}

test('a history that moved behind the plan makes another plan, and is no error', async ({ database }) => {
  using project = createProject(files, database.url);
  await project.run('up', '--to', '1');
  await moveBehind(database, async () => {
    const ran = await project.run('up', '--json');
    expect(ran.exitCode, ran.out).toBe(0);
    const plans = ran.json.flatMap((event) => (event.kind === 'plan' ? [event.plan.steps.map(({ id }) => id)] : []));
    expect(plans).toEqual([['2', '3'], ['3']]);
    expect(ran.json.filter((event) => event.kind === 'finding')).toEqual([]);
  });
  expect(await database.query('select id from godwit.migration order by seq')).toEqual([
    { id: '1' },
    { id: '2' },
    { id: '3' },
  ]);
  expect(await database.query('select outcome from godwit.run order by started_at')).toEqual([
    { outcome: 'done' },
    { outcome: 'done' },
  ]);
});

test('a reviewed plan that no longer holds when the history has moved is refused', async ({ database }) => {
  using project = createProject(files, database.url);
  await project.run('up', '--to', '1');
  await project.run('plan', '--out', 'next.plan.json');
  await moveBehind(database, async () => {
    const ran = await project.run('up', '--plan', 'next.plan.json');
    expect([ran.exitCode, ran.err]).toEqual([10, expect.stringContaining('[plan-changed]')]);
  });
  expect(await database.query("select to_regclass('c') as c")).toEqual([{ c: null }]);
  expect(await database.query('select outcome from godwit.run order by started_at')).toEqual([
    { outcome: 'done' },
    { outcome: 'refused' },
  ]);
});

test('a lock on the audit at the beginning of a run is waited for', async ({ database }) => {
  using project = createProject(files, database.url);
  await project.run('up', '--to', '1');
  const other = await database.connect();
  await other.query('begin; lock table godwit.event in share mode');
  const going = project.run('up');
  const waiting = "select 1 from pg_locks where relation = 'godwit.event'::regclass and not granted";
  await until('the run begins', async () => (await database.query(waiting)).length > 0);
  await other.query('commit');
  const ran = await going;
  expect(ran.exitCode, ran.err).toBe(0);
});
