import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeHashing } from '../../src/adapters/files/hashing.ts';
import { createConnector } from '../../src/adapters/postgres/connector.ts';
import { readDatabaseUrl } from '../../src/adapters/url/database-url.ts';
import { verifyChains } from '../../src/migrate/runner/inspect/verify-chains.ts';
import { must } from '../faults/harness/workbench.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { createProject } from '../support/project.ts';

import { files, run, someHistory } from './some-history.ts';

let scene: TestDatabase;
beforeAll(async () => {
  scene = await createTestDatabase();
  using project = createProject(files, scene.url);
  await someHistory(project);
});
afterAll(async () => await scene[Symbol.asyncDispose]());

const rehashed = `with recursive e as (select *, row_number() over (order by n) as at from godwit.event where run = ${run(1)}),
made (at, n, previous, hash) as (
  select at, n, '', encode(sha256(convert_to(concat_ws(E'\\n', '', run, n, kind, body), 'UTF8')), 'hex') from e where at = 1
  union all select e.at, e.n, made.hash, encode(sha256(convert_to(concat_ws(E'\\n', made.hash, e.run, e.n, e.kind, e.body), 'UTF8')), 'hex')
  from made join e on e.at = made.at + 1)
update godwit.event v set previous = made.previous, hash = made.hash from made where v.run = ${run(1)} and v.n = made.n`;

test.each<[string, string | readonly string[], string | RegExp]>([
  ['another author', `update godwit.run set by_whom = 'eve' where n = 1`, /by_whom is "eve" and was "/],
  ['another place', `update godwit.run set from_where = 'home' where n = 1`, 'from_where is "home"'],
  ['another commit', `update godwit.run set git_commit = 'abc' where n = 3`, 'git_commit is "abc"'],
  ['another login', `update godwit.run set login = 'eve' where n = 3`, 'login is "eve"'],
  ['another start', `update godwit.run set started_at = started_at - interval '1 us' where n = 1`, 'started_at is'],
  ['another end', `update godwit.run set finished_at = finished_at + interval '1 s' where n = 1`, 'finished_at is'],
  [
    'another outcome',
    `update godwit.run set outcome = 'done', exit_code = 0 where n = 2`,
    'outcome is "done" and was "failed"',
  ],
  ['another failure', `update godwit.run set failure = '' where n = 2`, 'failure'],
  [
    'other words of a command',
    `update godwit.run set about = replace(about, 'true', 'false') where command = 'exec'`,
    'about',
  ],
  [
    'another time of a migration',
    `update godwit.migration set at = at + interval '1 us' where seq = 2`,
    'migration 2 (number 2): at is',
  ],
  [
    'another file',
    `update godwit.migration set file = 'x.sql' where seq = 2`,
    'migration 2 (number 2): file is "x.sql"',
  ],
  ['another set', `update godwit.migration set set = 'x' where seq = 2`, 'migration 2 (number 2): set is "x"'],
  ['another duration', `update godwit.migration set ms = 1 where seq = 2`, 'migration 2 (number 2): ms is'],
  [
    'another checksum',
    `update godwit.migration set checksum = 'x' where seq = 2`,
    'migration 2 (number 2): kind, id, checksum or head',
  ],
  [
    'another head of a row',
    `update godwit.migration set head = 'x' where seq = 2`,
    'migration 2 (number 2): kind, id, checksum or head',
  ],
  ['another head of the guard', `update godwit.guard set head = 'x'`, 'the head of the history'],
  ['another length', `update godwit.guard set seq = 4`, 'the guard counts 4 migrations'],
  ['a shorter length', `update godwit.guard set seq = 2`, 'the guard counts 2 migrations'],
  [
    'another kind of statement',
    `update godwit.statement set tag = 'DROP TABLE' where seq = 1 and ordinal = 0`,
    'migration 1 (number 1): its statements',
  ],
  [
    'another line',
    `update godwit.statement set line = 7 where seq = 1 and ordinal = 1`,
    'migration 1 (number 1): its statements',
  ],
  [
    'a missing statement',
    `delete from godwit.statement where seq = 1 and ordinal = 1`,
    'migration 1 (number 1): its statements',
  ],
  ['all statements missing', `delete from godwit.statement where seq = 1`, 'migration 1 (number 1): its statements'],
  ['a statement of no migration', `update godwit.statement set seq = 9 where seq = 1`, 'number 9'],
  [
    'other words of the baseline',
    `update godwit.object set words = '{forged}' where kind = 'column' and name = 'public.a.name'`,
    'baseline of column public.a.name: its definition',
  ],
  [
    'another writer in the baseline',
    `update godwit.object set seq = 2 where name = 'public.a_name'`,
    'baseline of index public.a_name: its definition or its author',
  ],
  [
    'a missing row of the baseline',
    `delete from godwit.object where name = 'public.a_name'`,
    'baseline of index public.a_name: its row was removed',
  ],
  [
    'an added row of the baseline',
    `insert into godwit.object (class, oid, kind, name, home_class, home, words) values (1, 1, 'table', 'public.x', 1, 1, '{}')`,
    'baseline of table public.x: its row was added',
  ],
  [
    'other former words',
    `update godwit.former_object set words = '{forged}' where name = 'public.b'`,
    'former definitions (godwit.former_object)',
  ],
  [
    'missing former words',
    `delete from godwit.former_object where name = 'public.b'`,
    'former definitions (godwit.former_object)',
  ],
  [
    'added former words',
    `insert into godwit.former_object (change, class, oid, sub, kind, name, home_class, home, words) values ('dropped', 1, 1, 0, 'table', 'public.x', 1, 1, '{}')`,
    'has 1 rows that no run has written',
  ],
  ['a missing newest run', `delete from godwit.run where n = 4`, 'the newest run, number 4, has lost its row'],
  [
    'a newest run missing with its events',
    [`delete from godwit.event where run = ${run(4)}`, `delete from godwit.run where n = 4`],
    'the newest run, number 4, has lost its row',
  ],
  [
    'a newest run missing, and the count set back',
    [
      `delete from godwit.event where run = ${run(4)}`,
      `delete from godwit.run where n = 4`,
      'update godwit.epoch set runs = 3',
    ],
    'the ids of runs, or their order',
  ],
  [
    'newest runs missing with their migrations',
    [
      `delete from godwit.event where run in (${run(3)}, ${run(4)})`,
      'delete from godwit.migration where seq = 3',
      'delete from godwit.run where n > 2',
    ],
    /the newest runs, number 3 to 4, have lost their rows(.|\n)*the newest, from number 3 on, have lost their rows/,
  ],
  [
    'a middle run missing',
    `delete from godwit.run where n = 2`,
    /run number 2 has lost its row(.|\n)*what remains of it: \d+ events/,
  ],
  [
    'a middle migration missing',
    [`delete from godwit.migration where seq = 2`],
    /migration number 2 has lost its row(.|\n)*migration 2 \(number 2\) has lost its row/,
  ],
  [
    'an added run',
    `insert into godwit.run (run, command, by_whom, from_where, git_commit, tool, plan_hash) values ('0X', 'up', '', '', '', '', '')`,
    'Run 0X: its row was added',
  ],
  ['events cut off', `delete from godwit.event where run = ${run(1)} and n > 4`, 'events were written, 4 exist'],
  [
    'all events cut off, and the row with them',
    [`delete from godwit.event where run = ${run(3)}`, `update godwit.run set events = 0, event_head = '' where n = 3`],
    'Run',
  ],
  [
    'an edited event with new hashes',
    [`update godwit.event set body = replace(body, '"by"', '"bye"') where n = 1 and run = ${run(1)}`, rehashed],
    'the head of the chain was changed',
  ],
])('verify-chain finds %s, and names it', async (_, damage, found) => {
  const session = must(
    await createConnector(must(readDatabaseUrl(scene.url, 'the test', { user: 'postgres' })).address).open({
      pipelined: false,
      applicationName: 'forger',
      settings: {},
    }),
  );
  const told = async (): Promise<string> => {
    const whys: string[] = [];
    // In the forger's own transaction, which is rolled back.
    await verifyChains(
      { ...session, carriesSettings: true },
      {
        hashing: nodeHashing,
        emit: (event) => {
          if (event.kind === 'finding') whys.push(event.finding.why);
        },
      },
      '',
    );
    return whys.join('\n');
  };
  expect(await told()).toBe('');
  await session.send('begin; set local session_replication_role = replica');
  for (const text of [damage].flat()) expect((await session.send(text)).ok).toBe(true);
  expect(await told()).toMatch(found);
  await session.send('rollback');
  await session.close();
});
