import { expect } from 'vitest';
import { startAnswering } from '../support/answering.ts';
import { until } from '../support/child.ts';
import { createMachine } from '../support/machine.ts';
import { createProject } from '../support/project.ts';
import { startRelay, type Relay } from '../support/relay.ts';
import { test } from '../support/test.ts';

const migrations = {
  'migrations/1_a.sql': 'create table a (id int primary key);',
  'migrations/1_a.down.sql': 'drop table a;',
};
const withoutVersion = { 'migrations/a.sql': 'select 1;' };

/** The names of the connections, without the ids of the runs. */
const namesOf = ({ connections }: Relay): readonly string[] =>
  connections.map(({ name }) => name.replace(/[0-9A-Z]{26}/, 'RUN')).sort();

test('the connection that was begun is the one that is used: no command opens another', async ({ database }) => {
  await using relay = await startRelay(database.url);
  using project = createProject(migrations, relay.url);
  for (const [argv, control] of [
    [['status'], 0],
    [['plan'], 0],
    [['up', '--dry-run'], 0],
    [['up'], 1],
    [['up'], 0],
    [['verify'], 0],
    [['runs', 'list'], 0],
    [['down'], 1],
    [['status', '--file', 'migrations/1_a.sql'], 0],
  ] as const) {
    const before = relay.connections.length;
    const ran = await project.run(...argv);
    expect([argv, ran.exitCode, ran.err]).toEqual([argv, 0, expect.not.stringContaining('✘')]);
    const names = namesOf({ ...relay, connections: relay.connections.slice(before) });
    expect([argv, names]).toEqual([argv, ['godwit RUN', ...Array<string>(control).fill('godwit RUN control')]]);
  }
  await until('each has said goodbye', () => relay.connections.every(({ goodbye, ended }) => goodbye && ended));
});

test('what is asked at the start is asked once, in the order of the runner', async ({ database }) => {
  await using relay = await startRelay(database.url);
  using project = createProject(migrations, relay.url);
  await project.run('up');
  await project.run('status');
  const [status] = relay.connections.slice(-1);
  const messages = status?.messages ?? [];
  expect(new Set(messages).size).toBe(messages.length);
  expect(messages.slice(0, 2)).toEqual([
    expect.stringContaining('server_version_num'),
    expect.stringMatching(/^set transaction isolation level repeatable read, read only/),
  ]);
});

test('`status` asks once, and for the statements of applied files only where a file differs', async ({ database }) => {
  await using relay = await startRelay(database.url);
  using project = createProject(migrations, relay.url);
  await project.run('up');
  const asked = async (): Promise<readonly string[]> => {
    const before = relay.connections.length;
    const ran = await project.run('status', '--json');
    expect(ran.json[0]).toMatchObject({ pending: 0, migrations: [{ id: '1', state: 'applied' }] });
    return relay.connections.slice(before).flatMap(({ messages }) => messages);
  };
  const aboutStatements = /group by seq/;
  const unchanged = await asked();
  expect(unchanged).toHaveLength(6);
  expect(unchanged.filter((text) => aboutStatements.test(text))).toEqual([]);
  project.write('migrations/1_a.sql', '-- a comment\ncreate table a (id int primary key);');
  const changed = await asked();
  expect(changed.filter((text) => aboutStatements.test(text))).not.toEqual([]);
});

test('a run that changes something reads the history under the run lock', async ({ database }) => {
  await using relay = await startRelay(database.url);
  using project = createProject(migrations, relay.url);
  await project.run('up');
  const messages = relay.connections.find(({ name }) => !name.endsWith('control'))?.messages ?? [];
  const at = (words: string): number => messages.findIndex((text) => text.includes(words));
  expect(at('pg_try_advisory_lock')).toBeGreaterThan(at('server_version_num'));
  expect(at('from godwit.guard')).toBeGreaterThan(at('pg_try_advisory_lock'));
});

test('a bad folder is told first, whatever became of the connection, which is left (`migration-no-version`)', async ({
  database,
}) => {
  await using relay = await startRelay(database.url);
  const unreachable = 'postgresql://app:secret@127.0.0.1:1/app?sslmode=disable';
  const wrong = new URL(relay.url);
  wrong.password = 'wrong';
  for (const url of [relay.url, wrong.href, unreachable]) {
    using project = createProject(withoutVersion, url);
    for (const verb of ['status', 'plan', 'verify', 'up']) {
      const ran = await project.run(verb);
      expect([verb, ran.exitCode]).toEqual([verb, 10]);
      expect(ran.err.match(/\[[a-z-]+\]/g)).toEqual(['[migration-no-version]']);
    }
  }
  await until('no connection is left', () => relay.connections.every(({ ended }) => ended));
});

test('a connection that is not needed does not delay the end, even if nobody answers it', async () => {
  await using silent = await startAnswering({ closes: false });
  using machine = createMachine(withoutVersion, { DATABASE_URL: silent.url('sslmode=disable') });
  const { exitCode, err } = await machine.start('status').ended;
  expect([exitCode, err]).toEqual([10, expect.stringContaining('[migration-no-version]')]);
  expect(err).not.toContain('timeout');
});

test('a refused login is tried once', async ({ database }) => {
  await using relay = await startRelay(database.url);
  const wrong = new URL(relay.url);
  wrong.password = 'wrong';
  using project = createProject(migrations, wrong.href);
  for (const verb of ['status', 'plan', 'verify', 'up']) {
    const before = relay.connections.length;
    const ran = await project.run(verb);
    expect([verb, ran.exitCode, ran.err]).toEqual([verb, 30, expect.stringContaining('[password-refused]')]);
    expect(relay.connections.length - before).toBe(1);
  }
});

test('a role that may have one connection reads as ever', async ({ database }) => {
  const role = `once_${database.name}`;
  await database.query(`create role ${role} login password 'one' connection limit 1`);
  const url = new URL(database.url);
  [url.username, url.password] = [role, 'one'];
  using project = createProject(migrations, url.href);
  // In one process, as for a caller of the library: each waits until the server has ended the session before it.
  for (let round = 0; round < 10; round += 1)
    for (const verb of ['status', 'plan', 'verify']) expect((await project.run(verb)).exitCode).toBe(0);
  await database.query(`drop role ${role}`);
});

test('commands that need no database, and wrong ones, connect to nothing', async ({ database }) => {
  await using relay = await startRelay(database.url);
  using project = createProject(migrations, relay.url);
  for (const argv of [['check'], ['new', 'b'], ['explain', 'godwit'], ['up', '--to'], ['status', '--nothing']])
    await project.run(...argv);
  expect(relay.connections).toEqual([]);
});
