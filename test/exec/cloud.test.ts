import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildCloud, type Cloud } from '../support/cloud.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createMachine, type Machine } from '../support/machine.ts';

let cloud: Cloud;
beforeAll(async () => {
  cloud = await buildCloud();
});
afterAll(async () => await cloud[Symbol.asyncDispose]());

const slow = { timeout: 120_000 };
const migration = { 'migrations/1_a.sql': 'create table a (id int primary key);' };

let count = 0;

/** A machine with a project whose environment `dev` is a database that only jobs can reach. */
function machineFor(database: TestDatabase, more: object = {}): Machine {
  const dev = cloud.environment('dev', database.url, { project: `acme-exec-${process.pid}-${(count += 1)}` });
  const config = JSON.stringify({ environments: { dev: { ...dev, ...more } } });
  return createMachine({ ...migration, 'godwit.config.json': config }, { ...cloud.env, GODWIT_LINES_PATIENCE: '2s' });
}

test('a command is executed in a job, its output comes back by stream, and no job is left', slow, async () => {
  await using database = await createTestDatabase();
  using machine = machineFor(database);
  const script = `
    console.log('out ' + process.env.GODWIT_ENVIRONMENT + ' ' + (process.env.DATABASE_URL !== undefined) + ' ' + process.env.GODWIT_TASK);
    process.stderr.write('err');
    process.stdout.write(Buffer.from([0, 255, 254]));
    process.exit(7);`;
  const ran = await machine.run('exec', '-e', 'dev', '--', process.execPath, '-e', script);
  expect(ran.exitCode, ran.err).toBe(40);
  expect(ran.out).toMatch(/^out dev true undefined\n/);
  expect(ran.err).toContain('ended with exit code 7');
  const [row] = await database.query('select command, outcome, exit_code, about from godwit.run');
  expect(row).toMatchObject({ command: 'exec', outcome: 'failed', exit_code: 40 });
  expect(cloud.leaked()).toEqual([]);
  const listed = await machine.run('runs', 'list', '-e', 'dev', '--fresh', '--json');
  expect(listed.json[0]).toMatchObject({ runs: [{ command: 'exec', about: { exitCode: 7 } }] });
});
