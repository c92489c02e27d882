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
  ).toEqual(wrong);
  expect(events).toEqual([]);
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
