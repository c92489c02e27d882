import { expect, test } from 'vitest';
import { catalogue, type FaultCode } from '../../kit/catalogue/index.ts';
import { fault } from '../../kit/fault.ts';
import { createRedactor } from '../../kit/redact.ts';
import type { RunEvent } from '../../migrate/contract/event.ts';
import type { PlanStep } from '../../migrate/contract/model.ts';
import type { Io } from '../io.ts';
import { planLines } from './plan.ts';
import { createScreen } from './screen.ts';

function screenOf(columns: number, more: Partial<Io> = {}) {
  const written = { out: '', err: '' };
  const io: Io = {
    cwd: '/',
    // No live line: what was written stays.
    env: { CI: 'true', NO_COLOR: '1' },
    out: (text) => (written.out += text),
    err: (text) => (written.err += text),
    terminal: true,
    interactive: false,
    columns: () => columns,
    ask: () => Promise.resolve(undefined),
    input: () => Promise.resolve(''),
    ...more,
  };
  const readLine = () => 'create index orders_by_day on orders (customer, day) where not cancelled and total > 1000;';
  const screen = createScreen({ io, json: false, noColor: false, redactor: createRedactor(), readLine });
  return { screen, written };
}

/** Lines that do not fit although they could be broken: they hold more than one word, path or command. */
function tooWide(text: string, columns: number): readonly string[] {
  const wide = text.split('\n').filter((line) => Array.from(line).length > columns);
  const alone = /^ *(?:[→✘!i•] )?(?:`[^`]+`\S*|\S+)$|^ +(?:npx )?godwit [^.]+$/;
  return wide.filter((line) => !alone.test(line));
}

const name = 'index_orders_by_customer_and_day_because_the_monthly_report_reads_them_so';
const where = { file: 'migrations/0003_index_orders.sql', line: 2, column: 44 };
const step: PlanStep = {
  id: '3',
  name,
  file: where.file,
  direction: 'up',
  checksum: '',
  mode: 'transaction',
  statements: 2,
  does: [
    { tag: 'CREATE INDEX', count: 2 },
    { tag: 'ALTER TABLE', count: 12 },
  ],
  destroys: [{ what: 'drops table old_orders', where }],
};
const run = '01M8JNWWABCDEFGHJKMNPQRSTV';
const events: readonly RunEvent[] = [
  { kind: 'target', environment: 'dev', server: '', host: '10.1.2.3', port: 5432, database: 'shop', user: 'deploy' },
  { kind: 'waiting', holder: `godwit ${run} (user deploy from 10.1.2.9, pid 12, since 2026-05-04 09:30:00 UTC)` },
  { kind: 'plan', plan: { hash: 'a'.repeat(64), environment: '', head: '', steps: [step] } },
  {
    kind: 'lock.retry',
    id: '3',
    cause: 'timeout',
    attempt: 2,
    pauseMs: 604,
    spentMs: 1400,
    budgetMs: 300_000,
    blockers: [
      { pid: 97, application: 'reports', user: 'ann', state: 'active', transactionMs: 250_000, query: 'select 1' },
    ],
  },
  { kind: 'migration.applied', id: '3', name, direction: 'up', how: 'executed', ms: 12.4, statements: 2 },
  { kind: 'notice', severity: 'NOTICE', text: 'index "orders_by_day" does not exist, skipping it now' },
  {
    kind: 'checks',
    checks: [
      {
        kind: 'drift',
        object: 'public.orders_by_day',
        ok: false,
        severity: 'error',
        expected: 'CREATE INDEX orders_by_day ON public.orders USING btree (customer, day)',
        actual: 'missing',
        where,
        migration: '3',
      },
    ],
  },
  { kind: 'run.finished', run, outcome: 'verification-failed', exitCode: 50, events: 8, ms: 1234 },
];

test('at every width from 40 to 200 columns the story of a run fits', () => {
  for (let columns = 40; columns <= 200; columns += 1) {
    const { screen, written } = screenOf(columns);
    for (const event of events) screen.event(event);
    screen.answer(...planLines({ hash: 'a'.repeat(64), environment: '', head: '', steps: [step, step] }, screen.style));
    screen.finding(fault('statement-failed', { why: 'relation "custmers" does not exist', where }));
    expect(tooWide(written.err + written.out, columns), `${columns} columns`).toEqual([]);
    expect(written.err).toMatch(/ · run 01M8JNWWABCD\n|\n *·? ?run 01M8JNWWABCD\n|run\n *01M8JNWWABCD\n/);
  }
});

test.each([40, 57, 80, 120])('every fault of the catalogue fits into %i columns', (columns) => {
  const codes = Object.keys(catalogue) as readonly FaultCode[];
  const { screen, written } = screenOf(columns);
  for (const code of codes) screen.finding(fault(code, { where }));
  expect(tooWide(written.err, columns)).toEqual([]);
});

test('a terminal that does not know its width has 80 columns; a pipe and a file get every line whole', () => {
  const long = 'word '.repeat(40).trim();
  const unknown = screenOf(0);
  unknown.screen.say(long);
  expect(unknown.written.err.split('\n')[0]).toHaveLength(79);
  const piped = screenOf(80, { outTerminal: false });
  piped.screen.say(long);
  piped.screen.answer(long);
  expect([piped.written.err.split('\n').length, piped.written.out]).toEqual([4, `${long}\n`]);
});

test('each stream has the colours of its own reader', () => {
  const env = { TERM: 'xterm' };
  const grep = screenOf(80, { env, outTerminal: false });
  grep.screen.answer(grep.screen.style.green('✔ 1 a'));
  grep.screen.say(grep.screen.style.green('✔ 1 a'));
  expect(grep.written).toEqual({ out: '✔ 1 a\n', err: '\u001b[32m✔ 1 a\u001b[39m\n' });
  const log = screenOf(80, { env, outTerminal: true, terminal: false });
  log.screen.answer(log.screen.style.green('✔ 1 a'));
  log.screen.say(log.screen.style.green('✔ 1 a'));
  expect(log.written).toEqual({ out: '\u001b[32m✔ 1 a\u001b[39m\n', err: '✔ 1 a\n' });
});

test('a lock that others hold, as a terminal of 80 columns shows it', () => {
  const { screen, written } = screenOf(80);
  screen.event(events[3] as RunEvent);
  screen.finding(
    fault('lock-timeout', {
      where: { file: 'migrations/0003_index_orders.sql', line: 2, column: 1 },
      why: `ALTER TABLE: canceling statement due to lock timeout (SQLSTATE 55P03). In the way: application “reports” (user ann, pid 97).`,
    }),
  );
  expect(written.err).toMatchInlineSnapshot(`
    "    3  no lock in time, try 2 in 604 ms, 1 s of 5 min spent; in the way:
        application “reports” (user ann, pid 97, active for 4 min: select 1)

    ✘ Timed out waiting for a lock [lock-timeout]
      migrations/0003_index_orders.sql:2:1
      2 │ create index orders_by_day on orders (customer, day) where not cancelled a
        │ ^
      ALTER TABLE: canceling statement due to lock timeout (SQLSTATE 55P03). In the
      way: application “reports” (user ann, pid 97).
      → Run the same command again when the named session has finished, or end that
        session with \`select pg_terminate_backend(PID)\`. \`--lock-budget 30min\` keeps
        trying for longer without blocking others; \`-- godwit: lock-timeout=5s\` in
        the file makes each attempt wait longer, and the sessions queued behind it
        too.
    "
  `);
});
