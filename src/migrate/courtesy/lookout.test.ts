import { expect, test } from 'vitest';
import type { RunEvent } from '../event.ts';
import { createLookout } from './lookout.ts';
import { defaultLockTerms } from './terms.ts';

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
