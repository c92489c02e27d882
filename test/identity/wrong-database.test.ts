import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startOwnServer, type OwnServer } from '../support/own-server.ts';
import { createProject, type TestProject } from '../support/project.ts';
import { files, pending, type Stage } from './scene.ts';
import { commands, variants } from './variants.ts';

let one: OwnServer;
let other: OwnServer;
let lock = '';
let names = 0;
const fresh = (): string => `db_${(names += 1)}`;

beforeAll(async () => {
  const settings = { autovacuum: 'off', fsync: 'off', wal_level: 'minimal', max_wal_senders: '0' };
  [one, other] = await Promise.all([startOwnServer(settings), startOwnServer(settings, { major: 18 })]);
  for (const name of ['dev', 'prod']) await one.query('postgres', `create database ${name}`);
  using project = createProject(files, undefined, { DEV_URL: one.url('dev'), PROD_URL: one.url('prod') });
  for (const name of ['dev', 'prod']) await project.run('up', '-e', name);
  lock = project.read('godwit.lock.json');
});

afterAll(async () => {
  await Promise.all([one[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);
});

/** The next transaction id of each server: reading takes none, every write takes one. */
async function nextIds(): Promise<readonly string[]> {
  return await Promise.all(
    [one, other].map(async (server) => {
      const [row] = await server.query<{ next: string }>(
        'postgres',
        'select pg_snapshot_xmax(pg_current_snapshot())::text as next',
      );
      return row?.next ?? '';
    }),
  );
}

async function stage(): Promise<Stage & Disposable> {
  const env: Record<string, string> = { DEV_URL: one.url('dev'), PROD_URL: one.url('prod') };
  const project = createProject({ ...files, ...pending, 'godwit.lock.json': lock }, undefined, env);
  return { project, env, one, other, fresh, [Symbol.dispose]: () => project[Symbol.dispose]() };
}

/**
 * Two projects' worth of databases that are easily mistaken for one another. Whatever is mixed up: the command is
 * refused with its code before any server has given out a single transaction id, that is before any write at all.
 */
describe('a wrong database is refused before the first write', () => {
  test('there are at least 40 ways to be wrong', () => {
    const count = Object.values(variants).reduce((sum, { with: kinds }) => sum + (kinds?.length ?? 1), 0);
    expect(Object.keys(variants).length).toBeGreaterThanOrEqual(40);
    expect(count).toBeGreaterThanOrEqual(80);
  });

  test.each(Object.entries(variants))('%s', async (_, variant) => {
    using scene = await stage();
    await variant.mix(scene);
    const { project, env } = scene;
    const reviewed = variant.mix.toString().includes('plan.json') ? ['--plan', 'plan.json'] : [];
    for (const command of variant.with ?? (['up'] as const)) {
      const as = variant.as ?? 'prod';
      const before = await nextIds();
      const ran = await project.runWith(env, ...commands[command], ...reviewed, '-e', as);
      const out = command === 'up --detach' && ran.exitCode === 0 ? await attached(project, env, ran.shown, as) : ran;
      expect([command, out.exitCode, out.err]).toEqual([
        command,
        variant.exit ?? 10,
        expect.stringContaining(`[${variant.code ?? 'wrong-database'}]`),
      ]);
      expect(out.err).toContain(variant.says ?? '');
      expect(await nextIds(), `${command} has written`).toEqual(before);
    }
  });

  test('the right one is changed all the same', async () => {
    using scene = await stage();
    const before = await nextIds();
    const ran = await scene.project.run('up', '-e', 'dev');
    expect(ran.exitCode, ran.shown).toBe(0);
    expect(await nextIds()).not.toEqual(before);
  });
});

async function attached(project: TestProject, env: Record<string, string>, text: string, as: string) {
  const run = /runs attach (\w+)/.exec(text)?.[1] ?? '';
  return await project.runWith(env, 'runs', 'attach', run, '-e', as);
}
