import { expect, test } from 'vitest';
import type { RunEvent } from '../../contract/event.ts';
import type { Session } from '../../contract/ports.ts';
import { createLookout } from './lock-monitor.ts';
import { defaultLockTerms } from '../../contract/lock-policy.ts';

test('a migration that is applied again, because the server has lost it in a crash, is told once', () => {
  const told: RunEvent[] = [];
  const lookout = createLookout({
    ports: {
      clock: () => 0,
      timer: () => () => {},
      sleep: () => Promise.resolve(),
      random: () => 0,
      signal: new AbortController().signal,
      emit: (event) => told.push(event),
    },
    look: () => Promise.resolve(undefined),
    ask: () => Promise.resolve(),
    terms: defaultLockTerms,
  });
  for (const id of ['1', '2', '2', '3'])
    lookout.emit({ kind: 'migration.applied', id, name: '', direction: 'up', how: 'executed', ms: 1, statements: 1 });
  expect(told.map((event) => (event.kind === 'migration.applied' ? event.id : ''))).toEqual(['1', '2', '3']);
  lookout.close();
});

test('a statement that steps back is known to have done so before the answer to its cancelling comes', async () => {
  const crowd: readonly (readonly string[])[] = [
    ['wait', '900', 'users', '', '', '', '', ''],
    ['behind', '11', '', '', '', '', '', ''],
  ];
  const known: boolean[] = [];
  let now = 0;
  const lookout = createLookout({
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
      known.push(lookout.steppedBack());
      return Promise.resolve([['t']]);
    },
    ask: () => Promise.resolve(),
    terms: defaultLockTerms,
  });
  const session = { pid: 1, waiting: 1, answered: 0, send: () => new Promise<never>(() => {}) };
  void lookout.over(session as unknown as Session).send('alter table users add column age int');
  while (known.length === 0) await new Promise((resolve) => setImmediate(resolve));
  lookout.close();
  expect(known[0]).toBe(true);
});
