import { expect, test } from 'vitest';
import type { RunEvent } from '../../contract/event.ts';
import type { Session } from '../../contract/ports.ts';
import { createLockMonitor } from './lock-monitor.ts';
import { defaultLockPolicy } from '../../contract/lock-policy.ts';

test('a migration that is applied again, because the server has lost it in a crash, is told once', () => {
  const reported: RunEvent[] = [];
  const monitor = createLockMonitor({
    ports: {
      clock: () => 0,
      timer: () => () => {},
      sleep: () => Promise.resolve(),
      random: () => 0,
      signal: new AbortController().signal,
      emit: (event) => reported.push(event),
    },
    look: () => Promise.resolve(undefined),
    ask: () => Promise.resolve(),
    policy: defaultLockPolicy,
  });
  for (const id of ['1', '2', '2', '3'])
    monitor.emit({ kind: 'migration.applied', id, name: '', direction: 'up', how: 'executed', ms: 1, statements: 1 });
  expect(reported.map((event) => (event.kind === 'migration.applied' ? event.id : ''))).toEqual(['1', '2', '3']);
  monitor.close();
});

test('a statement that steps back is known to have done so before the answer to its cancelling comes', async () => {
  const crowd: readonly (readonly string[])[] = [
    ['wait', '900', 'users', '', '', '', '', ''],
    ['behind', '11', '', '', '', '', '', ''],
  ];
  const known: boolean[] = [];
  let now = 0;
  const monitor = createLockMonitor({
    ports: {
      clock: () => (now += 1_000),
      timer: (_, then) => {
        const going = setImmediate(then);
        return () => clearImmediate(going);
      },
      sleep: () => Promise.resolve(),
      random: () => 0,
      signal: new AbortController().signal,
      emit: () => {},
    },
    look: (query) => {
      if (!query.includes('pg_cancel_backend')) return Promise.resolve(crowd);
      known.push(monitor.steppedBack());
      return Promise.resolve([['t']]);
    },
    ask: () => Promise.resolve(),
    policy: defaultLockPolicy,
  });
  const session = { pid: 1, waiting: 1, answered: 0, send: () => new Promise<never>(() => {}) };
  void monitor.over(session as unknown as Session).send('alter table users add column age int');
  while (known.length === 0) await new Promise((resolve) => setImmediate(resolve));
  monitor.close();
  expect(known[0]).toBe(true);
});
