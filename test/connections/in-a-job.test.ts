import { afterAll, beforeAll, expect, test } from 'vitest';
import { fatal, startAnswering } from '../support/answering.ts';
import { buildCloud, type Cloud } from '../support/cloud.ts';
import { createTestDatabase } from '../support/database.ts';
import { createMachine, type Machine } from '../support/machine.ts';

let cloud: Cloud;
beforeAll(async () => {
  // Far longer than a single try needs, and short enough to be waited for.
  cloud = await buildCloud({ execution: { kind: 'process', env: { GODWIT_CONNECT_BUDGET: '3s' } } });
});
afterAll(async () => await cloud[Symbol.asyncDispose]());

let count = 0;
function machineFor(url: string): Machine {
  count += 1;
  const dev = cloud.environment('dev', url, { project: `acme-${process.pid}-${count}` });
  return createMachine(
    {
      'migrations/1_a.sql': 'create table a (id int primary key);',
      'godwit.config.json': JSON.stringify({ environments: { dev } }),
    },
    cloud.env,
  );
}

const slow = { timeout: 120_000 };

test('F06: a secret without a password ends the job at its first try', slow, async () => {
  await using database = await createTestDatabase();
  const url = new URL(database.url);
  url.password = '';
  using ann = machineFor(url.href);
  const up = await ann.run('up', '-e', 'dev');
  expect([up.exitCode, up.err]).toEqual([30, expect.stringContaining('[password-missing]')]);
  expect(up.err).toContain('Add a version to the secret');
  expect(up.err).not.toContain('Connecting: try');
});

test('F07: a job tries a login that a pooler refuses once (`password-refused`)', slow, async () => {
  await using pooler = await startAnswering({ reply: fatal('08P01', 'SASL authentication failed') });
  using ann = machineFor(pooler.url());
  const up = await ann.run('up', '-e', 'dev');
  expect([up.exitCode, up.err]).toEqual([30, expect.stringContaining('[password-refused]')]);
  expect(up.err).toContain('SASL authentication failed');
  expect(pooler.logins()).toBe(1);
});

test('F07: a job waits for a full pooler, tells each try, and in JSON too', slow, async () => {
  await using pooler = await startAnswering({ reply: fatal('XX000', 'Max client connections reached') });
  using ann = machineFor(pooler.url());
  const up = await ann.run('up', '-e', 'dev');
  expect([up.exitCode, up.err]).toEqual([30, expect.stringContaining('[too-many-connections]')]);
  expect(up.err).toMatch(/Connecting: try 1, .*Max client connections reached/);
  const told = await ann.run('up', '-e', 'dev', '--json');
  const tries = told.json.filter(({ kind }) => kind === 'connecting');
  expect(tries[0]).toMatchObject({ attempt: 1, why: expect.stringContaining('Max client connections reached') });
  const status = await ann.run('status', '-e', 'dev', '--fresh');
  expect(status.shown).toMatch(/Connecting: try 1, /);
});
