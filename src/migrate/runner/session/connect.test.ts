import { expect, test } from 'vitest';
import { fault } from '../../../kit/fault.ts';
import { err, ok, type Outcome } from '../../../kit/outcome.ts';
import type { RunEvent } from '../../contract/event.ts';
import type { RunnerPorts } from '../../contract/runner-ports.ts';
import { connectPatiently } from './connect.ts';

/** Ports whose clock moves only by sleeping and by tries. */
function ports(connectBudgetMs?: number) {
  let now = 0;
  const events: RunEvent[] = [];
  const part = {
    clock: () => now,
    sleep: (ms: number) => {
      now += ms;
      return Promise.resolve();
    },
    emit: (event: RunEvent) => events.push(event),
    signal: new AbortController().signal,
    ...(connectBudgetMs === undefined ? {} : { connectBudgetMs }),
  } as unknown as RunnerPorts;
  const taking = (ms: number, result: () => Outcome<string>) => () => {
    now += ms;
    return Promise.resolve(result());
  };
  return { part, events, taking, clock: () => now };
}

const silence = err(fault('connection-timeout', { why: '10.1.2.3:5432: timeout expired' }));
const noRoute = err(fault('no-route', { why: '10.1.2.3:5432: connect ENETUNREACH 10.1.2.3:5432' }));
const refused = err(fault('connection-refused', { why: '10.1.2.3:5432: connect ECONNREFUSED 10.1.2.3:5432' }));

test('a network that comes up late is waited for, and each try is told', async () => {
  const { part, events, taking, clock } = ports(120_000);
  const open = taking(5_000, () => (clock() < 40_000 ? noRoute : ok('session')));
  expect(await connectPatiently(part, open)).toEqual(ok('session'));
  expect(events.length).toBeGreaterThan(3);
  expect(events[0]).toEqual({
    kind: 'connecting',
    attempt: 1,
    waitedMs: 5_000,
    budgetMs: 120_000,
    why: '10.1.2.3:5432: connect ENETUNREACH 10.1.2.3:5432',
  });
});

test.each([
  ['packets that are dropped', silence, 'connection-timeout', /firewall/],
  ['a missing route', noRoute, 'no-route', /VPC connector/],
  ['a rule that says no', err(fault('network-prohibited', { why: 'EACCES' })), 'network-prohibited', /network tag/],
  ['a port where nothing listens', refused, 'connection-refused', /start the instance/],
  ['an unknown name', err(fault('host-not-found', { why: 'db: ENOTFOUND' })), 'host-not-found', /private IP/],
])('%s ends, after the budget, with what to check (`host-not-found`)', async (_, failure, code, fix) => {
  const { part, taking, clock } = ports(120_000);
  const result = await connectPatiently(
    part,
    taking(500, () => failure),
  );
  if (result.ok) throw new Error('it connected');
  expect(result.findings[0]).toMatchObject({ code, fix: expect.stringMatching(fix) as unknown });
  expect(result.findings[0]?.why).toMatch(/No connection after \d+ attempts in \d+ s/);
  expect(clock()).toBeLessThan(121_000);
  expect(clock()).toBeGreaterThan(code === 'connection-refused' ? 20_000 : 100_000);
});

test('causes that change are told together (`database-unreachable`)', async () => {
  const { part, taking, clock } = ports(120_000);
  const result = await connectPatiently(
    part,
    taking(500, () => (clock() < 60_000 ? noRoute : silence)),
  );
  expect(result).toMatchObject({ ok: false, findings: [{ code: 'database-unreachable' }] });
});

test('what waiting does not cure is told at once', async () => {
  const { part, events, taking } = ports(120_000);
  const wrong = err(fault('password-refused'));
  expect(
    await connectPatiently(
      part,
      taking(5, () => wrong),
    ),
  ).toMatchObject({ ok: false, findings: [{ code: 'password-refused' }] });
  expect(events).toEqual([]);
});

test.each([
  ['a full server', 'too-many-connections', 100_000],
  ['a server that starts', 'server-starting', 100_000],
  ['a pooler without its server', 'pooler-without-server', 20_000],
  ['a port that closes at once', 'connection-closed', 20_000],
] as const)('F07: %s is waited for, and keeps its code and its words (`%s`)', async (_, code, atLeast) => {
  const { part, events, taking, clock } = ports(120_000);
  const result = await connectPatiently(
    part,
    taking(50, () => err(fault(code, { why: 'its own words' }))),
  );
  expect(result).toMatchObject({ ok: false, findings: [{ code, why: expect.stringContaining('its own words') }] });
  expect(events.length).toBeGreaterThan(3);
  expect(clock()).toBeGreaterThan(atLeast);
  expect(clock()).toBeLessThan(code === 'connection-closed' || code === 'pooler-without-server' ? 31_000 : 121_000);
});

test('F07: a server that answers at last is not called unreachable', async () => {
  const { part, taking, clock } = ports(120_000);
  const starting = err(fault('server-starting', { why: 'the database system is starting up' }));
  const result = await connectPatiently(
    part,
    taking(500, () => (clock() < 20_000 ? refused : starting)),
  );
  expect(result).toMatchObject({ ok: false, findings: [{ code: 'server-starting' }] });
});

test.each(['password-refused', 'password-missing', 'login-refused', 'tls-refused', 'not-postgresql'] as const)(
  'F07: %s ends at once in a job, with a cure that a job can use',
  async (code) => {
    const { part, events, taking } = ports(120_000);
    const result = await connectPatiently(
      part,
      taking(5, () => err(fault(code, { why: 'x' }))),
    );
    if (result.ok) throw new Error('it connected');
    expect(result.findings[0]?.code).toBe(code);
    expect(result.findings[0]?.fix).toContain('secret');
    expect(result.findings[0]?.fix).not.toContain('FILE');
    expect(events).toEqual([]);
  },
);

test('a silence that is no firewall keeps its own cure in a job', async () => {
  const { part, taking } = ports(120_000);
  const quiet = err(fault('connection-timeout', { why: 'nothing was answered', fix: 'The network is right.' }));
  const result = await connectPatiently(
    part,
    taking(5_000, () => quiet),
  );
  expect(result).toMatchObject({ ok: false, findings: [{ fix: 'The network is right.' }] });
});

test('without a budget there is one try', async () => {
  const { part, events, taking } = ports();
  expect(
    await connectPatiently(
      part,
      taking(5, () => silence),
    ),
  ).toEqual(silence);
  expect(events).toEqual([]);
});
