import { expect, test } from 'vitest';
import { createRedactor } from '../../kit/redact.ts';
import type { Blocker } from '../../migrate/contract/blocker.ts';
import type { RunEvent } from '../../migrate/contract/event.ts';
import type { Screen } from './screen-port.ts';
import { createScreen } from './screen.ts';

const report: Blocker = {
  pid: 9709,
  application: 'reports',
  user: 'ann',
  state: 'idle in transaction',
  transactionMs: 250_000,
  query: 'select count(*) from users where email = ?',
};
const unseen: Blocker = {
  pid: 12,
  application: '',
  user: 'bob',
  state: '',
  transactionMs: null,
  query: '<insufficient privilege>',
};

function screenOf(terminal: boolean): { readonly screen: Screen; readonly read: () => string } {
  let err = '';
  const io = {
    cwd: '/',
    env: {},
    out: () => {},
    err: (text: string) => void (err += text),
    terminal,
    interactive: false,
    columns: () => 60,
    ask: () => Promise.resolve(undefined),
    input: () => Promise.resolve(''),
  };
  const screen = createScreen({
    io,
    json: false,
    noColor: true,
    redactor: createRedactor(),
    readLine: () => undefined,
  });
  return { screen, read: () => err };
}

const retry = (attempt: number, blockers: readonly Blocker[]): RunEvent => ({
  kind: 'lock.retry',
  id: '2',
  cause: 'timeout',
  attempt,
  pauseMs: 604,
  spentMs: 1400,
  budgetMs: 300_000,
  blockers,
});
const build = (phase: string, percent: number, leftMs: number | null): RunEvent => ({
  kind: 'build.progress',
  id: '3',
  command: 'CREATE INDEX CONCURRENTLY',
  object: 'users_email',
  phase,
  percent,
  leftMs,
});

test('a log gets a line for each try, and for each tenth of a build', () => {
  const { screen, read } = screenOf(false);
  const events: readonly RunEvent[] = [
    retry(2, []),
    retry(3, [report, unseen]),
    { kind: 'lock.blocked', id: '3', waitedMs: 61_000, blockers: [unseen], waiters: 4 },
    build('building index: scanning table', 11, null),
    build('building index: scanning table', 14, 60_000),
    build('building index: scanning table', 20, 200_000),
    build('waiting for old snapshots', 98, 400),
  ];
  for (const event of events) screen.event(event);
  expect(read()).toMatchInlineSnapshot(`
    "    2  no lock in time, try 2 in 604 ms, 1 s of 5 min spent
        2  no lock in time, try 3 in 604 ms, 1 s of 5 min spent; in the way: application “reports” (user ann, pid 9709, idle in transaction for 4 min: select count(*) from users where email = ?) and 1 more
        3  has waited for a lock for 61 s; in the way: a session (user bob, pid 12); 4 waiting behind it
        3  11 % · CREATE INDEX CONCURRENTLY users_email: building index: scanning table
        3  20 %, about 3 min left · CREATE INDEX CONCURRENTLY users_email: building index: scanning table
        3  98 % · CREATE INDEX CONCURRENTLY users_email: waiting for old snapshots
    "
  `);
});

test('a terminal shows it on one line that is replaced', () => {
  const { screen, read } = screenOf(true);
  screen.event(retry(3, [report]));
  expect(read()).toContain('2 · try 3 in 604 ms · no lock in time; in the way:');
  expect(read()).not.toContain('\n');
  screen.settle();
});
