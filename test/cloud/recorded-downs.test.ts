import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { history } from '../rollback/applied.ts';
import { buildCloud, type Cloud } from '../support/cloud.ts';
import { createTestDatabase } from '../support/database.ts';
import { createMachine } from '../support/machine.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await buildCloud();
});
afterAll(async () => await cloud[Symbol.asyncDispose]());

const executed = (): number => cloud.emulator.calls.filter(({ method }) => method.endsWith('.CreateJob')).length;

const files = {
  'migrations/10_users.sql': 'create table users (id int primary key);',
  'migrations/20_orders.sql': 'create table orders (id int primary key);',
  'migrations/20_orders.down.sql': 'drop table orders;',
  'migrations/30_more.sql': 'create table more (id int primary key);',
  // Longer than a line of the log may be.
  'migrations/30_more.down.sql': `-- ${'ü'.repeat(50_000)}\ndrop table more;`,
};

test(
  'F7: a job tells the recorded text, it is analysed here, and a second job undoes by it',
  { timeout: 120_000 },
  async () => {
    await using database = await createTestDatabase();
    const dev = cloud.environment('dev', database.url, { project: `acme-rd-${process.pid}` });
    const config = { environments: { dev: { ...dev, ahead: 'refuse' } } };
    using ann = createMachine(
      { ...files, 'godwit.config.json': JSON.stringify(config) },
      { ...cloud.env, GODWIT_LINES_PATIENCE: '2s' },
    );
    const up = await ann.run('up', '-e', 'dev');
    expect(up.exitCode, up.err).toBe(0);
    for (const name of ['20_orders', '30_more']) {
      rmSync(join(ann.folder, 'migrations', `${name}.sql`));
      rmSync(join(ann.folder, 'migrations', `${name}.down.sql`));
    }
    // The policy travels with the task.
    const refused = await ann.run('up', '-e', 'dev');
    expect(refused.exitCode, refused.err).toBe(10);
    expect(refused.err).toContain('[database-ahead]');

    const before = executed();
    const planned = await ann.run('plan', '--down', '-e', 'dev');
    expect(planned.exitCode, planned.shown).toBe(0);
    expect(planned.shown).toContain('[down-recorded]');
    expect(executed()).toBe(before + 2);

    const down = await ann.run('down', '-e', 'dev');
    expect(down.exitCode, down.err).toBe(0);
    expect(down.err).toContain('[down-recorded]');
    expect(executed()).toBe(before + 4);
    expect(await history(database)).toEqual(['applied 10', 'applied 20', 'applied 30', 'reverted 30']);
    const json = await ann.run('down', '-e', 'dev', '--json');
    expect(json.exitCode, json.err).toBe(0);
    expect(json.json.filter(({ kind }) => kind === 'run.finished')).toMatchObject([{ outcome: 'done', exitCode: 0 }]);
    expect(cloud.leaked()).toEqual([]);
    const after = await ann.run('up', '-e', 'dev');
    expect(after.exitCode, after.err).toBe(0);
  },
);
